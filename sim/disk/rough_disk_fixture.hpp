#pragma once
// For tests: a disk whose operations take a while, each another one, and of which each unsynced
// part survives a loss of power or not by a coin.

#include "sim/disk/policy.hpp"
#include "system/host/random.hpp"

namespace atlas::sim::disk {

class RoughDisk final : public DiskPolicy {
  public:
    explicit RoughDisk(std::uint64_t seed, host::Duration longest = std::chrono::microseconds(10))
        : random_(seed), longest_(longest) {}

    Decision decide(const Operation& operation) override {
        const bool is_sync = operation.kind == OperationKind::sync;
        const host::Duration least = std::chrono::microseconds(10);
        const host::Duration most = is_sync ? std::chrono::milliseconds(2) : longest_;
        return {.latency = random_.between(least, most)};
    }
    bool survives(const Loss&, const UnsyncedPart&) override { return random_.chance(1, 2); }
    void completed(const Operation&, const Outcome&) override {}

  private:
    host::RandomSource random_;
    /// Of all but syncs.
    host::Duration longest_;
};

}  // namespace atlas::sim::disk

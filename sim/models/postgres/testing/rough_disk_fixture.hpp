#pragma once
// For tests: a disk whose operations take a while, each another one, and of which each unsynced
// part survives a loss of power or not by a coin.

#include "sim/disk/policy.hpp"
#include "system/host/random.hpp"

namespace atlas::sim::models::postgres::testing {

class RoughDisk final : public disk::DiskPolicy {
  public:
    explicit RoughDisk(std::uint64_t seed, host::Duration longest = std::chrono::microseconds(10))
        : random_(seed), longest_(longest) {}

    disk::Decision decide(const disk::Operation& operation) override {
        const bool is_sync = operation.kind == disk::OperationKind::sync;
        const host::Duration least = std::chrono::microseconds(10);
        const host::Duration most = is_sync ? std::chrono::milliseconds(2) : longest_;
        return {.latency = random_.between(least, most)};
    }
    bool survives(const disk::Loss&, const disk::UnsyncedPart&) override {
        return random_.chance(1, 2);
    }
    void completed(const disk::Operation&, const disk::Outcome&) override {}

  private:
    host::RandomSource random_;
    /// Of all but syncs.
    host::Duration longest_;
};

}  // namespace atlas::sim::models::postgres::testing

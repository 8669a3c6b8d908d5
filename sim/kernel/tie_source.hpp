#pragma once
// What orders two events of one instant: a random number for each event, from a source of the one
// who schedules it. Each process, machine and planned fault has a source of its own, so that one
// more event there does not reshuffle the events of all others.

#include <cstdint>
#include <string_view>

#include "sim/kernel/seed.hpp"
#include "system/host/random.hpp"

namespace atlas::sim::kernel {

class TieSource {
  public:
    /// `scheduler` is what schedules ("process", "network"), `name` which one of those.
    TieSource(const Seed& seed, std::string_view scheduler, std::string_view name)
        : key_(seed.derive({"tie", scheduler, name}).next()) {}

    /// Depends on the seed, the two names and how many were drawn before; on nothing else.
    std::uint64_t next() { return host::mix(key_ + drawn_++); }

  private:
    std::uint64_t key_;
    std::uint64_t drawn_ = 0;
};

}  // namespace atlas::sim::kernel

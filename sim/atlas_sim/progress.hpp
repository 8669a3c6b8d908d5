#pragma once
// Lets virtual time pass, and says why when it cannot: somebody never lets it, or all wait for one
// another.

#include <functional>
#include <string>

#include "sim/kernel/kernel.hpp"
#include "system/host/time.hpp"

namespace atlas::sim::atlas_sim {

struct Wait {
    host::TimePoint until;
    /// What is waited for; it ends the wait early. Only where something is waited for can there be
    /// a deadlock.
    std::function<bool()> until_done = {};
    std::function<void()> every_second = {};
};

/// Empty when the wait came to its end; else why not, with what each process does, for people.
std::string let_time_pass(kernel::Kernel& kernel, const Wait& wait);

}  // namespace atlas::sim::atlas_sim

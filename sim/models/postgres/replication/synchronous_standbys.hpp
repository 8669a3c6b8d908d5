#pragma once
// synchronous_standby_names: which followers a commit waits for, and how far those are.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/models/postgres/failure.hpp"

namespace atlas::sim::models::postgres {

struct SynchronousStandbys {
    /// All of the first `count` in the list, or any `count` of those in it.
    bool any = false;
    std::uint32_t count = 0;  ///< 0: no commit waits.
    std::vector<std::string> names = {};

    bool is_empty() const { return count == 0; }
    /// From 1, the place of the name in the list; with ANY always 1. 0 if it is not in it.
    std::uint32_t priority(std::string_view application_name) const;
};

/// "FIRST 2 (a, b)", "ANY 1 (*)", "2 (a, b)", "a, b". Errors: 42601, 22023.
Checked<SynchronousStandbys> parse_synchronous_standbys(std::string_view text);

/// How far one follower is.
struct StandbyProgress {
    std::string application_name;
    /// Has caught up. Of the others nobody knows how far they will get.
    bool streams = true;
    std::uint64_t written = 0;
    std::uint64_t flushed = 0;
    std::uint64_t applied = 0;
};

/// Positions that enough followers have reached.
struct SynchronousPositions {
    std::uint64_t written = 0;
    std::uint64_t flushed = 0;
    std::uint64_t applied = 0;
};

/// nullopt while there are not enough of them. Followers come in the order of their connections.
std::optional<SynchronousPositions> synchronous_positions(
    const SynchronousStandbys& standbys, std::span<const StandbyProgress> followers);

/// Which of the followers commits wait for, as pg_stat_replication shows it: "sync", "potential",
/// "quorum", "async".
std::string_view synchronous_state(const SynchronousStandbys& standbys,
                                   std::span<const StandbyProgress> followers, std::size_t which);

}  // namespace atlas::sim::models::postgres

#pragma once
// One that follows this server, as the server sees it: a line of pg_stat_replication.

#include <cstdint>
#include <optional>
#include <string>

#include "sim/models/postgres/replication/lag_tracker.hpp"
#include "sim/models/postgres/replication/synchronous_standbys.hpp"
#include "system/host/network.hpp"

namespace atlas::sim::models::postgres {

enum class FollowerState : std::uint8_t { startup, backup, catchup, streaming };

struct Follower {
    std::uint32_t process_id = 0;
    std::string user = {};
    host::Endpoint client = {};
    std::int64_t started_at = 0;
    FollowerState state = FollowerState::startup;
    std::uint64_t sent = 0;
    /// As it has last said itself.
    StandbyProgress progress = {};
    LagTracker lag = {};
    std::optional<std::int64_t> replied_at = {};
};

}  // namespace atlas::sim::models::postgres

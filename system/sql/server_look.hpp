#pragma once
// What a server is asked about itself. Every user may ask for all of it but the timeline that a
// follower receives: that takes the role pg_read_all_stats (or pg_monitor).

#include <cstdint>
#include <optional>
#include <string>

#include "system/sql/connection.hpp"
#include "system/sql/log_position.hpp"
#include "system/sql/statement_cache.hpp"

namespace atlas::sql {

/// A primary from its start to its end: two sessions that agree on it are with the same server, and
/// nothing has been put in the place of its log in between.
struct ServerRun {
    std::string started;  ///< Seconds since 1970, as the server's clock had it.
    std::uint32_t timeline = 0;

    friend bool operator==(const ServerRun&, const ServerRun&) = default;
};

/// Of a primary alone: 55000 on a follower.
extern const Statement server_run_statement;
/// Error: protocol, when the answer is none to that statement.
Result<ServerRun> read_server_run(const QueryResult& result);

/// Where a primary's log ends. On that session everything committed before is behind it.
extern const Statement log_end_statement;
/// From the first column of the only row. Error: protocol.
Result<LogPosition> read_log_position(const QueryResult& result, std::uint32_t timeline);

struct ServerLook {
    bool is_primary = false;
    /// A follower's: what it has replayed. Nothing when it does not receive a log that it could
    /// name the timeline of, or may not say so.
    std::optional<LogPosition> position = {};
    /// The same for what it has received, which may be more: nothing beyond it can be seen there. A
    /// commit is seen a moment before it counts as replayed.
    std::optional<LogPosition> received = {};

    friend bool operator==(const ServerLook&, const ServerLook&) = default;
};

extern const Statement server_look_statement;
/// Error: protocol.
Result<ServerLook> read_server_look(const QueryResult& result);

}  // namespace atlas::sql

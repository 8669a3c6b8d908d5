#include "system/failover/server_status.hpp"

#include <algorithm>

#include "system/sql/log_position.hpp"

namespace atlas::failover {
namespace {

/// "16/B374D848"; NULL is 0.
std::optional<std::uint64_t> read_position(const sql::Value& value) {
    return value ? sql::parse_log_byte(*value) : 0;
}

}  // namespace

// A row for each standby, or one without. What a follower has received is not known before it has
// connected once; then what it has replayed is what it has.
const std::string_view status_statement =
    "SELECT pg_is_in_recovery(),"
    " CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_flush_lsn() END,"
    " pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(),"
    " current_setting('synchronous_standby_names'), current_setting('primary_conninfo'),"
    " (SELECT pid FROM pg_stat_wal_receiver WHERE status = 'streaming'),"
    " (SELECT system_identifier FROM pg_control_system()),"
    " standby.application_name, standby.flush_lsn"
    " FROM (SELECT 1) AS one"
    " LEFT JOIN pg_stat_replication AS standby ON standby.state = 'streaming'"
    " ORDER BY standby.application_name, standby.pid";

std::optional<ServerStatus> read_status(const sql::QueryResult& result) {
    constexpr std::size_t columns = 10;
    if (result.rows.empty()) return std::nullopt;
    ServerStatus status;
    for (const std::vector<sql::Value>& row : result.rows) {
        if (row.size() != columns || !row[0] || !row[4] || !row[5] || !row[7]) return std::nullopt;
        status.role = *row[0] == "t" ? Role::follower : Role::primary;
        const auto written = read_position(row[1]);
        const auto received = read_position(row[2]);
        const auto replayed = read_position(row[3]);
        const auto flushed = read_position(row[9]);
        if (!written || !received || !replayed || !flushed) return std::nullopt;
        status.position = status.role == Role::primary ? *written : std::max(*received, *replayed);
        status.synchronous_names = *row[4];
        status.conninfo = *row[5];
        status.receiver = row[6].value_or("");
        status.database = *row[7];
        if (row[8]) status.standbys.push_back({*row[8], *flushed});
    }
    return status;
}

std::string synchronous_names(const std::vector<std::string>& members) {
    std::string text;
    for (const std::string& member : members) {
        if (!text.empty()) text += ", ";
        text += member == "*" ? member : '"' + member + '"';
    }
    return text;
}

}  // namespace atlas::failover

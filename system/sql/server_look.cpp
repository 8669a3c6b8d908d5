#include "system/sql/server_look.hpp"

#include <algorithm>
#include <charconv>

namespace atlas::sql {
namespace {

std::unexpected<Error> unreadable(std::string message) {
    return std::unexpected(Error{.kind = ErrorKind::protocol, .message = std::move(message)});
}

const std::vector<Value>* only_row(const QueryResult& result, std::size_t columns) {
    const bool is_one = result.rows.size() == 1 && result.rows.front().size() == columns;
    return is_one ? &result.rows.front() : nullptr;
}

std::optional<std::uint32_t> parse_timeline(const std::string& text) {
    std::uint32_t timeline = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, timeline);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    return timeline;
}

}  // namespace

// In seconds: as text, a moment depends on the session's TimeZone and DateStyle.
constexpr Statement server_run_statement{
    "server_run",
    "SELECT extract(epoch FROM pg_catalog.pg_postmaster_start_time()), "
    "pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn())"};

constexpr Statement log_end_statement{"log_end", "SELECT pg_catalog.pg_current_wal_lsn()"};

// A follower receives only what goes on from what it has replayed: the timeline is of one history
// with the position, even if it changes between the two.
constexpr Statement server_look_statement{
    "server_look",
    "SELECT pg_catalog.pg_is_in_recovery(), CASE WHEN pg_catalog.pg_is_in_recovery() THEN (SELECT "
    "received_tli::text FROM pg_catalog.pg_stat_wal_receiver) ELSE "
    "pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) END, CASE WHEN "
    "pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE "
    "pg_catalog.pg_current_wal_lsn() END, pg_catalog.pg_last_wal_receive_lsn()"};

Result<ServerRun> read_server_run(const QueryResult& result) {
    const std::vector<Value>* const row = only_row(result, 2);
    if (row == nullptr || !(*row)[0] || !(*row)[1]) return unreadable("a server without a start");
    const std::optional<std::uint32_t> timeline = timeline_of_log_file(*(*row)[1]);
    if (!timeline) return unreadable("a log file of no timeline: " + *(*row)[1]);
    return ServerRun{*(*row)[0], *timeline};
}

Result<LogPosition> read_log_position(const QueryResult& result, std::uint32_t timeline) {
    const bool is_there = result.rows.size() == 1 && !result.rows.front().empty();
    const Value text = is_there ? result.rows.front().front() : Value{};
    const std::optional<std::uint64_t> byte = parse_log_byte(text.value_or(""));
    if (!byte) return unreadable("no position in the log: " + text.value_or("NULL"));
    return LogPosition{timeline, *byte};
}

Result<ServerLook> read_server_look(const QueryResult& result) {
    const std::vector<Value>* const row = only_row(result, 4);
    if (row == nullptr || !(*row)[0]) return unreadable("a server of no role");
    ServerLook look{.is_primary = (*row)[0] == "f"};
    if (!(*row)[1] || !(*row)[2]) return look;
    const std::optional<std::uint32_t> timeline =
        look.is_primary ? timeline_of_log_file(*(*row)[1]) : parse_timeline(*(*row)[1]);
    const std::optional<std::uint64_t> byte = parse_log_byte(*(*row)[2]);
    if (!timeline || !byte) return unreadable("no position in the log: " + *(*row)[2]);
    look.position = LogPosition{*timeline, *byte};
    look.received = look.position;
    // After a restart it says that it has received nothing, or the start of a segment.
    const std::optional<std::uint64_t> received = parse_log_byte((*row)[3].value_or(""));
    if (received) look.received->byte = std::max(*byte, *received);
    return look;
}

}  // namespace atlas::sql

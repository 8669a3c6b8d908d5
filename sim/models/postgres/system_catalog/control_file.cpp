// pg_control_checkpoint() and pg_control_system(): functions whose one row has several columns.

#include <fmt/format.h>

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

using enum TypeId;

Value lsn(LogPosition position) {
    return static_cast<std::int64_t>(position);
}

std::string log_file(Timeline timeline, LogPosition position) {
    return fmt::format("{:08X}{:08X}{:08X}", timeline, position >> 32,
                       (position & 0xFFFFFFFF) >> 24);
}

// Of what the model has not (transaction ids that wrap round, rows locked by several) it is as in a
// new database.
std::vector<Row> last_checkpoint(const SystemState& state) {
    const Engine& engine = state.engine;
    constexpr std::int64_t first_database = 1;
    const Engine::LastCheckpoint& last = engine.last_checkpoint();
    const std::int64_t timeline{last.timeline};
    const auto next = static_cast<std::int64_t>(last.next_transaction);
    return {{lsn(last.position), lsn(last.position), log_file(last.timeline, last.position),
             timeline, timeline, true, fmt::format("0:{}", next), std::int64_t{last.next_oid},
             std::int64_t{1}, std::int64_t{0}, static_cast<std::int64_t>(first_transaction),
             first_database, next, std::int64_t{1}, first_database, std::int64_t{0},
             std::int64_t{0}, last.time}};
}

std::vector<Row> system_identity(const SystemState& state) {
    const Engine& engine = state.engine;
    constexpr std::int64_t control_version = 1300;
    constexpr std::int64_t catalog_version = 202209061;
    return {{control_version, catalog_version,
             static_cast<std::int64_t>(engine.system_identifier()), engine.last_checkpoint().time}};
}

}  // namespace

SystemTable pg_control_checkpoint() {
    return {define_system_table(3442, "pg_control_checkpoint",
                                {{"checkpoint_lsn", pg_lsn},
                                 {"redo_lsn", pg_lsn},
                                 {"redo_wal_file", text},
                                 {"timeline_id", int4},
                                 {"prev_timeline_id", int4},
                                 {"full_page_writes", boolean},
                                 {"next_xid", text},
                                 {"next_oid", oid},
                                 {"next_multixact_id", xid},
                                 {"next_multi_offset", xid},
                                 {"oldest_xid", xid},
                                 {"oldest_xid_dbid", oid},
                                 {"oldest_active_xid", xid},
                                 {"oldest_multi_xid", xid},
                                 {"oldest_multi_dbid", oid},
                                 {"oldest_commit_ts_xid", xid},
                                 {"newest_commit_ts_xid", xid},
                                 {"checkpoint_time", timestamptz}}),
            last_checkpoint};
}

SystemTable pg_control_system() {
    return {define_system_table(3441, "pg_control_system",
                                {{"pg_control_version", int4},
                                 {"catalog_version_no", int4},
                                 {"system_identifier", int8},
                                 {"pg_control_last_modified", timestamptz}}),
            system_identity};
}

}  // namespace atlas::sim::models::postgres

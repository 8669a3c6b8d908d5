#include "sim/models/postgres/catalog/system_relations.hpp"

#include <algorithm>
#include <utility>

#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

using enum TypeId;

TablePtr make(SystemRelation relation, std::string name,
              std::vector<std::pair<std::string, TypeId>> columns) {
    TableDefinition table;
    table.oid = static_cast<Oid>(relation);
    table.name = std::move(name);
    for (auto& [column, type] : columns)
        table.columns.push_back({.name = std::move(column), .type = {type}});
    return std::make_shared<const TableDefinition>(std::move(table));
}

const std::vector<TablePtr>& all() {
    static const std::vector<TablePtr> relations{
        make(SystemRelation::pg_prepared_xacts, "pg_prepared_xacts",
             {{"transaction", xid},
              {"gid", text},
              {"prepared", timestamptz},
              {"owner", TypeId::name},
              {"database", TypeId::name}}),
        make(SystemRelation::pg_stat_replication, "pg_stat_replication",
             {{"pid", int4},
              {"usesysid", oid},
              {"usename", TypeId::name},
              {"application_name", text},
              {"client_addr", text},
              {"client_hostname", text},
              {"client_port", int4},
              {"backend_start", timestamptz},
              {"backend_xmin", xid},
              {"state", text},
              {"sent_lsn", pg_lsn},
              {"write_lsn", pg_lsn},
              {"flush_lsn", pg_lsn},
              {"replay_lsn", pg_lsn},
              {"write_lag", interval},
              {"flush_lag", interval},
              {"replay_lag", interval},
              {"sync_priority", int4},
              {"sync_state", text},
              {"reply_time", timestamptz}}),
        make(SystemRelation::pg_stat_wal_receiver, "pg_stat_wal_receiver",
             {{"pid", int4},
              {"status", text},
              {"receive_start_lsn", pg_lsn},
              {"receive_start_tli", int4},
              {"written_lsn", pg_lsn},
              {"flushed_lsn", pg_lsn},
              {"received_tli", int4},
              {"last_msg_send_time", timestamptz},
              {"last_msg_receipt_time", timestamptz},
              {"latest_end_lsn", pg_lsn},
              {"latest_end_time", timestamptz},
              {"slot_name", text},
              {"sender_host", text},
              {"sender_port", int4},
              {"conninfo", text}}),
        make(SystemRelation::pg_replication_slots, "pg_replication_slots",
             {{"slot_name", TypeId::name},
              {"plugin", TypeId::name},
              {"slot_type", text},
              {"datoid", oid},
              {"database", TypeId::name},
              {"temporary", boolean},
              {"active", boolean},
              {"active_pid", int4},
              {"xmin", xid},
              {"catalog_xmin", xid},
              {"restart_lsn", pg_lsn},
              {"confirmed_flush_lsn", pg_lsn},
              {"wal_status", text},
              {"safe_wal_size", int8},
              {"two_phase", boolean}}),
    };
    return relations;
}

const std::vector<TablePtr>& functions() {
    static const std::vector<TablePtr> known{
        make(SystemRelation::pg_control_checkpoint, "pg_control_checkpoint",
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
        make(SystemRelation::pg_control_system, "pg_control_system",
             {{"pg_control_version", int4},
              {"catalog_version_no", int4},
              {"system_identifier", int8},
              {"pg_control_last_modified", timestamptz}}),
    };
    return known;
}

TablePtr find_in(const std::vector<TablePtr>& relations, std::string_view name) {
    const auto found =
        std::ranges::find(relations, name, [](const TablePtr& table) { return table->name; });
    return found == relations.end() ? nullptr : *found;
}

}  // namespace

TablePtr find_system_relation(std::string_view name) {
    for (const SystemTable& table : system_tables()) {
        if (table.definition->name == name) return table.definition;
    }
    return find_in(all(), name);
}

TablePtr find_system_function(std::string_view name) {
    return find_in(functions(), name);
}

bool is_system_relation(Oid oid) {
    if (oid >= first_user_oid) return false;
    const auto is_it = [&](const TablePtr& table) { return table->oid == oid; };
    return find_system_table(oid) != nullptr || std::ranges::any_of(all(), is_it) ||
           std::ranges::any_of(functions(), is_it);
}

}  // namespace atlas::sim::models::postgres

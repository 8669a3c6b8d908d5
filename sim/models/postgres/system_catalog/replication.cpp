// pg_stat_replication and its kin, and pg_prepared_xacts: how the server is doing at the moment.

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

using enum TypeId;

std::vector<Row> prepared_transactions(const SystemState& state) {
    const Engine& engine = state.engine;
    std::vector<Row> rows;
    for (const PreparedRecord* prepared : engine.prepared_transactions()) {
        rows.push_back({static_cast<std::int64_t>(prepared->ids.front() & 0xFFFFFFFF),
                        prepared->gid, prepared->prepared_at, prepared->owner, prepared->database});
    }
    return rows;
}

Value lsn(LogPosition position) {
    return static_cast<std::int64_t>(position);
}

Value lsn_or_null(LogPosition position) {
    return position == 0 ? Value(Null{}) : lsn(position);
}

Value or_null(const std::optional<std::int64_t>& value) {
    return value ? Value(*value) : Value(Null{});
}

std::string state_name(FollowerState state) {
    switch (state) {
        case FollowerState::startup:
            return "startup";
        case FollowerState::backup:
            return "backup";
        case FollowerState::catchup:
            return "catchup";
        case FollowerState::streaming:
            return "streaming";
    }
    return {};
}

Value interval_or_null(const std::optional<std::int64_t>& microseconds) {
    return microseconds ? Value(Interval{.microseconds = *microseconds}) : Value(Null{});
}

std::vector<Row> followers(const SystemState& state) {
    const Engine& engine = state.engine;
    constexpr std::int64_t superuser_oid = 10;
    const SynchronousStandbys& synchronous = engine.synchronous_standbys();
    const std::vector<StandbyProgress> progress = engine.progress_of_followers();
    std::vector<Row> rows;
    for (std::size_t i = 0; i < engine.followers().size(); ++i) {
        const Follower& follower = *engine.followers()[i];
        const ReplicationLags& lags = follower.lag.lags();
        const std::uint32_t priority = synchronous.priority(follower.progress.application_name);
        rows.push_back({std::int64_t{follower.process_id},
                        superuser_oid,
                        follower.user,
                        follower.progress.application_name,
                        follower.client.address,
                        Null{},
                        std::int64_t{follower.client.port},
                        follower.started_at,
                        Null{},
                        state_name(follower.state),
                        lsn_or_null(follower.sent),
                        lsn_or_null(follower.progress.written),
                        lsn_or_null(follower.progress.flushed),
                        lsn_or_null(follower.progress.applied),
                        interval_or_null(lags.write),
                        interval_or_null(lags.flush),
                        interval_or_null(lags.replay),
                        std::int64_t{priority},
                        std::string(synchronous_state(synchronous, progress, i)),
                        or_null(follower.replied_at)});
    }
    return rows;
}

std::vector<Row> receiver(const SystemState& state) {
    const Engine& engine = state.engine;
    if (!engine.receiver()) return {};
    const Engine::ReceiverState& receiving = *engine.receiver();
    const Engine::LogState log = engine.log_state();
    const Value slot = receiving.slot.empty() ? Value(Null{}) : Value(receiving.slot);
    return {{std::int64_t{receiving.process_id}, std::string("streaming"), lsn(receiving.start),
             std::int64_t{receiving.start_timeline}, lsn(log.written), lsn(log.flushed),
             std::int64_t{engine.history().timeline}, or_null(receiving.last_sent_at),
             or_null(receiving.last_received_at), lsn_or_null(receiving.sender_end),
             or_null(receiving.last_sent_at), slot, receiving.host, std::int64_t{receiving.port},
             receiving.conninfo}};
}

std::vector<Row> slots(const SystemState& state) {
    const Engine& engine = state.engine;
    std::vector<Row> rows;
    for (const auto& [name, slot] : engine.slots()) {
        const bool active = slot.active_process != 0;
        rows.push_back({name, Null{}, std::string("physical"), Null{}, Null{}, false, active,
                        active ? Value(std::int64_t{slot.active_process}) : Value(Null{}), Null{},
                        Null{}, lsn_or_null(slot.restart), Null{},
                        slot.restart == 0 ? Value(Null{}) : Value(std::string("reserved")), Null{},
                        false});
    }
    return rows;
}

}  // namespace

SystemTable pg_prepared_xacts() {
    return {define_system_table(12073, "pg_prepared_xacts",
                                {{"transaction", xid},
                                 {"gid", text},
                                 {"prepared", timestamptz},
                                 {"owner", TypeId::name},
                                 {"database", TypeId::name}}),
            prepared_transactions};
}

SystemTable pg_stat_replication() {
    return {define_system_table(12223, "pg_stat_replication",
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
            followers};
}

SystemTable pg_stat_wal_receiver() {
    return {define_system_table(12232, "pg_stat_wal_receiver",
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
            receiver};
}

SystemTable pg_replication_slots() {
    return {define_system_table(12238, "pg_replication_slots",
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
            slots};
}

}  // namespace atlas::sim::models::postgres

// The rows of pg_catalog's views, as they are at the moment.

#include "sim/models/postgres/catalog/system_relations.hpp"

#include <fmt/format.h>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

std::vector<Row> prepared_transactions(const Engine& engine) {
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

// The lags are not measured: they are NULL, as they are when a follower is up to date.
std::vector<Row> followers(const Engine& engine) {
    constexpr std::int64_t superuser_oid = 10;
    const SynchronousStandbys& synchronous = engine.synchronous_standbys();
    const std::vector<StandbyProgress> progress = engine.progress_of_followers();
    std::vector<Row> rows;
    for (std::size_t i = 0; i < engine.followers().size(); ++i) {
        const Follower& follower = *engine.followers()[i];
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
                        Null{},
                        Null{},
                        Null{},
                        std::int64_t{priority},
                        std::string(synchronous_state(synchronous, progress, i)),
                        or_null(follower.replied_at)});
    }
    return rows;
}

std::vector<Row> receiver(const Engine& engine) {
    if (!engine.receiver()) return {};
    const Engine::ReceiverState& state = *engine.receiver();
    const Engine::LogState log = engine.log_state();
    const Value slot = state.slot.empty() ? Value(Null{}) : Value(state.slot);
    return {{std::int64_t{state.process_id}, std::string("streaming"), lsn(state.start),
             std::int64_t{state.start_timeline}, lsn(log.written), lsn(log.flushed),
             std::int64_t{engine.history().timeline}, or_null(state.last_sent_at),
             or_null(state.last_received_at), lsn_or_null(state.sender_end),
             or_null(state.last_sent_at), slot, state.host, std::int64_t{state.port},
             state.conninfo}};
}

std::vector<Row> slots(const Engine& engine) {
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

std::string log_file(Timeline timeline, LogPosition position) {
    return fmt::format("{:08X}{:08X}{:08X}", timeline, position >> 32,
                       (position & 0xFFFFFFFF) >> 24);
}

// Of what the model has not (transaction ids that wrap round, rows locked by several) it is as in a
// new database.
std::vector<Row> last_checkpoint(const Engine& engine) {
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

std::vector<Row> system_identity(const Engine& engine) {
    constexpr std::int64_t control_version = 1300;
    constexpr std::int64_t catalog_version = 202209061;
    return {{control_version, catalog_version,
             static_cast<std::int64_t>(engine.system_identifier()), engine.last_checkpoint().time}};
}

std::vector<Row> rows_of(SystemRelation relation, const Engine& engine) {
    switch (relation) {
        case SystemRelation::pg_control_checkpoint:
            return last_checkpoint(engine);
        case SystemRelation::pg_control_system:
            return system_identity(engine);
        case SystemRelation::pg_prepared_xacts:
            return prepared_transactions(engine);
        case SystemRelation::pg_stat_replication:
            return followers(engine);
        case SystemRelation::pg_stat_wal_receiver:
            return receiver(engine);
        case SystemRelation::pg_replication_slots:
            return slots(engine);
    }
    return {};
}

}  // namespace

Heap& Executor::scanned_heap(Oid table) {
    if (!is_system_relation(table)) return engine_.heap(table);
    for (const auto& [known, rows] : computed_) {
        if (known == table) return *rows;
    }
    Heap& heap = *computed_.emplace_back(table, std::make_unique<Heap>(table)).second;
    std::uint64_t number = 0;
    const SystemTable* defined = find_system_table(table);
    for (Row& row :
         defined != nullptr ? defined->rows(view()) : rows_of(SystemRelation{table}, engine_))
        heap.insert(++number, std::move(row)).made_by = frozen_transaction;
    return heap;
}

}  // namespace atlas::sim::models::postgres

#include "sim/models/postgres/engine/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "sim/models/postgres/mvcc/visibility.hpp"
#include "sim/models/postgres/replication/configuration_file.hpp"
#include "sim/models/postgres/session/backend_session.hpp"
#include "sim/models/postgres/types/text_format.hpp"
#include "system/host/whole_file.hpp"

namespace atlas::sim::models::postgres {

using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

namespace {

/// Of how many may wait: all sessions may.
constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

}  // namespace

Engine::Engine(host::Host& host, ServerSettings settings, std::string data_directory)
    : host_(host),
      started_at_(host.clock().utc_now()),
      given_settings_(settings),
      settings_(std::move(settings)),
      directory_(std::move(data_directory)),
      locks_(host),
      transactions_(locks_),
      serializable_(transactions_),
      log_(host, {.directory = directory_ + "/pg_wal",
                  .fsync = settings_.fsync,
                  .writer_delay = settings_.wal_writer_delay}),
      checkpoint_wanted_(host),
      log_moved_(host),
      follower_left_(host),
      configuration_access_(host, 1, no_limit),
      slots_access_(host, 1, no_limit),
      replay_wanted_(host),
      attention_(host),
      status_wanted_(host),
      shutdown_begun_(host),
      session_ended_(host),
      idle_changed_(host),
      tasks_(host),
      following_(host),
      checkpointer_(host) {
    log_.on_flushed([this] {
        on_log_flushed();
        if (!in_recovery_) return;
        replay_wanted_.wake_all();
        status_wanted_.set();
    });
    log_.on_written([this] {
        if (in_recovery_) status_wanted_.set();
    });
}

Engine::~Engine() = default;

void Engine::log(host::LogLevel level, std::string_view message, std::string detail) {
    if (!host_.logs(level)) return;
    host_.log({.level = level, .message = message, .fields = {{"detail", std::move(detail)}}});
}

Task<Result<void>> Engine::open() {
    auto made = co_await host_.disk().make_directory(directory_ + "/pg_wal");
    if (!made) co_return made;
    auto lock = host_.disk().lock_directory(directory_);
    if (!lock) co_return std::unexpected(std::move(lock).error());
    directory_lock_ = *std::move(lock);
    auto whole =
        co_await host::read_whole_file(host_, fmt::format("{}/{}", directory_, copying_file));
    if (!whole) co_return std::unexpected(std::move(whole).error());
    if (whole->has_value()) {
        co_return failure(ErrorCode::data_corrupted,
                          "the data are those of a copy that was cut short");
    }
    // Of an earlier life: who wants a promotion now says so again.
    auto forgotten =
        co_await host::remove_file(host_, directory_, std::string(promote_signal_file));
    if (!forgotten) co_return forgotten;
    auto configured = co_await load_configuration();
    if (!configured) co_return configured;
    log_.configure(settings_.fsync, settings_.wal_writer_delay);
    auto slots = co_await load_slots();
    if (!slots) co_return slots;
    auto signal = co_await host::read_whole_file(
        host_, fmt::format("{}/{}", directory_, standby_signal_file));
    if (!signal) co_return std::unexpected(std::move(signal).error());
    in_recovery_ = signal->has_value();
    auto recovered = co_await recover();
    if (!recovered) co_return recovered;
    replay_is_seen_ = in_recovery_;
    tasks_.spawn(log_.run());
    checkpointer_.spawn(run_checkpointer());
    tasks_.spawn(run_idle_watch());
    phase_ = Phase::open;
    if (!in_recovery_) co_return Result<void>{};
    was_follower_ = true;
    recovery_locks_ = std::make_shared<LockOwner>(locks_, 0);
    for (auto& [gid, prepared] : prepared_)
        hold_strongest_locks(prepared);
    tasks_.spawn(run_replay());
    tasks_.spawn(run_following());
    co_return Result<void>{};
}

Task<> Engine::shutdown() {
    phase_ = Phase::shutting_down;
    std::vector<BackendSession*> sessions;
    for (const auto& [process_id, session] : sessions_)
        sessions.push_back(session);
    for (BackendSession* session : sessions)
        session->terminate(std::move(interrupted(Interrupt::terminate)).release());
    while (!sessions_.empty())
        co_await session_ended_.wait(host::Deadline::never());
    shutdown_begun_.set();
    checkpoint_wanted_.set();
    co_await checkpointer_.join();
    const Result<void> done = co_await checkpoint();
    // The log is whole: the next start replays it.
    if (!done)
        log(host::LogLevel::error, "shutdown checkpoint failed", host::describe(done.error()));
    // Followers get the last of it, if they answer at all.
    log_moved_.wake_all();
    const host::Duration limit = settings_.wal_sender_timeout;
    const host::Deadline patience = limit > host::Duration::zero()
                                        ? host::deadline_after(host_, limit)
                                        : host::Deadline::never();
    const auto is_served = [](const Follower* follower) {
        return follower->state == FollowerState::catchup ||
               follower->state == FollowerState::streaming;
    };
    while (std::ranges::any_of(followers_, is_served) && !patience.passed(host_.clock().now()))
        co_await follower_left_.wait(patience);
    co_await tasks_.stop();
    co_await following_.stop();
    directory_lock_.reset();
}

Result<CommittedRows> Engine::read_committed_rows(std::string_view name) const {
    const auto found = catalog_.tables().find(name);
    if (found == catalog_.tables().end())
        return failure(ErrorCode::not_found, fmt::format("no table \"{}\"", name));
    const TableDefinition& table = *found->second;
    CommittedRows rows;
    for (const Column& column : table.columns) {
        if (!column.dropped) rows.columns.push_back(column.name);
    }
    for (const auto& [id, version] : settled_heap(table.oid, false).versions()) {
        const bool there =
            !transactions_.is_running(version.made_by) &&
            (version.ended_by == no_transaction || transactions_.is_running(version.ended_by));
        if (!there) continue;
        TextRow& row = rows.rows.emplace_back();
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            if (table.columns[i].dropped) continue;
            if (is_null(version.values[i])) {
                row.emplace_back(std::nullopt);
            } else {
                row.emplace_back(format_value(table.columns[i].type.id, version.values[i]));
            }
        }
    }
    return rows;
}

}  // namespace atlas::sim::models::postgres

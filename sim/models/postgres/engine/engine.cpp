#include "sim/models/postgres/engine/engine.hpp"

#include "sim/models/postgres/mvcc/visibility.hpp"
#include "sim/models/postgres/session/backend_session.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {

using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

Engine::Engine(host::Host& host, ServerSettings settings, std::string data_directory)
    : host_(host),
      settings_(settings),
      directory_(std::move(data_directory)),
      locks_(host),
      transactions_(locks_),
      log_(host, {.directory = directory_ + "/pg_wal",
                  .fsync = settings.fsync,
                  .writer_delay = settings.wal_writer_delay}),
      checkpoint_wanted_(host),
      shutdown_begun_(host),
      session_ended_(host),
      idle_changed_(host),
      tasks_(host),
      checkpointer_(host) {
    log_.on_flushed([this] { on_log_flushed(); });
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
    auto recovered = co_await recover();
    if (!recovered) co_return recovered;
    tasks_.spawn(log_.run());
    checkpointer_.spawn(run_checkpointer());
    tasks_.spawn(run_idle_watch());
    co_return Result<void>{};
}

Task<> Engine::shutdown() {
    shutting_down_ = true;
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
    co_await tasks_.stop();
    directory_lock_.reset();
}

Result<CommittedRows> Engine::read_committed_rows(std::string_view name) const {
    const auto found = catalog_.tables().find(name);
    if (found == catalog_.tables().end())
        return failure(ErrorCode::not_found, fmt::format("no table \"{}\"", name));
    const TableDefinition& table = *found->second;
    CommittedRows rows;
    for (const Column& column : table.columns)
        rows.columns.push_back(column.name);
    for (const auto& [id, version] : heaps_.at(table.oid)->versions()) {
        const bool there =
            !transactions_.is_running(version.made_by) &&
            (version.ended_by == no_transaction || transactions_.is_running(version.ended_by));
        if (!there) continue;
        TextRow& row = rows.rows.emplace_back();
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
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

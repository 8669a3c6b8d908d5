// Checkpoints: the committed state in one file, after which the log before it is not needed.
//
// The file is written under a temporary name, synced, renamed, and its folder synced: at every
// moment there is one whole checkpoint, and the log from its position on.

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/wal/checkpoint_file.hpp"
#include "sim/models/postgres/wal/record_frame.hpp"

namespace atlas::sim::models::postgres {

using host::Deadline;
using host::Result;
using host::Task;

namespace {

/// How long the checkpointer rests after a checkpoint that failed; twice as long after the next.
constexpr host::Duration first_pause = std::chrono::seconds(1);

}  // namespace

// In one instant, so that it holds exactly what the log before `redo` says: also the commits that
// are in line to be written, not yet visible to anybody.
std::string Engine::encode_checkpoint(LogPosition redo) const {
    CatalogChanges changes;
    for (const PendingCommit& pending : pending_commits_) {
        for (const auto& [name, table] : pending.transaction->catalog)
            changes.insert_or_assign(name, table);
    }
    Catalog catalog = catalog_;
    catalog.apply(changes);
    RedoLog state;
    for (const auto& [name, table] : catalog.tables()) {
        state.put_table(*table);
        for (const auto& [id, version] : heaps_.at(table->oid)->versions()) {
            if (!is_in_log(version)) continue;
            if (version.values.size() <= table->columns.size()) {
                state.insert(table->oid, id, version.values);
                continue;
            }
            // An ALTER TABLE that has not committed has added to the row already.
            const auto end =
                version.values.begin() + static_cast<std::ptrdiff_t>(table->columns.size());
            state.insert(table->oid, id, Row(version.values.begin(), end));
        }
    }
    return encode_checkpoint_file({.redo = redo,
                                   .next_transaction = transactions_.next_id(),
                                   .next_version = next_version_,
                                   .next_oid = next_oid_,
                                   .state = state.bytes()});
}

Task<Result<void>> Engine::write_checkpoint(std::string bytes) {
    const std::string temporary = directory_ + "/checkpoint.tmp";
    auto opened = co_await host_.disk().open(temporary, host::OpenMode::create_or_open);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    std::unique_ptr<host::File> file = *std::move(opened);
    auto done = co_await file->truncate(0);
    if (!done) co_return done;
    done = co_await host::write_all_at(*file, 0, std::as_bytes(std::span(bytes)));
    if (!done) co_return done;
    if (settings_.fsync) {
        done = co_await file->sync();
        // What the disk holds of it is unknown, and trying again would prove nothing.
        if (!done) host_.fatal("PANIC: could not fsync the checkpoint: " + describe(done.error()));
    }
    file.reset();
    co_await host_.fault_point("postgres.checkpoint_written");
    done = co_await host_.disk().rename(temporary, directory_ + "/checkpoint");
    if (done) checkpoint_size_ = bytes.size();
    if (!done || !settings_.fsync) co_return done;
    done = co_await host_.disk().sync_directory(directory_);
    if (!done) host_.fatal("PANIC: could not fsync the data directory: " + describe(done.error()));
    co_await host_.fault_point("postgres.checkpoint_installed");
    co_return done;
}

Task<Result<void>> Engine::checkpoint() {
    const LogPosition redo = log_.switch_segment();
    if (redo == checkpoint_position_) co_return Result<void>{};
    std::string bytes = encode_checkpoint(redo);
    co_await log_.wait_flushed(redo);
    auto written = co_await write_checkpoint(std::move(bytes));
    if (!written) co_return written;
    checkpoint_position_ = redo;
    auto removed = co_await log_.remove_segments_before(redo);
    co_return removed;
}

Task<> Engine::run_checkpointer() {
    host::Duration pause = first_pause;
    while (!shutting_down_) {
        const Deadline next = host::deadline_after(host_, settings_.checkpoint_timeout);
        checkpoint_wanted_.reset();
        co_await checkpoint_wanted_.wait(next);
        if (shutting_down_) break;
        const Result<void> done = co_await checkpoint();
        if (done) {
            pause = first_pause;
            continue;
        }
        // The old checkpoint and the log since then are still whole: try again, but not with every
        // commit that asks for it.
        log(host::LogLevel::error, "checkpoint failed", host::describe(done.error()));
        const Deadline rested = host::deadline_after(host_, pause);
        co_await shutdown_begun_.wait(rested);
        pause = std::min(pause * 2, settings_.checkpoint_timeout);
    }
}

}  // namespace atlas::sim::models::postgres

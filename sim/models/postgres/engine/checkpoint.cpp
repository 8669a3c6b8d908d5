// Checkpoints: the committed state in one file, after which the log before it is not needed.
//
// The file is written under a temporary name, synced, renamed, and its folder synced: at every
// moment there is one whole checkpoint, and the log from its position on.

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/types/timestamp.hpp"
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
std::string Engine::encode_checkpoint(LogPosition redo, bool is_backup) {
    CatalogChanges changes;
    for (const auto* records : {&waiting_for_standbys_, &pending_records_}) {
        for (const PendingRecordPtr& pending : *records) {
            if (pending->transaction->status != TransactionStatus::committing) continue;
            for (const auto& [name, table] : pending->transaction->catalog)
                changes.insert_or_assign(name, table);
        }
    }
    Catalog catalog = catalog_;
    catalog.apply(changes);
    RedoLog state;
    for (const auto& [name, table] : catalog.tables()) {
        state.put_table(*table);
        for (const auto& [id, version] : settled_heap(table->oid, true).versions()) {
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
    // Those too that no committed definition has, of transactions that run or are prepared. The log
    // before this is of no more use, what it said of values ahead neither.
    for (auto& [storage, reached] : sequences_) {
        reached.ahead = 0;
        state.set_sequence(storage, reached.last, reached.called);
    }
    return encode_checkpoint_file({.redo = redo,
                                   .link = in_recovery_ ? replayed_link_ : log_.link(),
                                   .timeline = history_.timeline,
                                   .system_identifier = system_identifier_,
                                   .is_backup = is_backup,
                                   .next_transaction = transactions_.next_id(),
                                   .next_version = next_version_,
                                   .next_oid = next_oid_,
                                   .prepared = encode_prepared_transactions(),
                                   .state = state.bytes()});
}

// Those whose end is in line to be written have it before `redo`.
std::string Engine::encode_prepared_transactions() const {
    Encoder encoder;
    for (const auto& [gid, prepared] : prepared_) {
        const bool ends = prepared.transaction != nullptr &&
                          prepared.transaction->status != TransactionStatus::prepared;
        if (ends) continue;
        PreparedRecord record = prepared.record;
        for (LoggedRowLock& lock : record.row_locks)
            lock = located(lock);
        encode_prepared(encoder, record);
    }
    return encoder.take();
}

Engine::LastCheckpoint Engine::checkpoint_of_now(LogPosition redo) const {
    return {.position = redo,
            .timeline = history_.timeline,
            .time = timestamp_of(host_.clock().utc_now()),
            .next_transaction = transactions_.next_id(),
            .next_oid = next_oid_};
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

// A follower's ends where its replay has come to: it has that much of the log, in its own files.
Task<Result<void>> Engine::checkpoint() {
    // A promotion, or a primary's, may have begun a timeline.
    co_await log_.wait_switched();
    const LogPosition end = log_.switch_segment();
    const LogPosition redo = in_recovery_ ? replayed_ : end;
    if (redo == last_checkpoint_.position) {
        co_await log_.wait_flushed(end);
        co_return Result<void>{};
    }
    std::string bytes = encode_checkpoint(redo);
    const LastCheckpoint made = checkpoint_of_now(redo);
    co_await log_.wait_flushed(end);
    auto written = co_await write_checkpoint(std::move(bytes));
    if (!written) co_return written;
    last_checkpoint_ = made;
    auto removed = co_await remove_old_segments();
    co_return removed;
}

// What followers may still want stays: those with a slot what they have not got, all of them the
// last wal_keep_size bytes.
Task<Result<void>> Engine::remove_old_segments() {
    LogPosition first_kept = last_checkpoint_.position;
    const LogPosition kept = std::min(settings_.wal_keep_size, log_.end());
    first_kept = std::min(first_kept, log_.end() - kept);
    for (const auto& [name, slot] : slots_) {
        if (slot.restart != 0) first_kept = std::min(first_kept, slot.restart);
    }
    auto saved = co_await save_slots();
    if (!saved) co_return saved;
    auto removed = co_await log_.remove_segments_before(first_kept);
    co_return removed;
}

namespace {

/// In the list for as long as it waits.
class Listed {
  public:
    Listed(std::vector<LockOwner*>& list, LockOwner& owner) : list_(list), owner_(owner) {
        list_.push_back(&owner_);
    }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() { list_.erase(std::ranges::find(list_, &owner_)); }

  private:
    std::vector<LockOwner*>& list_;
    LockOwner& owner_;
};

}  // namespace

Task<Checked<>> Engine::request_checkpoint(LockOwner& owner, WaitLimits limits) {
    const std::uint64_t wanted = checkpoints_.begun + 1;
    const std::uint64_t failed_before = checkpoints_.failed;
    checkpoints_.wanted = wanted;
    checkpoint_wanted_.set();
    const Listed listed(checkpoints_.waiting, owner);
    SQL_CO_CHECK(
        co_await locks_.wait_until(owner, [&] { return checkpoints_.ended >= wanted; }, limits));
    if (checkpoints_.failed == failed_before) co_return Checked<>{};
    auto error = sql_error("XX000", "checkpoint request failed");
    error.error()->hint = "Consult recent messages in the server log for details.";
    co_return error;
}

Task<> Engine::run_checkpointer() {
    host::Duration pause = first_pause;
    while (!is_shutting_down()) {
        const Deadline next = host::deadline_after(host_, settings_.checkpoint_timeout);
        // What was asked for while the last one was made still counts.
        if (checkpoints_.wanted <= checkpoints_.begun) {
            checkpoint_wanted_.reset();
            co_await checkpoint_wanted_.wait(next);
        }
        if (is_shutting_down()) break;
        ++checkpoints_.begun;
        const Result<void> done = co_await checkpoint();
        checkpoints_.ended = checkpoints_.begun;
        if (!done) ++checkpoints_.failed;
        for (LockOwner* waiting : checkpoints_.waiting)
            waiting->wake();
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

// How transactions end.

#include <algorithm>
#include <set>

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/types/timestamp.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

// Older snapshots find a truncated table empty, as in PostgreSQL: the lock that TRUNCATE holds
// keeps everybody else's hands off the versions.
void remove_ended_versions(Heap& heap) {
    std::vector<RowVersion*> ended;
    for (auto& [id, version] : heap.versions()) {
        if (version.ended_by != no_transaction) ended.push_back(&version);
    }
    for (RowVersion* version : ended)
        heap.remove(*version);
}

void add_tables(std::set<Oid>& tables, const CatalogChanges& changes) {
    for (const auto& [name, table] : changes) {
        if (table != nullptr) tables.insert(table->oid);
    }
}

/// The tables that it has made or changed otherwise than row by row.
std::set<Oid> defined_by(const Transaction& transaction) {
    std::set<Oid> tables(transaction.touched_heaps.begin(), transaction.touched_heaps.end());
    add_tables(tables, transaction.catalog);
    return tables;
}

}  // namespace

Task<Interrupt> Engine::commit(std::shared_ptr<Transaction> transaction, SynchronousCommit level) {
    if (transaction->redo.empty() && !transaction->advanced_sequence) {
        finish_commit(*transaction);
        co_return Interrupt::none;
    }
    const bool wait = level != SynchronousCommit::off || transaction->drops_storage;
    const LogPosition end = append_record(LogRecordKind::commit, transaction->redo.bytes(), wait,
                                          !transaction->catalog.empty());
    if (!wait) {
        finish_commit(*transaction);
        co_return Interrupt::none;
    }
    transaction->status = TransactionStatus::committing;
    const auto record =
        std::make_shared<PendingRecord>(host_, end, Pending::commit, transaction, level);
    pending_records_.push_back(record);
    const Interrupt cut_short = co_await wait_for(record, transaction->locks);
    co_return cut_short;
}

LogPosition Engine::append_record(LogRecordKind kind, std::string_view body, bool wait,
                                  bool definitions) {
    const std::string record = encode_log_record({.kind = kind,
                                                  .next_transaction = transactions_.next_id(),
                                                  .next_version = next_version_,
                                                  .next_oid = next_oid_,
                                                  .time = timestamp_of(host_.clock().utc_now()),
                                                  .definitions = definitions,
                                                  .body = body});
    const LogPosition end = log_.append(record, wait);
    // Less log than the checkpoint is long would be more work than replaying it.
    const std::uint64_t enough = std::max(settings_.max_wal_size, checkpoint_size_);
    if (end - last_checkpoint_.position > enough) checkpoint_wanted_.set();
    return end;
}

// The record is finished by the log writer or a follower's report, not by this task: the session
// may be cancelled meanwhile, and the record is in the log all the same.
Task<Interrupt> Engine::wait_for(PendingRecordPtr record, std::shared_ptr<LockOwner> session,
                                 host::Deadline statement) {
    const LockOwner::Parking parking(*session, record->done);
    while (!record->finished) {
        Interrupt interrupt = session->pending_interrupt();
        if (record->at_standbys && statement.passed(host_.clock().now()))
            interrupt = std::max(interrupt, Interrupt::cancel);
        const bool ends_the_wait =
            interrupt == Interrupt::cancel || interrupt == Interrupt::terminate;
        if (record->at_standbys && ends_the_wait) {
            // One that is to end ends here: its client is not told how the commit came out.
            if (interrupt == Interrupt::cancel) session->clear_interrupt();
            std::erase(waiting_for_standbys_, record);
            finish(*record);
            co_return interrupt;
        }
        record->done.reset();
        co_await record->done.wait(record->at_standbys ? statement : host::Deadline::never());
    }
    co_return Interrupt::none;
}

void Engine::on_log_flushed() {
    while (!pending_records_.empty() && pending_records_.front()->end <= log_.flushed()) {
        const PendingRecordPtr record = std::move(pending_records_.front());
        pending_records_.pop_front();
        if (record->kind == Pending::prepare) prepared_.find(record->gid)->second.valid = true;
        if (waits_for_standbys(*record)) {
            record->at_standbys = true;
            waiting_for_standbys_.push_back(record);
            record->done.set();
        } else {
            finish(*record);
        }
    }
    // A follower may have told of it already.
    release_waiting();
    log_moved_.wake_all();
}

void Engine::finish(PendingRecord& record) {
    switch (record.kind) {
        case Pending::commit:
            finish_commit(*record.transaction);
            break;
        case Pending::prepare:
            prepared_.find(record.gid)->second.busy = false;
            break;
        case Pending::commit_prepared:
            finish_commit(*record.transaction);
            prepared_.erase(record.gid);
            break;
        case Pending::rollback_prepared:
            end_rollback(*record.transaction);
            prepared_.erase(record.gid);
            break;
    }
    record.finished = true;
    record.done.set();
}

void Engine::finish_commit(Transaction& transaction) {
    transaction.status = TransactionStatus::committed;
    // Before the change is applied: the tables that it drops are still known by name.
    CatalogChanges before;
    for (const auto& [name, table] : transaction.catalog) {
        const auto known = catalog_.tables().find(name);
        if (known != catalog_.tables().end()) before.emplace(name, known->second);
    }
    catalog_.apply(transaction.catalog);
    const CatalogChanges none;
    const CatalogView view(catalog_, none);
    std::set<Oid> defined = defined_by(transaction);
    add_tables(defined, before);
    sweep_heaps(defined, {view});
    forget_sequences(before, view);
    transactions_.end(transaction.ids);
    serializable_.committed(transaction);
    std::set<Oid> truncated;
    for (const Change& change : transaction.changes) {
        if (change.ended == nullptr) continue;
        // The heap of a dropped table is gone, and its versions with it.
        if (!heaps_.contains(change.table)) continue;
        if (!prepared_.empty()) {
            const RowVersion* newer = change.ended->newer;
            move_prepared_locks(change.ended->id, newer == nullptr ? 0 : newer->id);
        }
        garbage_.push_back({change.ended->ended_by, change.table, change.ended->id});
        if (change.truncated) truncated.insert(change.table);
    }
    for (const Oid table : truncated)
        remove_ended_versions(heap(table));
    transaction.changes.clear();
    locks_.release_all(*transaction.locks);
    remove_garbage();
    deliver_notifications(transaction);
}

// An index or a heap that one of the views shows may be asked for again, or is by others.
void Engine::sweep_heaps(const std::set<Oid>& tables, const std::vector<CatalogView>& views) {
    for (const Oid oid : tables) {
        const auto found = heaps_.find(oid);
        if (found == heaps_.end()) continue;
        bool is_kept = false;
        std::size_t width = 0;
        std::set<Oid> kept_indexes;
        for (const CatalogView& view : views) {
            const TablePtr table = view.find_table(oid);
            if (table == nullptr) continue;
            is_kept = true;
            width = std::max(width, table->columns.size());
            for (const auto& index : table->indexes)
                kept_indexes.insert(index->oid);
        }
        if (!is_kept) {
            heaps_.erase(found);
            continue;
        }
        std::vector<Oid> dropped;
        for (const auto& [index_oid, index] : found->second->indexes()) {
            if (!kept_indexes.contains(index_oid)) dropped.push_back(index_oid);
        }
        for (const Oid index_oid : dropped) {
            serializable_.index_dropped(index_oid, oid);
            found->second->drop_index(index_oid);
        }
        for (auto& [id, version] : found->second->versions()) {
            if (version.values.size() > width) version.values.resize(width);
        }
    }
}

void Engine::undo_changes(Transaction& transaction, std::size_t down_to) {
    while (transaction.changes.size() > down_to) {
        const Change change = transaction.changes.back();
        transaction.changes.pop_back();
        if (change.ended != nullptr) {
            // Beside the locks of others it is still shown.
            if (!change.ended->locks.empty())
                change.ended->locks.push_back({change.ended->ended_by, change.ended->ended_how});
            change.ended->ended_by = no_transaction;
            change.ended->newer = nullptr;
        }
        if (change.made != nullptr) heap(change.table).remove(*change.made);
        if (change.put_aside != nullptr) {
            std::shared_ptr<Heap>& place = heaps_.at(change.table);
            widen_reads(*place);
            place = change.put_aside;
            note_garbage(*place);
        }
    }
}

// While a heap is put aside, nobody looks there for what may be removed.
void Engine::note_garbage(const Heap& heap) {
    for (const auto& [id, version] : heap.versions()) {
        if (version.ended_by != no_transaction && !transactions_.is_running(version.ended_by))
            garbage_.push_back({version.ended_by, heap.oid(), id});
    }
}

// Neither its rows nor the keys of its indexes are to be compared with those of another shape.
void Engine::widen_reads(const Heap& heap) {
    for (const auto& [index, known] : heap.indexes())
        serializable_.index_dropped(index, heap.oid());
    serializable_.rows_moved(heap.oid());
}

void Engine::roll_back(Transaction& transaction) {
    if (transaction.status == TransactionStatus::running) end_rollback(transaction);
}

void Engine::end_rollback(Transaction& transaction) {
    transaction.status = TransactionStatus::rolled_back;
    undo_changes(transaction, 0);
    const CatalogChanges none;
    sweep_heaps(defined_by(transaction), {CatalogView(catalog_, none)});
    transactions_.end(transaction.ids);
    serializable_.rolled_back(transaction);
    locks_.release_all(*transaction.locks);
    remove_garbage();
}

void Engine::release(Transaction& transaction, std::size_t place) {
    const Savepoint& savepoint = transaction.savepoints[place];
    transactions_.release(transaction, savepoint.ids);
    const bool is_outermost = place == 0 && !transaction.ids.empty();
    transaction.id = is_outermost ? transaction.ids.front() : savepoint.id;
    transaction.savepoints.resize(place);
}

void Engine::roll_back_to(Transaction& transaction, std::size_t place) {
    const Savepoint& savepoint = transaction.savepoints[place];
    undo_changes(transaction, savepoint.changes);
    transaction.catalog = savepoint.catalog;
    // What was there before the transaction may come back, and at each savepoint that is left. What
    // was touched before this one need not be in sight here: its changes are still to be undone.
    const CatalogChanges none;
    std::vector<CatalogView> views{CatalogView(catalog_, none)};
    for (std::size_t i = 0; i <= place; ++i)
        views.emplace_back(catalog_, transaction.savepoints[i].catalog);
    const auto touched_since =
        transaction.touched_heaps.begin() + static_cast<std::ptrdiff_t>(savepoint.touched_heaps);
    sweep_heaps({touched_since, transaction.touched_heaps.end()}, views);
    // Their locks go too: what others do to those heaps from now on is not to be swept.
    transaction.touched_heaps.erase(touched_since, transaction.touched_heaps.end());
    transaction.drops_storage = savepoint.drops_storage;
    const auto first = transaction.ids.begin() + static_cast<std::ptrdiff_t>(savepoint.ids);
    transactions_.end(std::vector<TransactionId>(first, transaction.ids.end()));
    transaction.ids.erase(first, transaction.ids.end());
    transaction.id = no_transaction;
    transaction.redo.truncate(savepoint.redo);
    transaction.listen_actions.resize(savepoint.listen_actions);
    transaction.notifications.resize(savepoint.notifications);
    locks_.release_since(*transaction.locks, savepoint.locks);
    transaction.savepoints.resize(place + 1);
}

void Engine::remove_garbage() {
    if (garbage_.empty()) return;
    const TransactionId horizon = transactions_.horizon();
    while (!garbage_.empty() && garbage_.front().ended_by < horizon) {
        const auto table = heaps_.find(garbage_.front().table);
        if (table != heaps_.end()) {
            if (RowVersion* version = table->second->find(garbage_.front().version))
                table->second->remove(*version);
        }
        garbage_.pop_front();
    }
}

Heap& Engine::heap(Oid table) {
    const auto found = heaps_.find(table);
    ATLAS_CHECK(found != heaps_.end(), "a table in the catalog has a heap");
    return *found->second;
}

Heap& Engine::make_heap(Transaction& transaction, Oid table) {
    transaction.touched_heaps.push_back(table);
    const auto [place, made] = heaps_.try_emplace(table, std::make_unique<Heap>(table));
    ATLAS_CHECK(made, "a table's number is used once");
    return *place->second;
}

Heap& Engine::replace_heap(Transaction& transaction, Oid table) {
    std::shared_ptr<Heap>& place = heaps_.at(table);
    widen_reads(*place);
    transaction.changes.push_back(
        {.table = table, .made = nullptr, .ended = nullptr, .put_aside = place});
    place = std::make_shared<Heap>(table);
    return *place;
}

const Heap& Engine::settled_heap(Oid table, bool in_log) const {
    for (const auto& [id, transaction] : transactions_.running()) {
        if (in_log && transaction->status == TransactionStatus::committing) continue;
        for (const Change& change : transaction->changes) {
            if (change.table == table && change.put_aside != nullptr) return *change.put_aside;
        }
    }
    return *heaps_.at(table);
}

bool Engine::is_in_log(TransactionId id) const {
    const auto running = transactions_.running().find(id);
    return running == transactions_.running().end() ||
           running->second->status == TransactionStatus::committing;
}

bool Engine::is_in_log(const RowVersion& version) const {
    return is_in_log(version.made_by) &&
           (version.ended_by == no_transaction || !is_in_log(version.ended_by));
}

}  // namespace atlas::sim::models::postgres

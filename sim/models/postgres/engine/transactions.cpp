// How transactions end.

#include <algorithm>
#include <array>
#include <set>

#include "sim/models/postgres/engine/engine.hpp"
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

}  // namespace

Task<> Engine::commit(std::shared_ptr<Transaction> transaction, SynchronousCommit level) {
    if (transaction->redo.empty()) {
        finish_commit(*transaction);
        co_return;
    }
    Encoder record;
    record.u64(transactions_.next_id());
    record.u64(next_version_);
    record.u32(next_oid_);
    record.append(transaction->redo.bytes());
    const bool wait = level != SynchronousCommit::off || transaction->drops_storage;
    const LogPosition end = log_.append(record.bytes(), wait);
    // Less log than the checkpoint is long would be more work than replaying it.
    const std::uint64_t enough = std::max(settings_.max_wal_size, checkpoint_size_);
    if (end - checkpoint_position_ > enough) checkpoint_wanted_.set();
    if (!wait) {
        finish_commit(*transaction);
        co_return;
    }
    // Finished by the log writer, not by this task: the session may be cancelled meanwhile, and the
    // commit is in the log all the same.
    transaction->status = TransactionStatus::committing;
    pending_commits_.push_back({end, transaction});
    co_await transaction->finished.wait();
}

void Engine::on_log_flushed() {
    while (!pending_commits_.empty() && pending_commits_.front().end <= log_.flushed()) {
        const std::shared_ptr<Transaction> transaction =
            std::move(pending_commits_.front().transaction);
        pending_commits_.pop_front();
        finish_commit(*transaction);
    }
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
    sweep_heaps(transaction, before, view);
    transactions_.end(transaction.ids);
    std::set<Oid> truncated;
    for (const Change& change : transaction.changes) {
        if (change.ended == nullptr) continue;
        // The heap of a dropped table is gone, and its versions with it.
        if (!heaps_.contains(change.table)) continue;
        garbage_.push_back({change.ended->ended_by, change.table, change.ended->id});
        if (change.truncated) truncated.insert(change.table);
    }
    for (const Oid table : truncated)
        remove_ended_versions(heap(table));
    transaction.changes.clear();
    locks_.release_all(*transaction.locks);
    remove_garbage();
    transaction.finished.set();
}

// Drops heaps and indexes that no definition in view has, and makes rows as wide as it says.
void Engine::sweep_heaps(Transaction& transaction, const CatalogChanges& changed,
                         const CatalogView& view) {
    if (transaction.touched_heaps.empty() && changed.empty() && transaction.catalog.empty()) return;
    std::vector<Oid> candidates = transaction.touched_heaps;
    for (const CatalogChanges* changes :
         std::array{&changed, &std::as_const(transaction.catalog)}) {
        for (const auto& [name, table] : *changes) {
            if (table != nullptr) candidates.push_back(table->oid);
        }
    }
    for (const Oid oid : candidates) {
        const auto found = heaps_.find(oid);
        if (found == heaps_.end()) continue;
        const TablePtr table = view.find_table(oid);
        if (table == nullptr) {
            heaps_.erase(found);
            continue;
        }
        std::vector<Oid> dropped;
        for (const auto& [index_oid, index] : found->second->indexes()) {
            const bool known = std::ranges::any_of(table->indexes, [&](const auto& kept) {
                return kept->oid == index.definition().oid;
            });
            if (!known) dropped.push_back(index_oid);
        }
        for (const Oid index_oid : dropped)
            found->second->drop_index(index_oid);
        for (auto& [id, version] : found->second->versions()) {
            if (version.values.size() > table->columns.size())
                version.values.resize(table->columns.size());
        }
    }
}

void Engine::undo_changes(Transaction& transaction, std::size_t down_to) {
    while (transaction.changes.size() > down_to) {
        const Change change = transaction.changes.back();
        transaction.changes.pop_back();
        if (change.ended != nullptr) {
            change.ended->ended_by = no_transaction;
            change.ended->newer = nullptr;
        }
        if (change.made != nullptr) heap(change.table).remove(*change.made);
    }
}

void Engine::roll_back(Transaction& transaction) {
    if (transaction.status != TransactionStatus::running) return;
    transaction.status = TransactionStatus::rolled_back;
    undo_changes(transaction, 0);
    const CatalogChanges none;
    const CatalogView view(catalog_, none);
    sweep_heaps(transaction, none, view);
    transactions_.end(transaction.ids);
    locks_.release_all(*transaction.locks);
    remove_garbage();
    transaction.finished.set();
}

void Engine::roll_back_to(Transaction& transaction, std::size_t place) {
    const Savepoint& savepoint = transaction.savepoints[place];
    undo_changes(transaction, savepoint.changes);
    const CatalogChanges abandoned = std::exchange(transaction.catalog, savepoint.catalog);
    const CatalogView view(catalog_, transaction.catalog);
    sweep_heaps(transaction, abandoned, view);
    // Their locks go too: what others do to those heaps from now on is not to be swept.
    transaction.touched_heaps.resize(savepoint.touched_heaps);
    transaction.drops_storage = savepoint.drops_storage;
    const auto first = transaction.ids.begin() + static_cast<std::ptrdiff_t>(savepoint.ids);
    transactions_.end(std::vector<TransactionId>(first, transaction.ids.end()));
    transaction.ids.erase(first, transaction.ids.end());
    transaction.id = no_transaction;
    transaction.redo.truncate(savepoint.redo);
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

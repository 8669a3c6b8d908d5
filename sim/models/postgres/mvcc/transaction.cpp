#include "sim/models/postgres/mvcc/transaction.hpp"

#include <algorithm>

#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

bool Snapshot::has_committed(TransactionId id) const {
    return id < end && !std::ranges::binary_search(running, id);
}

bool Transaction::is_mine(TransactionId other) const {
    // The newest are asked about most.
    return std::find(ids.rbegin(), ids.rend(), other) != ids.rend();
}

TransactionId TransactionTable::assign_id(Transaction& transaction) {
    if (transaction.id != no_transaction) return transaction.id;
    if (transaction.ids.empty() && !transaction.savepoints.empty()) {
        // The transaction's own, as if it had had it before there was a savepoint.
        give_id(transaction);
        for (Savepoint& savepoint : transaction.savepoints)
            savepoint.ids = transaction.ids.size();
    }
    transaction.id = give_id(transaction);
    return transaction.id;
}

TransactionId TransactionTable::give_id(Transaction& transaction) {
    const TransactionId id = next_++;
    const LockTag tag{LockKind::transaction, id};
    if (transaction.ids.empty() && !transaction.savepoints.empty()) {
        locks_.take_to_the_end(*transaction.locks, tag, TableLockMode::exclusive);
    } else {
        locks_.take_anyway(*transaction.locks, tag, TableLockMode::exclusive);
    }
    transaction.ids.push_back(id);
    running_.emplace_hint(running_.end(), id, &transaction);
    current_.reset();
    return id;
}

void TransactionTable::release(Transaction& transaction, std::size_t first) {
    for (std::size_t i = first; i < transaction.ids.size(); ++i) {
        locks_.release(*transaction.locks, {LockKind::transaction, transaction.ids[i]},
                       TableLockMode::exclusive);
    }
}

void TransactionTable::adopt(Transaction& transaction) {
    for (const TransactionId id : transaction.ids) {
        running_.emplace(id, &transaction);
        const bool alone = locks_.try_acquire(*transaction.locks, {LockKind::transaction, id},
                                              TableLockMode::exclusive);
        ATLAS_CHECK(alone, "an id belongs to one transaction");
    }
    current_.reset();
}

std::shared_ptr<const Snapshot> TransactionTable::take_snapshot() {
    if (current_ != nullptr) return current_;
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->end = next_;
    snapshot->running.reserve(running_.size());
    for (const auto& [id, transaction] : running_)
        snapshot->running.push_back(id);
    current_ = snapshot;
    std::erase_if(in_use_, [](const auto& old) { return old.expired(); });
    in_use_.push_back(current_);
    return current_;
}

void TransactionTable::end(const std::vector<TransactionId>& ids) {
    for (const TransactionId id : ids)
        running_.erase(id);
    if (!ids.empty()) current_.reset();
}

TransactionId TransactionTable::horizon() const {
    TransactionId oldest = running_.empty() ? next_ : running_.begin()->first;
    for (const auto& weak : in_use_) {
        if (const auto snapshot = weak.lock()) oldest = std::min(oldest, snapshot->horizon());
    }
    return oldest;
}

}  // namespace atlas::sim::models::postgres

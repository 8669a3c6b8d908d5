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
    transaction.id = next_++;
    transaction.ids.push_back(transaction.id);
    running_.emplace_hint(running_.end(), transaction.id, &transaction);
    current_.reset();
    const bool alone = locks_.try_acquire(
        *transaction.locks, {LockKind::transaction, transaction.id}, TableLockMode::exclusive);
    ATLAS_CHECK(alone, "nobody waits for an id that was not given yet");
    return transaction.id;
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

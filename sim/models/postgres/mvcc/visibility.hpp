#pragma once
// Which row versions a snapshot sees.

#include "sim/models/postgres/mvcc/heap.hpp"
#include "sim/models/postgres/mvcc/transaction.hpp"

namespace atlas::sim::models::postgres {

/// What a statement of that transaction sees: what its snapshot says was committed, and what the
/// transaction's earlier statements did.
inline bool is_visible(const RowVersion& version, const Snapshot& snapshot,
                       const Transaction& transaction) {
    if (transaction.is_mine(version.made_by)) {
        if (version.made_at >= transaction.command) return false;
    } else if (!snapshot.has_committed(version.made_by)) {
        return false;
    }
    if (version.ended_by == no_transaction) return true;
    if (transaction.is_mine(version.ended_by)) return version.ended_at >= transaction.command;
    return !snapshot.has_committed(version.ended_by);
}

/// The latest state, uncommitted work of others left out: for checks by whoever holds the table.
inline bool is_live(const RowVersion& version, const TransactionTable& transactions,
                    const Transaction& transaction) {
    const auto counts = [&](TransactionId id) {
        return transaction.is_mine(id) || !transactions.is_running(id);
    };
    return counts(version.made_by) &&
           (version.ended_by == no_transaction || !counts(version.ended_by));
}

}  // namespace atlas::sim::models::postgres

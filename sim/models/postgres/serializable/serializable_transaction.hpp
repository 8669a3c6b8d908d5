#pragma once
// What is known of one serializable transaction: while it runs, and after its commit for as long as
// one that overlaps it may still run.

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "sim/models/postgres/locks/lock_table.hpp"
#include "sim/models/postgres/mvcc/transaction.hpp"
#include "sim/models/postgres/serializable/predicate_locks.hpp"

namespace atlas::sim::models::postgres {

inline constexpr CommitNumber never_committed = std::numeric_limits<CommitNumber>::max();

struct SerializableTransaction {
    /// Null once it has ended.
    Transaction* running = nullptr;
    std::shared_ptr<LockOwner> session = {};
    std::shared_ptr<const Snapshot> snapshot = {};
    /// The last one to end before its snapshot was taken.
    CommitNumber last_commit_before_snapshot = 0;
    /// Set at the moment at which nothing can make it fail any more.
    CommitNumber prepared_at = never_committed;
    CommitNumber committed_at = never_committed;
    /// When the first of those to commit did so that overwrote what this one had read; set when
    /// this one has committed.
    CommitNumber earliest_out_conflict = never_committed;
    /// No transaction with this number or a higher one overlapped it.
    TransactionId finished_before = no_transaction;
    /// Its numbers, once it has committed.
    std::vector<TransactionId> ids = {};

    bool declared_read_only = false;
    /// Declared, or committed without a write.
    bool read_only = false;
    bool wrote = false;
    bool prepared = false;
    bool committed = false;
    /// Will fail at its next step: it no longer counts as somebody to conflict with.
    bool doomed = false;
    bool has_conflict_out = false;
    /// With transactions that are summarised.
    bool summarised_conflict_in = false;
    bool summarised_conflict_out = false;
    /// Of a read-only one: nothing that runs can make its snapshot an anomaly, or something may.
    bool safe = false;
    bool unsafe = false;
    bool waits_for_safety = false;

    /// Those that have read what this one wrote over, and those that wrote over what it had read.
    std::vector<SerializableTransaction*> in_conflicts = {};
    std::vector<SerializableTransaction*> out_conflicts = {};
    /// Of a read-only one: the writers that ran when it began. Of a writer: the read-only ones.
    std::vector<SerializableTransaction*> possibly_unsafe = {};

    HeldPredicateLocks reads = {};
};

}  // namespace atlas::sim::models::postgres

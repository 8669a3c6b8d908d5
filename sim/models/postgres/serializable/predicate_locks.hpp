#pragma once
// SIREAD locks: what serializable transactions have read, kept until nobody can write there without
// having seen it. They block nobody; a writer asks whom its write concerns.
//
// Rows stand under pages and pages under their relation, ranges of keys under their index; a
// transaction that holds many small locks gets a larger one for them. Locks of committed
// transactions whose own story is no longer kept are summarised: a page or a relation, and when the
// last of them committed.

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "sim/models/postgres/catalog/table.hpp"
#include "sim/models/postgres/mvcc/key_range.hpp"

namespace atlas::sim::models::postgres {

struct SerializableTransaction;

/// Counts the ends of serializable transactions.
using CommitNumber = std::uint64_t;

/// Where a row version is.
struct RowPlace {
    std::uint64_t page;
    std::uint64_t version;
};

/// How much of one kind a transaction holds before a larger lock takes its place. PostgreSQL's
/// max_pred_locks_per_page, max_pred_locks_per_transaction and max_pred_locks_per_relation (-2).
struct PredicateLockLimits {
    std::size_t rows_of_page = 2;
    std::size_t parts_of_relation = 31;
    /// Of transactions that are no longer kept.
    std::size_t summarised = 2000;
};

/// A row, a page or a whole relation.
struct PredicateLockTarget {
    enum class Kind : std::uint8_t { relation, page, row };

    Oid relation = 0;
    Kind kind = Kind::relation;
    std::uint64_t page = 0;
    std::uint64_t version = 0;

    friend auto operator<=>(const PredicateLockTarget&, const PredicateLockTarget&) = default;
};

/// What one transaction holds.
struct HeldPredicateLocks {
    std::set<PredicateLockTarget> targets = {};
    std::map<Oid, std::vector<KeyRange>> ranges = {};

    bool empty() const { return targets.empty() && ranges.empty(); }
};

/// Who has read something.
struct Reader {
    /// Null if it is only known of as one of those that are summarised.
    SerializableTransaction* transaction = nullptr;
    /// When the last of those committed.
    CommitNumber committed_at = 0;
};

class PredicateLocks {
  public:
    explicit PredicateLocks(PredicateLockLimits limits) : limits_(limits) {}

    void lock_relation(SerializableTransaction& owner, Oid relation);
    void lock_row(SerializableTransaction& owner, Oid table, RowPlace place);
    void lock_range(SerializableTransaction& owner, Oid index, KeyRange range);
    bool holds_relation(const SerializableTransaction& owner, Oid relation) const;

    /// Who writes a row need not remember that it has read it.
    void unlock_row(SerializableTransaction& owner, Oid table, RowPlace place);
    void release(SerializableTransaction& owner);

    /// Those whom a new version in the place of this one concerns.
    std::vector<Reader> readers_of_row(Oid table, RowPlace place) const;
    std::vector<Reader> readers_of_relation(Oid relation) const;
    std::vector<Reader> readers_of_key(Oid index, const Row& key) const;
    /// Of anything in it.
    std::vector<Reader> readers_within(Oid relation) const;

    /// Keeps what it has read without it.
    void summarise(SerializableTransaction& owner, CommitNumber committed_at);
    void forget_summaries(CommitNumber through);

    /// An index is gone: what was read through it counts as read in the table.
    void move_to_table(Oid index, Oid table);
    /// Of rows that are no more: what was read of some counts as read of all.
    void widen_to_table(Oid table);

    std::size_t size() const;

  private:
    using Target = PredicateLockTarget;
    struct RangeLock {
        KeyRange range;
        SerializableTransaction* owner;
    };

    void add(SerializableTransaction& owner, const Target& target);
    void remove(SerializableTransaction& owner, const Target& target);
    void remove_parts(SerializableTransaction& owner, Oid relation);
    void add_summary(const Target& target, CommitNumber committed_at);
    void find(const Target& target, std::vector<Reader>& readers) const;

    PredicateLockLimits limits_;
    std::map<Target, std::vector<SerializableTransaction*>> locks_;
    std::map<Oid, std::vector<RangeLock>> ranges_;
    std::map<Target, CommitNumber> summaries_;
};

}  // namespace atlas::sim::models::postgres

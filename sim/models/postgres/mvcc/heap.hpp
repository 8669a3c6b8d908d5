#pragma once
// The rows of one table: all versions that somebody may still see, and the indexes over them. Only
// keeps them; who may see or change which version is decided in visibility.hpp and the executor.

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "sim/models/postgres/catalog/table.hpp"
#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/locks/lock_mode.hpp"
#include "sim/models/postgres/mvcc/key_range.hpp"
#include "sim/models/postgres/mvcc/transaction.hpp"
#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

/// A lock on a row, good while its transaction runs. A stale one keeps nobody from the row, but is
/// shown as long as another lock beside it is good (Executor::shows_conflict).
struct RowLock {
    TransactionId holder;
    RowLockStrength strength;
};

struct RowVersion {
    /// Never used again: its place in heap order, and its name in the log.
    std::uint64_t id = 0;
    TransactionId made_by = no_transaction;
    CommandId made_at = 0;
    /// Who deleted it, or made a newer version of it.
    TransactionId ended_by = no_transaction;
    CommandId ended_at = 0;
    RowLockStrength ended_how = RowLockStrength::update;
    /// Its neighbourhood, as far as that matters to who has read much of it.
    std::uint32_t page = 0;
    RowVersion* newer = nullptr;
    std::vector<RowLock> locks = {};
    Row values;
};

/// A sorted map from key to row versions; one entry a version.
class Index {
  public:
    explicit Index(std::shared_ptr<const IndexDefinition> definition)
        : definition_(std::move(definition)) {}

    const IndexDefinition& definition() const { return *definition_; }

    /// The key of a row; nullopt if the predicate leaves it out. Errors: the expressions' own.
    Checked<std::optional<Row>> key_of(const Row& row) const;

    void insert(Row key, RowVersion& version);
    void remove(const RowVersion& version);

    /// Versions whose key begins with these values, by key, then heap order.
    std::vector<RowVersion*> find(const Row& prefix) const;
    /// Versions whose key is in the range, in heap order.
    std::vector<RowVersion*> find(const KeyRange& range) const;

    std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        Row key;
        std::uint64_t version;
    };
    struct EntryOrder {
        using is_transparent = void;
        bool operator()(const Entry& left, const Entry& right) const;
        bool operator()(const Entry& entry, const Row& prefix) const;
        bool operator()(const Row& prefix, const Entry& entry) const;
    };

    std::shared_ptr<const IndexDefinition> definition_;
    std::map<Entry, RowVersion*, EntryOrder> entries_;
};

class Heap {
  public:
    explicit Heap(Oid oid) : oid_(oid) {}
    Heap(const Heap&) = delete;
    Heap& operator=(const Heap&) = delete;

    Oid oid() const { return oid_; }

    /// Adds a version, not yet in any index.
    RowVersion& insert(std::uint64_t id, Row values);
    /// Takes it out of the indexes too.
    void remove(RowVersion& version);

    /// In heap order. Stays valid while versions are added and others removed.
    const std::map<std::uint64_t, RowVersion>& versions() const { return versions_; }
    std::map<std::uint64_t, RowVersion>& versions() { return versions_; }
    RowVersion* find(std::uint64_t id);

    /// Null if there is none.
    Index* index(Oid index_oid);
    Index& add_index(std::shared_ptr<const IndexDefinition> definition);
    void drop_index(Oid index_oid) { indexes_.erase(index_oid); }
    const std::map<Oid, Index>& indexes() const { return indexes_; }

  private:
    /// About as many as PostgreSQL gets on a page.
    static constexpr std::uint64_t versions_of_page = 200;

    Oid oid_;
    std::uint64_t inserted_ = 0;
    std::map<std::uint64_t, RowVersion> versions_;
    std::map<Oid, Index> indexes_;
};

}  // namespace atlas::sim::models::postgres

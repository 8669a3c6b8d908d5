#pragma once
// SERIALIZABLE as PostgreSQL has it: snapshot isolation, and a watch over what transactions that
// overlap have read and written (Ports and Grittner, "Serializable Snapshot Isolation in
// PostgreSQL", VLDB 2012). Where a transaction that has overwritten what another had read has
// itself read what a third has overwritten, and the third is the first of them to commit, an order
// of all three may not exist: one of them fails with 40001.
//
// Scans and writes report here. For a transaction of another level each report is one comparison.

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <vector>

#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/mvcc/heap.hpp"
#include "sim/models/postgres/mvcc/transaction.hpp"
#include "sim/models/postgres/serializable/predicate_locks.hpp"
#include "sim/models/postgres/serializable/serializable_transaction.hpp"

namespace atlas::sim::models::postgres {

struct SerializableLimits {
    PredicateLockLimits locks = {};
    /// Committed transactions that are kept whole; what is older is summarised.
    std::size_t committed = 1000;
};

class SerializableTransactions {
  public:
    explicit SerializableTransactions(TransactionTable& transactions,
                                      SerializableLimits limits = {});
    SerializableTransactions(const SerializableTransactions&) = delete;
    SerializableTransactions& operator=(const SerializableTransactions&) = delete;
    ~SerializableTransactions();

    /// The transaction has just taken its snapshot. A read-only one that nothing can harm is not
    /// watched at all.
    void begin(Transaction& transaction, std::shared_ptr<LockOwner> session);

    // Errors of all these: 40001.

    /// A scan looks at every row of the table.
    Checked<> relation_read(Transaction& reader, Oid table) {
        return reader.serializable == nullptr ? Checked<>() : read_relation(reader, table);
    }
    /// A scan looks for keys of that range, be there any or not.
    Checked<> range_read(Transaction& reader, Oid index, const KeyRange& range) {
        return reader.serializable == nullptr ? Checked<>() : read_range(reader, index, range);
    }
    /// A scan has come upon this version, and sees it or not.
    Checked<> row_read(Transaction& reader, Oid table, const RowVersion& version, bool visible) {
        return reader.serializable == nullptr ? Checked<>()
                                              : read_row(reader, table, version, visible);
    }
    /// Before a version is ended; null before one is made from nothing.
    Checked<> row_write(Transaction& writer, Oid table, const RowVersion* version) {
        return writer.serializable == nullptr ? Checked<>() : write_row(writer, table, version);
    }
    /// Before a key that the row did not have before gets into an index, or is found to be taken.
    Checked<> key_write(Transaction& writer, Oid index, const Row& key) {
        return writer.serializable == nullptr ? Checked<>() : write_key(writer, index, key);
    }
    /// A row of that key in a unique index is ended: the key counts as read.
    void key_given_up(Transaction& writer, Oid index, Row key);
    /// Before a table is emptied or dropped.
    Checked<> table_write(Transaction& writer, Oid table) {
        return writer.serializable == nullptr ? Checked<>() : write_table(writer, table);
    }
    void index_dropped(Oid index, Oid table) { locks_.move_to_table(index, table); }
    /// All of the table's rows are others now: whoever has read some of it has read it.
    void rows_moved(Oid table) { locks_.widen_to_table(table); }

    /// The last chance to fail. After it the transaction commits.
    Checked<> before_commit(Transaction& transaction);
    void committed(Transaction& transaction);
    void rolled_back(Transaction& transaction);

    /// What is kept of one that is prepared: the tables and indexes that it has read from.
    static std::vector<Oid> relations_read(const Transaction& transaction);
    /// Watches one again that was prepared before a restart. Of its conflicts nothing is known, so
    /// it counts as having some on either side.
    void resume(Transaction& transaction, const std::vector<Oid>& relations_read);

    /// A READ ONLY DEFERRABLE transaction asks again and again, woken at each change.
    enum class Safety : std::uint8_t { safe, unsafe, undecided };
    Safety safety(const Transaction& transaction) const;
    void wait_for_safety(Transaction& transaction, bool waits);
    /// The processes whose transactions keep that session's snapshot undecided.
    std::vector<std::uint32_t> safe_snapshot_blockers(std::uint32_t process_id) const;
    /// Stops watching a transaction: its snapshot is safe, or it is given up for another.
    void stop_watching(Transaction& transaction);

    std::size_t watched() const { return all_.size(); }
    std::size_t locks() const { return locks_.size(); }

  private:
    using Watched = SerializableTransaction;

    // serializable.cpp
    Checked<> read_relation(Transaction& reader, Oid table);
    Checked<> read_range(Transaction& reader, Oid index, const KeyRange& range);
    Checked<> read_row(Transaction& reader, Oid table, const RowVersion& version, bool visible);
    Checked<> write_row(Transaction& writer, Oid table, const RowVersion* version);
    Checked<> write_key(Transaction& writer, Oid index, const Row& key);
    Checked<> write_table(Transaction& writer, Oid table);
    bool is_watched(Transaction& reader);
    Checked<> conflict_out(Transaction& reader, TransactionId writer);
    Checked<> conflict_with_forgotten(Watched& reader, TransactionId writer);
    Checked<> conflicts_in(Transaction& writer, const std::vector<Reader>& readers);
    Watched* find(TransactionId id) const;

    // conflicts.cpp
    Checked<> flag_conflict(Watched& reader, Watched& writer, const Watched& self);
    Checked<> flag_summarised_reader(CommitNumber committed_at, Watched& writer);
    Checked<> check_danger(Watched& reader, Watched& writer, const Watched& self) const;
    static bool is_dangerous_out(const Watched& reader, const Watched& writer);
    static bool is_dangerous_in(const Watched& reader, const Watched& writer);

    // ending.cpp
    void end(Watched& ending, bool commits);
    void settle_read_only(Watched& writer, bool commits);
    void settle_out_conflicts(Watched& ending, bool commits);
    void clear_old();
    void release(Watched& old, bool summarise);
    void release_reads(Watched& old);
    void summarise_oldest();
    void remove(Watched& gone);
    TransactionId horizon() const;

    TransactionTable& transactions_;
    SerializableLimits limits_;
    PredicateLocks locks_;
    /// In the order in which they began.
    std::list<Watched> all_;
    /// Committed ones, in that order.
    std::list<Watched*> finished_;
    std::map<TransactionId, Watched*> finished_by_id_;
    /// Of those that are summarised: the number that a transaction gave its row versions, and when
    /// the first of those committed that overwrote what it had read.
    std::map<TransactionId, CommitNumber> summarised_;
    CommitNumber last_commit_ = 0;
    /// Nothing that committed up to then can harm a writer that runs.
    CommitNumber can_clear_reads_through_ = 0;
    std::size_t writable_ = 0;
};

}  // namespace atlas::sim::models::postgres

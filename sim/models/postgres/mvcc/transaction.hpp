#pragma once
// Transactions and what they see: ids, snapshots, and which transactions are running. A rollback
// undoes its row versions at once, so an id that is not running is one that has committed.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/models/postgres/catalog/catalog.hpp"
#include "sim/models/postgres/locks/lock_table.hpp"
#include "sim/models/postgres/session.hpp"
#include "sim/models/postgres/wal/record.hpp"

namespace atlas::sim::models::postgres {

/// Never wraps round; 0 is none. The ids that PostgreSQL keeps for itself end at 2.
using TransactionId = std::uint64_t;
inline constexpr TransactionId no_transaction = 0;
/// What rows read from disk carry: committed before everything.
inline constexpr TransactionId frozen_transaction = 2;
inline constexpr TransactionId first_transaction = 700;

/// Counts the statements of one transaction, so that a statement does not see its own work.
using CommandId = std::uint32_t;

enum class IsolationLevel : std::uint8_t { read_committed, repeatable_read, serializable };

/// Which transactions had committed at one moment.
struct Snapshot {
    /// None of these ids or above had.
    TransactionId end = 0;
    /// Those below that were running, sorted.
    std::vector<TransactionId> running = {};

    bool has_committed(TransactionId id) const;
    /// All below this had committed.
    TransactionId horizon() const { return running.empty() ? end : running.front(); }
};

class Heap;
struct RowVersion;
struct SerializableTransaction;

/// One row version made or ended, or all of a table put aside, for undoing it.
struct Change {
    Oid table;
    RowVersion* made;   ///< Null for a DELETE.
    RowVersion* ended;  ///< Null for an INSERT.
    /// By TRUNCATE, which no snapshot outlasts.
    bool truncated = false;
    /// By a change of a column's type: the rows as they were, with their indexes.
    std::shared_ptr<Heap> put_aside = {};
};

/// LISTEN or UNLISTEN, to be done when the transaction commits.
struct ListenAction {
    enum class Kind : std::uint8_t { listen, unlisten, unlisten_all };
    Kind kind;
    std::string channel = {};
};

/// What a savepoint must restore.
struct Savepoint {
    std::string name;
    /// Of what it is in, if that had one.
    TransactionId id = no_transaction;
    std::size_t ids = 0;
    std::size_t changes = 0;
    std::size_t redo = 0;
    std::uint64_t locks = 0;
    std::size_t touched_heaps = 0;
    bool drops_storage = false;
    CatalogChanges catalog = {};
    /// As it was when the savepoint was made: restored when it ends.
    bool read_only = false;
    std::size_t listen_actions = 0;
    std::size_t notifications = 0;
};

enum class TransactionStatus : std::uint8_t {
    running,
    prepared,      ///< Its prepare record is in the log, or about to be.
    committing,    ///< Its commit record is in the log, or about to be.
    rolling_back,  ///< The same of a prepared transaction's rollback.
    committed,
    rolled_back,
};

struct Transaction {
    TransactionStatus status = TransactionStatus::running;
    IsolationLevel isolation = IsolationLevel::read_committed;
    bool read_only = false;
    /// SERIALIZABLE READ ONLY: waits for a snapshot that nothing can make an anomaly.
    bool deferrable = false;
    /// What is watched of it; null while there is nothing to watch.
    SerializableTransaction* serializable = nullptr;
    /// Of the innermost savepoint that has written; taken when first needed.
    TransactionId id = no_transaction;
    /// All of its ids that are still running: first its own, then its savepoints'.
    std::vector<TransactionId> ids = {};
    CommandId command = 0;
    /// Repeatable read and above: taken by the first statement and kept.
    std::shared_ptr<const Snapshot> snapshot = {};
    std::vector<Change> changes = {};
    RedoLog redo = {};
    /// Row versions that it has locked, each with the id that did: a prepared one keeps them.
    std::vector<std::pair<TransactionId, std::uint64_t>> locked_rows = {};
    CatalogChanges catalog = {};
    /// Tables whose heaps it has made, or changed otherwise than row by row: swept when it ends.
    std::vector<Oid> touched_heaps = {};
    /// It drops or empties tables or indexes: such a commit is never left to the log writer.
    bool drops_storage = false;
    /// It has taken values of a sequence that the log knows of: it is durable when they are.
    bool advanced_sequence = false;
    std::vector<Savepoint> savepoints = {};
    std::vector<ListenAction> listen_actions = {};
    /// Each channel and payload once.
    std::vector<Notification> notifications = {};
    std::int64_t started_at = 0;  ///< now(): microseconds since 2000-01-01.
    /// Keeps the locks until the commit is written, even if the session is gone.
    std::shared_ptr<LockOwner> locks = {};
    bool is_mine(TransactionId other) const;
};

/// Which transactions run, and from when on row versions are still seen by somebody.
class TransactionTable {
  public:
    explicit TransactionTable(LockTable& locks) : locks_(locks) {}

    /// Gives the transaction, or its innermost savepoint, an id, and the lock that others wait on.
    TransactionId assign_id(Transaction& transaction);

    /// Nobody can wait any more for the ids from that place on alone, but for the transaction.
    void release(Transaction& transaction, std::size_t first);

    /// Takes in a transaction that has its ids from before a restart.
    void adopt(Transaction& transaction);

    bool is_running(TransactionId id) const { return running_.contains(id); }
    /// The id of the transaction that a running id belongs to.
    TransactionId topmost(TransactionId id) const { return running_.at(id)->ids.front(); }

    std::shared_ptr<const Snapshot> take_snapshot();

    /// The ids are running no more.
    void end(const std::vector<TransactionId>& ids);

    /// Every snapshot in use, and every one to come, sees what committed below this.
    TransactionId horizon() const;

    TransactionId next_id() const { return next_; }
    void set_next_id(TransactionId next) {
        next_ = next;
        current_.reset();
    }

    const std::map<TransactionId, Transaction*>& running() const { return running_; }

  private:
    TransactionId give_id(Transaction& transaction);

    LockTable& locks_;
    TransactionId next_ = first_transaction;
    std::map<TransactionId, Transaction*> running_;
    /// The last snapshot taken, shared until a transaction starts or ends.
    std::shared_ptr<const Snapshot> current_;
    /// Those that may still be in use, oldest first.
    mutable std::vector<std::weak_ptr<const Snapshot>> in_use_;
};

}  // namespace atlas::sim::models::postgres

#pragma once
// What all sessions of a server share: catalog, rows, locks, running transactions, the log and the
// server's own tasks (log writer, checkpointer, watch over idle sessions).

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/models/postgres/catalog/catalog.hpp"
#include "sim/models/postgres/engine/statement_cache.hpp"
#include "sim/models/postgres/locks/lock_table.hpp"
#include "sim/models/postgres/mvcc/heap.hpp"
#include "sim/models/postgres/mvcc/transaction.hpp"
#include "sim/models/postgres/server.hpp"
#include "sim/models/postgres/settings.hpp"
#include "sim/models/postgres/wal/log.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::models::postgres {

class BackendSession;

class Engine {
  public:
    Engine(host::Host& host, ServerSettings settings, std::string data_directory);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Locks, recovers, makes a checkpoint, starts the server's tasks. See Server::open.
    host::Task<host::Result<void>> open();
    host::Task<> shutdown();

    host::Host& host() { return host_; }
    const ServerSettings& settings() const { return settings_; }
    LockTable& locks() { return locks_; }
    TransactionTable& transactions() { return transactions_; }
    const Catalog& catalog() const { return catalog_; }
    StatementCache& statements() { return statements_; }

    // transactions.cpp
    /// Returns when the commit is durable (as far as `level` asks for) and visible.
    host::Task<> commit(std::shared_ptr<Transaction> transaction, SynchronousCommit level);
    void roll_back(Transaction& transaction);
    /// Undoes what came after the savepoint of that place in the list, which stays.
    void roll_back_to(Transaction& transaction, std::size_t savepoint);

    Heap& heap(Oid table);
    Heap& make_heap(Transaction& transaction, Oid table);
    Oid next_oid() { return next_oid_++; }
    std::uint64_t next_version() { return next_version_++; }

    host::Result<CommittedRows> read_committed_rows(std::string_view table) const;

    // sessions.cpp
    /// Errors: 53300, 57P03.
    Checked<std::uint32_t> admit();
    void add_session(BackendSession& session);
    void remove_session(BackendSession& session);
    void request_cancel(std::uint32_t process_id, std::uint32_t secret);
    std::vector<IdleTransaction> idle_transactions() const;
    /// A session's idle deadline has been set.
    void watch_idle(host::Deadline deadline);

    /// Says something in the host's log.
    void log(host::LogLevel level, std::string_view message, std::string detail);

  private:
    class Replayer;

    // recovery.cpp
    host::Task<host::Result<void>> recover();
    host::Task<host::Result<std::string>> read_checkpoint();
    host::Result<LogPosition> load_checkpoint(std::string_view bytes);
    host::Result<void> finish_recovery();

    // checkpoint.cpp
    std::string encode_checkpoint(LogPosition redo) const;
    host::Task<host::Result<void>> write_checkpoint(std::string bytes);
    host::Task<host::Result<void>> checkpoint();
    host::Task<> run_checkpointer();

    // transactions.cpp
    void on_log_flushed();
    void finish_commit(Transaction& transaction);
    void undo_changes(Transaction& transaction, std::size_t down_to);
    void sweep_heaps(Transaction& transaction, const CatalogChanges& changed,
                     const CatalogView& view);
    void remove_garbage();
    /// Whether its changes are, or are about to be, part of the committed state.
    bool is_in_log(TransactionId id) const;
    bool is_in_log(const RowVersion& version) const;

    host::Task<> run_idle_watch();

    struct PendingCommit {
        LogPosition end;
        std::shared_ptr<Transaction> transaction;
    };
    /// A version that nobody will see once everybody sees that transaction.
    struct Garbage {
        TransactionId ended_by;
        Oid table;
        std::uint64_t version;
    };

    host::Host& host_;
    ServerSettings settings_;
    std::string directory_;
    std::unique_ptr<host::DirectoryLock> directory_lock_;

    LockTable locks_;
    TransactionTable transactions_;
    Catalog catalog_;
    std::map<Oid, std::unique_ptr<Heap>> heaps_;
    std::deque<Garbage> garbage_;
    Oid next_oid_ = first_user_oid;
    std::uint64_t next_version_ = 1;
    StatementCache statements_;

    LogWriter log_;
    std::deque<PendingCommit> pending_commits_;
    LogPosition checkpoint_position_ = 0;
    std::uint64_t checkpoint_size_ = 0;
    host::Event checkpoint_wanted_;

    std::map<std::uint32_t, BackendSession*> sessions_;
    std::uint32_t next_process_id_ = 100;
    bool shutting_down_ = false;
    host::Event shutdown_begun_;
    host::WaitList session_ended_;
    host::Event idle_changed_;
    host::Deadline idle_watch_until_ = host::Deadline::never();

    /// Last, so that it is the first to go: its tasks use all the above.
    host::TaskGroup tasks_;
    /// Apart, because a shutdown waits for the checkpoint under way before it makes its own.
    host::TaskGroup checkpointer_;
};

}  // namespace atlas::sim::models::postgres

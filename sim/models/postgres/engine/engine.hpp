#pragma once
// What all sessions of a server share: catalog, rows, locks, running transactions, the log and the
// server's own tasks (log writer, checkpointer, watch over idle sessions).

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/models/postgres/catalog/catalog.hpp"
#include "sim/models/postgres/engine/statement_cache.hpp"
#include "sim/models/postgres/locks/lock_table.hpp"
#include "sim/models/postgres/mvcc/heap.hpp"
#include "sim/models/postgres/mvcc/transaction.hpp"
#include "sim/models/postgres/replication/conninfo.hpp"
#include "sim/models/postgres/replication/follower.hpp"
#include "sim/models/postgres/replication/messages.hpp"
#include "sim/models/postgres/replication/synchronous_standbys.hpp"
#include "sim/models/postgres/serializable/serializable.hpp"
#include "sim/models/postgres/server.hpp"
#include "sim/models/postgres/settings.hpp"
#include "sim/models/postgres/wal/checkpoint_file.hpp"
#include "sim/models/postgres/wal/log.hpp"
#include "sim/models/postgres/wal/log_record.hpp"
#include "system/host/semaphore.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::models::postgres {

class BackendSession;
class ReplicationConnection;

/// The role that may do everything.
inline constexpr std::string_view superuser = "postgres";

/// Where a sequence has got to.
struct SequenceState {
    std::int64_t last = 1;
    bool called = false;
    /// How many values may be taken before the log must be told again.
    std::int64_t ahead = 0;
};

class Engine {
  public:
    Engine(host::Host& host, ServerSettings settings, std::string data_directory);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Locks, recovers, makes a checkpoint, starts the server's tasks. See Server::open.
    host::Task<host::Result<void>> open();
    host::Task<> shutdown();

    /// Whether anybody is let in at all. Errors: 57P03 before open() and after shutdown() has
    /// begun.
    Checked<> check_accepting() const;

    host::Host& host() { return host_; }
    /// By the machine's clock.
    host::UtcTime started_at() const { return started_at_; }
    const ServerSettings& settings() const { return settings_; }
    LockTable& locks() { return locks_; }
    TransactionTable& transactions() { return transactions_; }
    SerializableTransactions& serializable() { return serializable_; }
    const Catalog& catalog() const { return catalog_; }
    StatementCache& statements() { return statements_; }

    // transactions.cpp
    /// Returns when the commit is durable (as far as `level` asks for) and visible. If the wait for
    /// standbys was cut short, what did it: the commit stands all the same.
    host::Task<Interrupt> commit(std::shared_ptr<Transaction> transaction, SynchronousCommit level);
    void roll_back(Transaction& transaction);
    /// Makes what came after the savepoint of that place in the list a part of what it is in.
    void release(Transaction& transaction, std::size_t savepoint);
    /// Undoes what came after the savepoint of that place in the list, which stays.
    void roll_back_to(Transaction& transaction, std::size_t savepoint);

    // two_phase.cpp
    /// PREPARE TRANSACTION: returns when the transaction outlives any crash. Its locks are its own
    /// from then on. Errors, with nothing done: 0A000, 22023, 42710, 53200, 55000.
    host::Task<Checked<Interrupt>> prepare(std::shared_ptr<Transaction> transaction,
                                           PreparedRecord name, SynchronousCommit level);
    /// COMMIT PREPARED and ROLLBACK PREPARED. Errors: 0A000, 42501, 42704, 55000.
    /// Unlike COMMIT, their wait for standbys ends with the statement's time.
    host::Task<Checked<Interrupt>> finish_prepared(std::string gid, bool commit, std::string user,
                                                   std::string database,
                                                   std::shared_ptr<LockOwner> session,
                                                   SynchronousCommit level,
                                                   host::Deadline statement);
    /// In the order of their identifiers.
    std::vector<const PreparedRecord*> prepared_transactions() const;

    // transactions.cpp
    Heap& heap(Oid table);
    Heap& make_heap(Transaction& transaction, Oid table);
    /// An empty one in its place, for rows of another shape: no snapshot that is older sees any.
    Heap& replace_heap(Transaction& transaction, Oid table);
    Oid next_oid() { return next_oid_++; }
    std::uint64_t next_version() { return next_version_++; }

    // sequences.cpp
    SequenceState& sequence(const SequenceDefinition& definition);
    /// The value that recovery begins behind. The transaction's commit waits for it.
    void log_sequence(Transaction& transaction, Oid storage, std::int64_t value, bool called);

    host::Result<CommittedRows> read_committed_rows(std::string_view table) const;

    // sessions.cpp
    /// For who is known, by a server that accepts. Errors: 53300.
    Checked<std::uint32_t> admit(std::string_view user);
    void add_session(BackendSession& session);
    void remove_session(BackendSession& session);
    void request_cancel(std::uint32_t process_id, std::uint32_t secret);
    std::vector<IdleTransaction> idle_transactions() const;
    /// A session's idle deadline has been set.
    void watch_idle(host::Deadline deadline);

    // standbys.cpp: those that follow this server
    /// As admit().
    Checked<std::uint32_t> admit_follower();
    void add_follower(Follower& follower);
    void remove_follower(Follower& follower);
    const std::vector<Follower*>& followers() const { return followers_; }
    /// In the order of followers().
    std::vector<StandbyProgress> progress_of_followers() const;
    /// One of them has told how far it is.
    void follower_moved();
    const SynchronousStandbys& synchronous_standbys() const { return synchronous_; }
    /// The log that followers may have: all that is durable here, or has been replayed.
    LogPosition sendable() const { return in_recovery_ ? replayed_ : log_.flushed(); }
    /// Wakes when that has grown, on a promotion, and at shutdown.
    host::WaitList& log_moved() { return log_moved_; }
    /// Bytes from a position that this server's history has; nullopt if they have been removed.
    host::Task<host::Result<std::optional<std::string>>> read_sendable(LogPosition from,
                                                                       std::size_t most);
    const TimelineHistory& history() const { return history_; }
    std::uint64_t system_identifier() const { return system_identifier_; }
    bool is_shutting_down() const { return phase_ == Phase::shutting_down; }
    /// At shutdown: nothing more will be written.
    bool has_ended_sessions() const { return shutdown_begun_.is_set(); }
    std::string data_directory() const { return directory_; }
    /// A checkpoint of now for a new follower, and where its log begins. Errors: the disk's.
    host::Task<std::string> make_backup();
    /// What pg_control_checkpoint() tells.
    struct LastCheckpoint {
        LogPosition position = 0;
        Timeline timeline = first_timeline;
        std::int64_t time = 0;
        TransactionId next_transaction = 0;
        Oid next_oid = 0;
    };
    const LastCheckpoint& last_checkpoint() const { return last_checkpoint_; }

    // slots.cpp: 42710, 42704, 42602, 53400, 55006
    struct Slot {
        std::uint32_t active_process = 0;  ///< 0: nobody uses it.
        LogPosition restart = 0;           ///< 0: not used yet.
    };
    /// With `reserves_log`, the log from the last checkpoint on is kept at once.
    host::Task<Checked<>> create_slot(std::string name, bool reserves_log = false);
    host::Task<Checked<>> drop_slot(std::string name);
    const std::map<std::string, Slot>& slots() const { return slots_; }
    /// Null if there is none.
    Slot* find_slot(const std::string& name);

    // following.cpp: what this server does while it follows another one
    bool in_recovery() const { return in_recovery_; }
    struct LogState {
        LogPosition inserted = 0;
        LogPosition written = 0;
        LogPosition flushed = 0;
        std::optional<LogPosition> received = {};
        std::optional<LogPosition> replayed = {};
        std::optional<std::int64_t> last_replayed_at = {};
    };
    LogState log_state() const;
    struct ReceiverState {
        std::uint32_t process_id = 0;
        std::string conninfo = {};
        std::string slot = {};
        std::string host = {};
        std::uint16_t port = 0;
        LogPosition start = 0;
        Timeline start_timeline = 0;
        std::optional<std::int64_t> last_sent_at = {};
        std::optional<std::int64_t> last_received_at = {};
        LogPosition sender_end = 0;
    };
    /// Set while it is connected.
    const std::optional<ReceiverState>& receiver() const { return receiver_; }
    void request_promotion();

    // checkpoint.cpp
    /// CHECKPOINT: returns when one that has begun after the call is on disk.
    /// Errors: XX000 (it failed; the old one and the log are whole), 57014, 57P01.
    host::Task<Checked<>> request_checkpoint(LockOwner& owner, WaitLimits limits);

    // configuration.cpp
    /// ALTER SYSTEM; nullopt resets. An empty name resets all. Errors: 58030.
    host::Task<Checked<>> alter_system(std::string name, std::optional<std::string> value);
    /// Reads the files again; what can change at run time does.
    host::Task<host::Result<void>> reload();

    /// Says something in the host's log.
    void log(host::LogLevel level, std::string_view message, std::string detail);

  private:
    class Replayer;
    class PreparedReplayer;

    struct PreparedTransaction {
        PreparedRecord record;
        /// Null until recovery has ended: then its changes are undecided ones, and its locks held.
        std::shared_ptr<Transaction> transaction;
        /// Its record is on disk: it is there for everybody.
        bool valid = false;
        /// PREPARE TRANSACTION has not returned yet: nobody may finish it.
        bool busy = false;
        /// On a follower: those of its locks that keep readers out.
        std::shared_ptr<LockOwner> locks = {};
    };

    // recovery.cpp
    host::Task<host::Result<void>> recover();
    host::Task<host::Result<std::string>> read_checkpoint();
    host::Result<CheckpointFile> load_checkpoint(std::string_view bytes);
    host::Result<void> finish_recovery();
    bool replay_record(std::string_view payload, LogPosition end);
    bool replay_finish(std::string_view gid, bool commit);
    bool replay_operations(std::string_view redo);

    // checkpoint.cpp
    std::string encode_checkpoint(LogPosition redo, bool is_backup = false);
    std::string encode_prepared_transactions() const;
    LastCheckpoint checkpoint_of_now(LogPosition redo) const;
    host::Task<host::Result<void>> write_checkpoint(std::string bytes);
    host::Task<host::Result<void>> remove_old_segments();
    host::Task<host::Result<void>> checkpoint();
    host::Task<> run_checkpointer();

    // sequences.cpp
    /// Of definitions that are no more.
    void forget_sequences(const CatalogChanges& before, const CatalogView& view);

    // transactions.cpp
    void on_log_flushed();
    LogPosition append_record(LogRecordKind kind, std::string_view body, bool wait,
                              bool definitions = false);
    void finish_commit(Transaction& transaction);
    void deliver_notifications(Transaction& transaction);
    void end_rollback(Transaction& transaction);

    // two_phase.cpp
    Checked<> check_prepared_name(const std::string& gid) const;
    Checked<PreparedTransaction*> find_prepared(const std::string& gid, const std::string& user,
                                                const std::string& database);
    host::Result<void> resume_prepared();
    host::Result<void> resume(PreparedTransaction& prepared);
    void renumber(PreparedRecord& record);
    /// Those that keep even readers out of a table.
    static std::vector<LockTag> strongest_locks(const PreparedRecord& record);
    void hold_strongest_locks(PreparedTransaction& prepared);
    /// A row version has been replaced (0: deleted) by a transaction that committed: the locks that
    /// prepared transactions have on it go along.
    void move_prepared_locks(std::uint64_t version, std::uint64_t newer);
    /// The version that a lock is on, as the log has it by now.
    LoggedRowLock located(LoggedRowLock lock) const;

    // transactions.cpp
    void undo_changes(Transaction& transaction, std::size_t down_to);
    void widen_reads(const Heap& heap);
    void note_garbage(const Heap& heap);
    /// With the rows that were put aside by transactions that are not over. Those whose end is in
    /// line to be written count as over if `in_log`.
    const Heap& settled_heap(Oid table, bool in_log) const;
    /// Drops heaps and indexes of those tables that none of the views shows, and makes their rows
    /// no wider than what these show.
    void sweep_heaps(const std::set<Oid>& tables, const std::vector<CatalogView>& views);
    void remove_garbage();
    /// Whether its changes are, or are about to be, part of the committed state.
    bool is_in_log(TransactionId id) const;
    bool is_in_log(const RowVersion& version) const;

    // sessions.cpp
    host::Task<> run_idle_watch();

    // transactions.cpp; standbys.cpp for those that wait for them
    enum class Pending : std::uint8_t { commit, prepare, commit_prepared, rollback_prepared };
    /// What waits for its record to be on disk, here and then with standbys.
    struct PendingRecord {
        PendingRecord(host::Host& host, LogPosition record_end, Pending record_kind,
                      std::shared_ptr<Transaction> of, SynchronousCommit commit_level,
                      std::string identifier = {})
            : end(record_end),
              kind(record_kind),
              transaction(std::move(of)),
              level(commit_level),
              gid(std::move(identifier)),
              done(host) {}

        LogPosition end;
        Pending kind;
        std::shared_ptr<Transaction> transaction;
        SynchronousCommit level;
        std::string gid;  ///< Of a prepared transaction.
        bool at_standbys = false;
        bool finished = false;
        /// Set at every change of those.
        host::Event done;
    };
    using PendingRecordPtr = std::shared_ptr<PendingRecord>;

    host::Task<Interrupt> wait_for(PendingRecordPtr record, std::shared_ptr<LockOwner> session,
                                   host::Deadline statement = host::Deadline::never());
    bool waits_for_standbys(const PendingRecord& record) const;
    void release_waiting();
    void finish(PendingRecord& record);

    // following.cpp
    host::Task<> run_following();
    host::Task<> run_replay();
    host::Task<> follow();
    host::Task<host::Result<void>> follow_once(Conninfo conninfo);
    host::Task<host::Result<void>> stream_from(ReplicationConnection& connection);
    host::Task<> receive_log(ReplicationConnection& connection, host::Result<void>& outcome);
    host::Task<> report_status(ReplicationConnection& connection);
    host::Result<void> take_records(std::string& bytes, LogPosition& position);
    host::Task<host::Result<void>> fetch_histories(ReplicationConnection& connection,
                                                   Timeline newest);
    host::Task<std::string> payload_to_replay();
    host::Task<> clear_conflicts(std::string_view payload);
    host::Task<> take_from_sessions(LockTag tag, host::Deadline limit);
    void cancel_holders(const LockTag& tag);
    host::Task<> promote();
    host::Task<host::Result<TimelineHistory>> read_history(Timeline timeline);
    StandbyStatus standby_status(bool reply_requested) const;

    // configuration.cpp
    host::Task<host::Result<void>> load_configuration();
    host::Task<host::Result<void>> reload_now();
    void configuration_changed();

    // slots.cpp
    host::Task<host::Result<void>> load_slots();
    host::Task<host::Result<void>> save_slots();

    /// A version that nobody will see once everybody sees that transaction.
    struct Garbage {
        TransactionId ended_by;
        Oid table;
        std::uint64_t version;
    };

    host::Host& host_;
    host::UtcTime started_at_;
    /// As the server was given them; the files beside the data come on top.
    ServerSettings given_settings_;
    ServerSettings settings_;
    std::string directory_;
    std::unique_ptr<host::DirectoryLock> directory_lock_;

    LockTable locks_;
    TransactionTable transactions_;
    SerializableTransactions serializable_;
    Catalog catalog_;
    std::map<Oid, std::shared_ptr<Heap>> heaps_;
    std::map<Oid, SequenceState> sequences_;  // by SequenceDefinition::storage
    std::deque<Garbage> garbage_;
    Oid next_oid_ = first_user_oid;
    std::uint64_t next_version_ = 1;
    StatementCache statements_;

    LogWriter log_;
    std::deque<PendingRecordPtr> pending_records_;
    std::deque<PendingRecordPtr> waiting_for_standbys_;
    std::map<std::string, PreparedTransaction, std::less<>> prepared_;
    LastCheckpoint last_checkpoint_;
    std::uint64_t checkpoint_size_ = 0;
    host::Event checkpoint_wanted_;
    /// Counted since the start.
    struct Checkpoints {
        std::uint64_t wanted = 0;  ///< The one that somebody waits for.
        std::uint64_t begun = 0;
        std::uint64_t ended = 0;
        std::uint64_t failed = 0;
        std::vector<LockOwner*> waiting = {};
    };
    Checkpoints checkpoints_;

    std::uint64_t system_identifier_ = 0;
    TimelineHistory history_;
    SynchronousStandbys synchronous_;
    std::vector<Follower*> followers_;
    host::WaitList log_moved_;
    host::WaitList follower_left_;
    /// Whoever reads or writes the configuration's file has it: what is in force is never older
    /// than what was.
    host::Semaphore configuration_access_;
    /// The same for the file of slots.
    host::Semaphore slots_access_;
    std::map<std::string, Slot> slots_;
    /// There is a file of them.
    bool slots_saved_ = false;

    bool in_recovery_ = false;
    LogPosition replayed_ = 0;
    std::uint64_t replayed_link_ = 0;
    /// It has followed another server in this life; what it showed of that it goes on showing.
    bool was_follower_ = false;
    /// A stream has brought something in this life, up to there when it was promoted.
    bool has_received_ = false;
    LogPosition received_ = 0;
    std::optional<std::int64_t> last_replayed_at_;
    /// Replay by one record at a time, seen by sessions: not before the server is open.
    bool replay_is_seen_ = false;
    struct Received {
        LogPosition start;
        LogPosition end;
        /// None if it is read again when its turn comes: the log may grow long while replay waits.
        std::optional<std::string> payload;
        std::uint64_t next_link;
        host::TimePoint at;
    };
    std::deque<Received> to_replay_;
    /// Of payloads in there.
    std::size_t bytes_to_replay_ = 0;
    host::WaitList replay_wanted_;
    std::shared_ptr<LockOwner> recovery_locks_;
    std::optional<ReceiverState> receiver_;
    bool promotion_wanted_ = false;
    bool conninfo_changed_ = false;
    /// Wakes run_following(): one of the two.
    host::Event attention_;
    host::Event status_wanted_;
    bool reply_wanted_ = false;

    std::map<std::uint32_t, BackendSession*> sessions_;
    std::uint32_t next_process_id_ = 100;
    enum class Phase : std::uint8_t { starting, replaying, open, shutting_down };
    Phase phase_ = Phase::starting;
    host::Event shutdown_begun_;
    host::WaitList session_ended_;
    host::Event idle_changed_;
    host::Deadline idle_watch_until_ = host::Deadline::never();

    /// Last, so that it is the first to go: its tasks use all the above.
    host::TaskGroup tasks_;
    /// What run_following() has under way.
    host::TaskGroup following_;
    /// Apart, because a shutdown waits for the checkpoint under way before it makes its own.
    host::TaskGroup checkpointer_;
};

}  // namespace atlas::sim::models::postgres

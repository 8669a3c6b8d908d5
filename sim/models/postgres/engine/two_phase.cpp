// Two-phase commit: transactions that are prepared, and what ends them. A prepared transaction has
// left its session: its changes stay undecided and its locks held until somebody commits it or
// rolls it back, by way of as many restarts as there are.

#include <algorithm>

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/mvcc/heap.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

namespace {

/// PostgreSQL's GIDSIZE, less the end of the string.
constexpr std::size_t longest_identifier = 199;
/// The locks of prepared transactions belong to no process.
constexpr std::uint32_t no_process = 0;

std::unexpected<Failure> with_hint(std::unexpected<Failure> error, std::string hint) {
    error.error()->hint = std::move(hint);
    return error;
}

LockTag tag_of(const LoggedLock& lock) {
    return {LockKind{lock.kind}, lock.first, lock.second};
}

// The queue for a row and the transactions' own ids are not kept: ids are taken anew.
bool is_logged(const LockTag& tag) {
    return tag.kind != LockKind::transaction && tag.kind != LockKind::row;
}

}  // namespace

Checked<> Engine::check_prepared_name(const std::string& gid) const {
    if (gid.size() > longest_identifier) {
        return sql_error("22023", fmt::format("transaction identifier \"{}\" is too long", gid));
    }
    const std::uint32_t most = settings_.max_prepared_transactions;
    if (most == 0) {
        return with_hint(sql_error("55000", "prepared transactions are disabled"),
                         "Set max_prepared_transactions to a nonzero value.");
    }
    if (prepared_.contains(gid)) {
        return sql_error("42710",
                         fmt::format("transaction identifier \"{}\" is already in use", gid));
    }
    if (prepared_.size() >= most) {
        return with_hint(sql_error("53200", "maximum number of prepared transactions reached"),
                         fmt::format("Increase max_prepared_transactions (currently {}).", most));
    }
    return {};
}

Task<Checked<Interrupt>> Engine::prepare(std::shared_ptr<Transaction> transaction,
                                         PreparedRecord record, SynchronousCommit level) {
    const std::shared_ptr<LockOwner> session = transaction->locks;
    SQL_CO_CHECK(check_prepared_name(record.gid));
    if (transaction->ids.empty()) transactions_.assign_id(*transaction);
    auto owner = std::make_shared<LockOwner>(locks_, no_process);
    const auto locks = locks_.hand_over(*transaction->locks, *owner);
    if (!locks) {
        co_return sql_error("0A000",
                            "cannot PREPARE while holding both session-level and transaction-level "
                            "locks on the same object");
    }
    record.ids = transaction->ids;
    record.redo = transaction->redo.bytes();
    if (transaction->serializable != nullptr) {
        record.is_watched = true;
        record.reads = SerializableTransactions::relations_read(*transaction);
    }
    for (const auto& [tag, mode] : *locks) {
        if (!is_logged(tag)) continue;
        record.locks.push_back({static_cast<std::uint8_t>(tag.kind), tag.first, tag.second,
                                static_cast<std::uint8_t>(mode)});
    }
    for (const auto& [holder, version] : transaction->locked_rows) {
        if (!transaction->is_mine(holder)) continue;
        for (const auto& [oid, heap] : heaps_) {
            const RowVersion* row = heap->find(version);
            if (row == nullptr) continue;
            for (const RowLock& lock : row->locks) {
                if (lock.holder != holder) continue;
                record.row_locks.push_back(
                    {holder, oid, version, static_cast<std::uint8_t>(lock.strength)});
            }
        }
    }
    const bool keeps_readers_out = !strongest_locks(record).empty();
    transaction->locks = std::move(owner);
    transaction->snapshot.reset();
    transaction->savepoints.clear();
    transaction->status = TransactionStatus::prepared;
    Encoder encoder;
    encode_prepared(encoder, record);
    const std::string gid = record.gid;
    prepared_.emplace(
        gid,
        PreparedTransaction{.record = std::move(record), .transaction = transaction, .busy = true});
    const LogPosition end =
        append_record(LogRecordKind::prepare, encoder.bytes(), true, keeps_readers_out);
    const auto pending =
        std::make_shared<PendingRecord>(host_, end, Pending::prepare, transaction, level, gid);
    pending_records_.push_back(pending);
    const Interrupt cut_short = co_await wait_for(pending, session);
    co_return cut_short;
}

Checked<Engine::PreparedTransaction*> Engine::find_prepared(const std::string& gid,
                                                            const std::string& user,
                                                            const std::string& database) {
    const auto found = prepared_.find(gid);
    if (found == prepared_.end() || !found->second.valid) {
        return sql_error(
            "42704",
            fmt::format("prepared transaction with identifier \"{}\" does not exist", gid));
    }
    PreparedTransaction& prepared = found->second;
    if (prepared.busy || prepared.transaction->status != TransactionStatus::prepared) {
        return sql_error("55000",
                         fmt::format("prepared transaction with identifier \"{}\" is busy", gid));
    }
    if (user != prepared.record.owner && user != superuser) {
        return with_hint(sql_error("42501", "permission denied to finish prepared transaction"),
                         "Must be superuser or the user that prepared the transaction.");
    }
    if (database != prepared.record.database) {
        return with_hint(
            sql_error("0A000", "prepared transaction belongs to another database"),
            "Connect to the database where the transaction was prepared to finish it.");
    }
    return &prepared;
}

Task<Checked<Interrupt>> Engine::finish_prepared(std::string gid, bool commit, std::string user,
                                                 std::string database,
                                                 std::shared_ptr<LockOwner> session,
                                                 SynchronousCommit level,
                                                 host::Deadline statement) {
    SQL_CO_TRY(PreparedTransaction * prepared, find_prepared(gid, user, database));
    const std::shared_ptr<Transaction> transaction = prepared->transaction;
    transaction->status = commit ? TransactionStatus::committing : TransactionStatus::rolling_back;
    const LogPosition end =
        append_record(commit ? LogRecordKind::commit_prepared : LogRecordKind::rollback_prepared,
                      gid, true, commit && !transaction->catalog.empty());
    const auto pending = std::make_shared<PendingRecord>(
        host_, end, commit ? Pending::commit_prepared : Pending::rollback_prepared, transaction,
        level, std::move(gid));
    pending_records_.push_back(pending);
    const Interrupt cut_short = co_await wait_for(pending, session, statement);
    co_return cut_short;
}

std::vector<const PreparedRecord*> Engine::prepared_transactions() const {
    std::vector<const PreparedRecord*> found;
    for (const auto& [gid, prepared] : prepared_) {
        // A follower has them for the day when it is promoted, and shows none, as PostgreSQL's do.
        if (prepared.valid && !in_recovery_) found.push_back(&prepared.record);
    }
    return found;
}

// Puts what a prepared transaction did back into the heaps, undecided, and into its own view of the
// catalog.
class Engine::PreparedReplayer : public RedoTarget {
  public:
    PreparedReplayer(Engine& engine, Transaction& transaction)
        : engine_(engine), transaction_(transaction) {}

    void insert(Oid table, std::uint64_t version, Row values) override {
        Heap* heap = find(table);
        if (heap == nullptr || heap->find(version) != nullptr) {
            consistent_ = false;
            return;
        }
        RowVersion& made = heap->insert(version, std::move(values));
        made.made_by = transaction_.ids.front();
        for (const auto& [oid, known] : heap->indexes()) {
            Index& index = *heap->index(oid);
            Checked<std::optional<Row>> key = index.key_of(made.values);
            if (key && *key) index.insert(**std::move(key), made);
        }
        transaction_.changes.push_back({.table = table, .made = &made, .ended = nullptr});
    }

    void remove(Oid table, std::uint64_t version, std::uint64_t newer,
                RowLockStrength strength) override {
        Heap* heap = find(table);
        RowVersion* found = heap == nullptr ? nullptr : heap->find(version);
        if (found == nullptr) {
            consistent_ = false;
            return;
        }
        found->ended_by = transaction_.ids.front();
        found->ended_how = strength;
        found->newer = heap->find(newer);
        transaction_.changes.push_back({.table = table, .made = nullptr, .ended = found});
    }

    void put_table(TableDefinition table) override {
        auto& heap = engine_.heaps_[table.oid];
        if (heap == nullptr) heap = std::make_unique<Heap>(table.oid);
        transaction_.touched_heaps.push_back(table.oid);
        for (auto& [id, version] : heap->versions()) {
            for (std::size_t i = version.values.size(); i < table.columns.size(); ++i)
                version.values.push_back(table.columns[i].missing_value);
        }
        for (const auto& definition : table.indexes) {
            if (heap->index(definition->oid) != nullptr) continue;
            Index& index = heap->add_index(definition);
            for (auto& [id, version] : heap->versions()) {
                Checked<std::optional<Row>> key = index.key_of(version.values);
                if (key && *key) index.insert(**std::move(key), version);
            }
        }
        if (table.sequence) engine_.sequence(*table.sequence);
        const TablePtr before =
            CatalogView(engine_.catalog_, transaction_.catalog).find_table(table.oid);
        const std::string name = table.name;
        if (before != nullptr && before->name != name)
            transaction_.catalog.insert_or_assign(before->name, nullptr);
        transaction_.catalog.insert_or_assign(
            name, std::make_shared<const TableDefinition>(std::move(table)));
    }

    void drop_table(Oid, const std::string& name) override {
        transaction_.drops_storage = true;
        transaction_.catalog.insert_or_assign(name, nullptr);
    }

    void rewrite_table(Oid table) override {
        consistent_ &= find(table) != nullptr;
        if (consistent_) engine_.replace_heap(transaction_, table);
    }

    void set_sequence(Oid storage, std::int64_t value, bool called) override {
        engine_.sequences_.insert_or_assign(storage, SequenceState{value, called});
    }

    bool consistent() const { return consistent_; }

  private:
    Heap* find(Oid table) {
        const auto found = engine_.heaps_.find(table);
        return found == engine_.heaps_.end() ? nullptr : found->second.get();
    }

    Engine& engine_;
    Transaction& transaction_;
    bool consistent_ = true;
};

// A follower's replay has given ids of its own to the rows that it made. Those that a prepared
// transaction had on the primary may be among them, and its snapshots would see it as committed.
void Engine::renumber(PreparedRecord& record) {
    std::map<TransactionId, TransactionId> renumbered;
    for (std::uint64_t& id : record.ids) {
        const TransactionId fresh = transactions_.next_id();
        transactions_.set_next_id(fresh + 1);
        renumbered.emplace(id, fresh);
        id = fresh;
    }
    for (LoggedRowLock& lock : record.row_locks)
        lock.holder = renumbered.at(lock.holder);
}

std::vector<LockTag> Engine::strongest_locks(const PreparedRecord& record) {
    std::vector<LockTag> strongest;
    for (const LoggedLock& lock : record.locks) {
        const LockTag tag = tag_of(lock);
        const bool is_strongest = TableLockMode{lock.mode} == TableLockMode::access_exclusive;
        if (tag.kind == LockKind::relation && is_strongest) strongest.push_back(tag);
    }
    return strongest;
}

// As PostgreSQL's followers do: the others matter only to those that write.
void Engine::hold_strongest_locks(PreparedTransaction& prepared) {
    prepared.locks = std::make_shared<LockOwner>(locks_, no_process);
    for (const LockTag& tag : strongest_locks(prepared.record))
        locks_.take_anyway(*prepared.locks, tag, TableLockMode::access_exclusive);
}

Result<void> Engine::resume(PreparedTransaction& prepared) {
    if (replay_is_seen_) renumber(prepared.record);
    const PreparedRecord& record = prepared.record;
    const auto damaged = [&] {
        return failure(ErrorCode::data_corrupted,
                       fmt::format("the prepared transaction \"{}\" is damaged", record.gid));
    };
    auto transaction = std::make_shared<Transaction>();
    transaction->status = TransactionStatus::prepared;
    transaction->ids = record.ids;
    transaction->locks = std::exchange(prepared.locks, nullptr);
    if (transaction->locks == nullptr)
        transaction->locks = std::make_shared<LockOwner>(locks_, no_process);
    transactions_.adopt(*transaction);
    for (const LoggedLock& lock : record.locks) {
        const LockTag tag = tag_of(lock);
        const TableLockMode mode{lock.mode};
        // A reader of the follower that this was may have one that stands against it, and finish:
        // it reads what it sees, and it cannot write.
        if (!locks_.is_held(*transaction->locks, tag, mode))
            locks_.take_anyway(*transaction->locks, tag, mode);
    }
    PreparedReplayer replayer(*this, *transaction);
    if (!replay(record.redo, replayer) || !replayer.consistent()) return damaged();
    for (const LoggedRowLock& lock : record.row_locks) {
        const auto heap = heaps_.find(lock.table);
        RowVersion* row = heap == heaps_.end() ? nullptr : heap->second->find(lock.version);
        if (row == nullptr) return damaged();
        row->locks.push_back({lock.holder, RowLockStrength{lock.strength}});
        transaction->locked_rows.emplace_back(lock.holder, lock.version);
    }
    if (record.is_watched) {
        transaction->isolation = IsolationLevel::serializable;
        serializable_.resume(*transaction, record.reads);
    }
    prepared.transaction = std::move(transaction);
    return {};
}

void Engine::move_prepared_locks(std::uint64_t version, std::uint64_t newer) {
    for (auto& [gid, prepared] : prepared_) {
        std::vector<LoggedRowLock>& locks = prepared.record.row_locks;
        for (LoggedRowLock& lock : locks) {
            if (lock.version == version) lock.version = newer;
        }
        std::erase_if(locks, [](const LoggedRowLock& lock) { return lock.version == 0; });
    }
}

LoggedRowLock Engine::located(LoggedRowLock lock) const {
    const auto heap = heaps_.find(lock.table);
    const RowVersion* row = heap == heaps_.end() ? nullptr : heap->second->find(lock.version);
    while (row != nullptr && row->newer != nullptr && is_in_log(row->ended_by))
        row = row->newer;
    if (row != nullptr) lock.version = row->id;
    return lock;
}

Result<void> Engine::resume_prepared() {
    for (auto& [gid, prepared] : prepared_) {
        if (prepared.transaction != nullptr) continue;
        Result<void> resumed = resume(prepared);
        if (!resumed) return resumed;
    }
    return {};
}

}  // namespace atlas::sim::models::postgres

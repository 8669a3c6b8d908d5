// Row versions: getting hold of one, making one, ending one. The steps and their order are those of
// PostgreSQL's heapam.c and nbtinsert.c, because who waits for whom follows from them.

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "sim/models/postgres/types/compared.hpp"
#include "sim/models/postgres/types/text_format.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

// The heavyweight lock under which waiters for a row queue up.
TableLockMode queue_mode(RowLockStrength strength) {
    switch (strength) {
        case RowLockStrength::key_share:
            return TableLockMode::access_share;
        case RowLockStrength::share:
            return TableLockMode::row_share;
        case RowLockStrength::no_key_update:
            return TableLockMode::exclusive;
        case RowLockStrength::update:
            return TableLockMode::access_exclusive;
    }
    return TableLockMode::access_exclusive;
}

// The place at the head of a row's queue, given up when the row has been dealt with.
class QueuePlace {
  public:
    QueuePlace(LockTable& table, LockOwner& owner) : table_(table), owner_(owner) {}
    QueuePlace(const QueuePlace&) = delete;
    QueuePlace& operator=(const QueuePlace&) = delete;
    ~QueuePlace() {
        if (held_) table_.release(owner_, *held_, mode_);
    }

    bool is_held() const { return held_.has_value(); }
    void hold(const LockTag& tag, TableLockMode mode) {
        held_ = tag;
        mode_ = mode;
    }

  private:
    LockTable& table_;
    LockOwner& owner_;
    std::optional<LockTag> held_;
    TableLockMode mode_{};
};

std::unexpected<Failure> row_not_available(const TableDefinition& table) {
    return sql_error("55P03",
                     fmt::format("could not obtain lock on row in relation \"{}\"", table.name));
}

constexpr std::size_t longest_shown_value = 64;

}  // namespace

void add_table_fields(ServerMessage& error, const TableDefinition& table,
                      std::string_view constraint, std::string_view column) {
    error.schema = "public";
    error.table = table.name;
    error.constraint = constraint;
    error.column = column;
}

std::string describe_row(const TableDefinition& table, const Row& row) {
    std::string shown = "(";
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (table.columns[i].dropped) continue;
        if (shown.size() > 1) shown += ", ";
        if (is_null(row[i])) {
            shown += "null";
            continue;
        }
        const std::string text = format_value(table.columns[i].type.id, row[i]);
        if (text.size() <= longest_shown_value) {
            shown += text;
            continue;
        }
        std::size_t end = longest_shown_value;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
            --end;
        shown += text.substr(0, end) + "...";
    }
    return shown + ")";
}

std::string describe_key(const IndexDefinition& index, const Row& key) {
    std::string names;
    std::string values;
    for (std::size_t i = 0; i < key.size(); ++i) {
        if (i > 0) {
            names += ", ";
            values += ", ";
        }
        names += index.keys[i].text;
        values += is_null(key[i])
                      ? "null"
                      : format_value(index.keys[i].expression.expression->type.id, key[i]);
    }
    return fmt::format("({})=({})", names, values);
}

Task<Checked<>> Executor::wait_for(TransactionId id) {
    while (true) {
        const LockTag tag{LockKind::transaction, id};
        SQL_CO_CHECK(co_await engine_.locks().acquire(locks_, tag, TableLockMode::share, limits_));
        engine_.locks().release(locks_, tag, TableLockMode::share);
        if (!engine_.transactions().is_running(id)) co_return Checked<>{};
        // A savepoint that has been released: what was done in it ends with the transaction. Even
        // if a savepoint around it should be rolled back before that: so does PostgreSQL.
        id = engine_.transactions().topmost(id);
    }
}

TransactionId Executor::blocker_of(const RowVersion& version, RowLockStrength strength) const {
    const auto in_the_way = [&](TransactionId id, RowLockStrength held) {
        return id != no_transaction && !transaction_.is_mine(id) &&
               engine_.transactions().is_running(id) && conflicts(held, strength);
    };
    if (in_the_way(version.ended_by, version.ended_how)) return version.ended_by;
    for (const RowLock& lock : version.locks) {
        if (in_the_way(lock.holder, lock.strength)) return lock.holder;
    }
    return no_transaction;
}

// FOR SHARE and FOR KEY SHARE go by the strongest lock that a row shows, and not by its holders one
// by one (heap_lock_tuple: the bits of a multixact). As long as one of several holds it, it shows
// the others too that are over, an update that was rolled back among them, until it is locked or
// changed anew.
bool Executor::shows_conflict(const RowVersion& version, RowLockStrength strength) const {
    return strength <= RowLockStrength::share &&
           std::ranges::any_of(version.locks, [&](const RowLock& lock) {
               return conflicts(lock.strength, strength);
           });
}

bool Executor::is_held(const RowVersion& version) const {
    return engine_.transactions().is_running(version.ended_by) ||
           std::ranges::any_of(version.locks, [&](const RowLock& lock) {
               return engine_.transactions().is_running(lock.holder);
           });
}

// Whom a lock of that strength on a row has to wait for, among those who have dealt with the
// versions that came after; or what has become of the row.
std::pair<TransactionId, RowFate> Executor::claim_newer(const RowVersion& version,
                                                        RowLockStrength strength) const {
    for (const RowVersion* newer = version.newer; newer != nullptr; newer = newer->newer) {
        const TransactionId ended_by = newer->ended_by;
        const bool has_ended = ended_by != no_transaction && !transaction_.is_mine(ended_by) &&
                               !engine_.transactions().is_running(ended_by);
        if (has_ended && conflicts(newer->ended_how, strength)) {
            return {no_transaction, newer->newer != nullptr ? RowFate::updated : RowFate::deleted};
        }
        if (const TransactionId blocker = blocker_of(*newer, strength); blocker != no_transaction)
            return {blocker, RowFate::ready};
    }
    return {no_transaction, RowFate::ready};
}

Task<Checked<RowFate>> Executor::claim(const TableDefinition& table, RowVersion& version,
                                       RowLockStrength strength, WaitPolicy policy,
                                       AfterWait after_wait) {
    TransactionTable& transactions = engine_.transactions();
    // Whoever is at the head of the queue may be waiting for the lock that we hold already.
    const bool has_lock = std::ranges::any_of(
        version.locks, [&](const RowLock& lock) { return transaction_.is_mine(lock.holder); });
    QueuePlace place(engine_.locks(), locks_);
    bool follows = false;
    while (true) {
        if (transaction_.is_mine(version.made_by) && version.made_at >= transaction_.command)
            co_return RowFate::invisible;
        const TransactionId ended_by = version.ended_by;
        if (ended_by != no_transaction && transaction_.is_mine(ended_by)) {
            co_return version.ended_at >= transaction_.command ? RowFate::own_change
                                                               : RowFate::invisible;
        }
        const bool changed = ended_by != no_transaction && !transactions.is_running(ended_by) &&
                             conflicts(version.ended_how, strength);
        const TransactionId blocker = blocker_of(version, strength);
        // As long as somebody holds a row, who finds a conflict there stands in line first, even if
        // it is over.
        const bool in_line = has_lock || place.is_held();
        const bool queues = is_held(version) && (changed || shows_conflict(version, strength));
        if (after_wait == AfterWait::follow && ended_by != no_transaction)
            follows = follows || blocker != no_transaction || queues;
        if (blocker == no_transaction && (in_line || !queues)) {
            // A lock that an update leaves room for is to hold on what was made of the row since,
            // too. The wait for that has no place in line and no regard for NOWAIT.
            if (!changed || follows) {
                const auto [later, fate] = claim_newer(version, strength);
                if (later != no_transaction) {
                    SQL_CO_CHECK(co_await wait_for(later));
                    continue;
                }
                if (fate != RowFate::ready) co_return fate;
            }
            if (!changed) co_return RowFate::ready;
            co_return version.newer != nullptr ? RowFate::updated : RowFate::deleted;
        }
        const LockTag tag{LockKind::row, table.oid, version.id};
        const TableLockMode mode = queue_mode(strength);
        if (policy != WaitPolicy::wait &&
            (blocker != no_transaction || !engine_.locks().try_acquire(locks_, tag, mode))) {
            if (policy == WaitPolicy::skip_locked) co_return RowFate::skipped;
            co_return row_not_available(table);
        }
        if (!in_line) {
            if (policy == WaitPolicy::wait)
                SQL_CO_CHECK(co_await engine_.locks().acquire(locks_, tag, mode, limits_));
            place.hold(tag, mode);
            continue;
        }
        SQL_CO_CHECK(co_await wait_for(blocker));
    }
}

// Whoever has to follow a row goes to its end, and waits there for whoever is changing it, whatever
// lock he wants (heapam_handler.c, heapam_tuple_lock). Null if there is no row any more.
Task<Checked<RowVersion*>> Executor::newest_of(const TableDefinition& table, RowVersion& version,
                                               WaitPolicy policy) {
    RowVersion* current = &version;
    while (current != nullptr && current->ended_by != no_transaction) {
        const TransactionId by = current->ended_by;
        if (transaction_.is_mine(by) || !engine_.transactions().is_running(by)) {
            current = current->newer;
            continue;
        }
        if (policy == WaitPolicy::skip_locked) co_return nullptr;
        if (policy == WaitPolicy::no_wait) co_return row_not_available(table);
        SQL_CO_CHECK(co_await wait_for(by));
    }
    co_return current;
}

Task<Checked<RowVersion*>> Executor::claim_latest(const TableDefinition& table, RowVersion& version,
                                                  RowLockStrength strength, WaitPolicy policy,
                                                  AfterWait after_wait) {
    RowVersion* current = &version;
    while (true) {
        SQL_CO_TRY(const RowFate fate,
                   co_await claim(table, *current, strength, policy, after_wait));
        switch (fate) {
            case RowFate::ready:
                co_return current;
            case RowFate::updated:
            case RowFate::deleted: {
                if (transaction_.isolation != IsolationLevel::read_committed)
                    co_return concurrent_change(fate);
                if (fate == RowFate::deleted) co_return nullptr;
                SQL_CO_TRY(current, co_await newest_of(table, *current->newer, policy));
                if (current == nullptr) co_return nullptr;
                break;
            }
            case RowFate::own_change:
            case RowFate::invisible:
            case RowFate::skipped:
                co_return nullptr;
        }
    }
}

void Executor::forget_ended_locks(RowVersion& version) {
    std::erase_if(version.locks, [&](const RowLock& lock) {
        return !engine_.transactions().is_running(lock.holder);
    });
}

void Executor::remember_lock(RowVersion& version, RowLockStrength strength) {
    const TransactionId id = engine_.transactions().assign_id(transaction_);
    // A weaker lock may be granted while another transaction makes a newer version: it must hold
    // there as well.
    for (RowVersion* current = &version; current != nullptr; current = current->newer) {
        const bool held = std::ranges::any_of(current->locks, [&](const RowLock& lock) {
            return transaction_.is_mine(lock.holder) && lock.strength >= strength;
        });
        if (held) continue;
        forget_ended_locks(*current);
        // The only one to hold it holds it once, as strongly as it ever asked for.
        if (current->locks.size() == 1 && current->locks.front().holder == id)
            current->locks.clear();
        current->locks.push_back({id, strength});
        transaction_.locked_rows.emplace_back(id, current->id);
    }
}

Checked<> Executor::check_row(const TableDefinition& table, const Row& row) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (!table.columns[i].not_null || !is_null(row[i])) continue;
        auto error =
            sql_error("23502", fmt::format("null value in column \"{}\" of relation \"{}\" "
                                           "violates not-null constraint",
                                           table.columns[i].name, table.name));
        error.error()->detail = fmt::format("Failing row contains {}.", describe_row(table, row));
        add_table_fields(*error.error(), table, {}, table.columns[i].name);
        return error;
    }
    for (const CheckConstraint& check : table.checks) {
        SQL_TRY(const Value holds, evaluate(*check.condition.expression, context_of(&row)));
        // NULL is good enough here.
        if (is_null(holds) || std::get<bool>(holds)) continue;
        auto error = sql_error(
            "23514", fmt::format("new row for relation \"{}\" violates check constraint \"{}\"",
                                 table.name, check.name));
        error.error()->detail = fmt::format("Failing row contains {}.", describe_row(table, row));
        add_table_fields(*error.error(), table, check.name);
        return error;
    }
    return {};
}

Task<Checked<RowVersion*>> Executor::add_version(const TableDefinition& table, Row row,
                                                 const OnConflict* on_conflict) {
    SQL_CO_CHECK(engine_.serializable().row_write(transaction_, table.oid, nullptr));
    const std::size_t redo = transaction_.redo.mark();
    const TransactionId id = engine_.transactions().assign_id(transaction_);
    RowVersion& version = engine_.heap(table.oid).insert(engine_.next_version(), std::move(row));
    version.made_by = id;
    version.made_at = transaction_.command;
    transaction_.changes.push_back({.table = table.oid, .made = &version, .ended = nullptr});
    transaction_.redo.insert(table.oid, version.id, version.values);
    SQL_CO_TRY(const bool entered, co_await enter_indexes(table, version, nullptr, on_conflict));
    if (entered) co_return &version;
    // What PostgreSQL calls a speculative insertion: as if it had never been.
    transaction_.changes.pop_back();
    transaction_.redo.truncate(redo);
    engine_.heap(table.oid).remove(version);
    co_return nullptr;
}

// Any sign of another row of that key: who wants to know for sure has to wait.
bool Executor::may_conflict(const Index& index, const Row& key, const RowVersion& own) const {
    if (std::ranges::any_of(key, is_null)) return false;
    return std::ranges::any_of(index.find(key), [&](const RowVersion* version) {
        const bool ended = version->ended_by != no_transaction &&
                           (transaction_.is_mine(version->ended_by) ||
                            !engine_.transactions().is_running(version->ended_by));
        return version != &own && !ended;
    });
}

// False if an arbiter of ON CONFLICT is in the way.
Task<Checked<bool>> Executor::enter_indexes(const TableDefinition& table, RowVersion& version,
                                            const RowVersion* replaced,
                                            const OnConflict* on_conflict) {
    for (const auto& definition : table.indexes) {
        Index* index = engine_.heap(table.oid).index(definition->oid);
        ATLAS_CHECK(index != nullptr, "an index in the catalog is in the heap");
        SQL_CO_TRY(const std::optional<Row> key, index->key_of(version.values));
        if (!key) continue;
        bool same_key = false;
        if (replaced != nullptr) {
            SQL_CO_TRY(const std::optional<Row> before, index->key_of(replaced->values));
            same_key = before && compare(*before, *key) == std::strong_ordering::equal;
        }
        if (on_conflict != nullptr && on_conflict->arbitrates(*definition)) {
            if (may_conflict(*index, *key, version)) co_return false;
        } else if (definition->unique && !same_key) {
            SQL_CO_CHECK(co_await check_unique(table, *index, *key, &version));
        }
        // Whoever has read the row has read it under the key that it keeps.
        if (!same_key) {
            SQL_CO_CHECK(engine_.serializable().key_write(transaction_, definition->oid, *key));
        }
        index->insert(*key, version);
    }
    co_return true;
}

// Waits for whoever is inserting or deleting a row of that key; then there is a conflict or not.
Task<Checked<>> Executor::check_unique(const TableDefinition& table, Index& index, Row key,
                                       const RowVersion* own) {
    if (std::ranges::any_of(key, is_null)) co_return Checked<>{};
    TransactionTable& transactions = engine_.transactions();
    const auto is_others = [&](TransactionId id) {
        return id != no_transaction && !transaction_.is_mine(id) && transactions.is_running(id);
    };
    while (true) {
        TransactionId blocker = no_transaction;
        for (const RowVersion* version : index.find(key)) {
            if (version == own) continue;
            if (is_others(version->made_by)) {
                blocker = version->made_by;
                break;
            }
            if (is_others(version->ended_by)) {
                blocker = version->ended_by;
                break;
            }
            if (version->ended_by != no_transaction) continue;
            // A transaction that cannot be put in order may succeed if it is tried again; one that
            // repeats a key may not.
            SQL_CO_CHECK(
                engine_.serializable().key_write(transaction_, index.definition().oid, key));
            // The table's own: the heap's may have an older name.
            const auto named = std::ranges::find(table.indexes, index.definition().oid,
                                                 [](const auto& other) { return other->oid; });
            const IndexDefinition& definition = **named;
            auto error = sql_error(
                "23505", fmt::format("duplicate key value violates unique constraint \"{}\"",
                                     definition.name));
            error.error()->detail =
                fmt::format("Key {} already exists.", describe_key(definition, key));
            add_table_fields(*error.error(), table, definition.name);
            co_return error;
        }
        if (blocker == no_transaction) co_return Checked<>{};
        SQL_CO_CHECK(co_await wait_for(blocker));
    }
}

// Whoever has locked the row FOR UPDATE might have changed its key, and is taken to have.
void Executor::end_version(const TableDefinition& table, RowVersion& version, RowVersion* newer,
                           RowLockStrength strength) {
    for (const RowLock& lock : version.locks) {
        if (transaction_.is_mine(lock.holder)) strength = std::max(strength, lock.strength);
    }
    forget_ended_locks(version);
    version.ended_by = engine_.transactions().assign_id(transaction_);
    version.ended_at = transaction_.command;
    version.ended_how = strength;
    version.newer = newer;
    transaction_.redo.remove(table.oid, version.id, newer == nullptr ? 0 : newer->id, strength);
    if (transaction_.serializable != nullptr) give_up_keys(table, version);
}

// Whoever takes a key that this transaction gives up comes after it.
void Executor::give_up_keys(const TableDefinition& table, const RowVersion& version) {
    for (const auto& definition : table.indexes) {
        if (!definition->unique) continue;
        const Index* index = engine_.heap(table.oid).index(definition->oid);
        Checked<std::optional<Row>> key = index->key_of(version.values);
        if (!key || !*key) continue;
        if (version.newer != nullptr) {
            const Checked<std::optional<Row>> kept = index->key_of(version.newer->values);
            if (kept && *kept && compare(**kept, **key) == std::strong_ordering::equal) continue;
        }
        engine_.serializable().key_given_up(transaction_, definition->oid, **std::move(key));
    }
}

RowLockStrength Executor::strength_of_update(const TableDefinition& table, const Row& before,
                                             const Row& after) {
    const std::vector<bool> keys = table.key_columns();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i] && !is_same_image(before[i], after[i])) return RowLockStrength::update;
    }
    return RowLockStrength::no_key_update;
}

}  // namespace atlas::sim::models::postgres

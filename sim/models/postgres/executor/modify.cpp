// INSERT with ON CONFLICT, UPDATE, DELETE.

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/executor/query_run.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "sim/models/postgres/mvcc/visibility.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

// The rows that were found, put back for those that look for the next ones.
class FoundRows {
  public:
    explicit FoundRows(CurrentFrame& frame)
        : frame_(frame), row_(frame.rows.front()), version_(frame.versions.front()) {}
    FoundRows(const FoundRows&) = delete;
    FoundRows& operator=(const FoundRows&) = delete;
    ~FoundRows() {
        for (std::size_t i = 0; i < rows_.size(); ++i)
            frame_.put(i, rows_[i], versions_[i]);
        frame_.put(0, row_, version_);
    }

    /// Not only the first, which is being changed, may be others from now on.
    void keep_all() {
        if (!rows_.empty()) return;
        rows_ = frame_.rows;
        versions_ = frame_.versions;
    }

  private:
    CurrentFrame& frame_;
    const Row* row_;
    RowVersion* version_;
    std::vector<const Row*> rows_;
    std::vector<RowVersion*> versions_;
};

}  // namespace

std::unexpected<Failure> concurrent_update() {
    return sql_error("40001", "could not serialize access due to concurrent update");
}

std::unexpected<Failure> concurrent_change(RowFate fate) {
    if (fate != RowFate::deleted) return concurrent_update();
    return sql_error("40001", "could not serialize access due to concurrent delete");
}

// What has been computed; if it had to wait, computed again after each wait.
template <typename Compute>
Task<Checked<>> Executor::after_waits(Checked<> computed, Compute compute) {
    while (!computed && is_wait(computed.error())) {
        SQL_CO_CHECK(co_await resolve_wait());
        computed = compute();
    }
    co_return computed;
}

Checked<> Executor::project(const std::vector<Target>& targets, const EvaluationContext& context,
                            Row& row) {
    row.reserve(targets.size());
    while (row.size() < targets.size()) {
        SQL_TRY(Value value, evaluate(*targets[row.size()].expression, context));
        row.push_back(std::move(value));
    }
    return {};
}

Task<Checked<>> Executor::add_returning(const std::vector<Target>& returning,
                                        const EvaluationContext& context, Modified& result) {
    Row row;
    const auto compute = [&] { return project(returning, context, row); };
    SQL_CO_CHECK(co_await after_waits(compute(), compute));
    result.returned.push_back(std::move(row));
    co_return Checked<>{};
}

Checked<> Executor::compute_row(const std::vector<ExpressionPtr>& expressions, const Row* from,
                                Row& row) {
    row.reserve(expressions.size());
    while (row.size() < expressions.size()) {
        SQL_TRY(Value value, evaluate(*expressions[row.size()], context_of(from)));
        row.push_back(std::move(value));
    }
    return {};
}

Task<Checked<std::vector<Row>>> Executor::rows_from_source(const InsertStatement& statement,
                                                           QueryRun& run) {
    QueryRun source(*this, *statement.source, &run);
    source.restart(&run.context());
    auto found = co_await all_rows(source);
    co_return found;
}

// Each row is computed when those before it are stored: what a default takes from a sequence is not
// taken for rows behind one that fails or has to wait.
Task<Checked<Executor::Modified>> Executor::insert(const InsertStatement& statement,
                                                   QueryRun* run) {
    const bool from_query = statement.source != nullptr;
    std::vector<Row> found;
    if (from_query) {
        SQL_CO_TRY(found, co_await rows_from_source(statement, *run));
    }
    const std::size_t count = from_query ? found.size() : statement.rows.size();
    Modified result;
    for (std::size_t i = 0; i < count; ++i) {
        Row row;
        if (run != nullptr) run->other_rows();
        const auto compute = [&] {
            return from_query ? compute_row(statement.from_source, &found[i], row)
                              : compute_row(statement.rows[i], nullptr, row);
        };
        if (auto computed = compute(); !computed)
            SQL_CO_CHECK(co_await after_waits(std::move(computed), compute));
        SQL_CO_TRY(const std::optional<Row> stored,
                   co_await insert_row(statement, run, std::move(row)));
        if (!stored) continue;
        ++result.count;
        if (statement.returning.empty()) continue;
        if (run != nullptr) run->other_rows();
        SQL_CO_CHECK(co_await add_returning(statement.returning, context_of(&*stored), result));
    }
    co_return result;
}

// The row as stored; nullopt if a conflict kept it out.
Task<Checked<std::optional<Row>>> Executor::insert_row(const InsertStatement& statement,
                                                       QueryRun* run, Row row) {
    const TableDefinition& table = *statement.table;
    SQL_CO_CHECK(check_row(table, row));
    const OnConflict* const on_conflict = statement.on_conflict ? &*statement.on_conflict : nullptr;
    while (true) {
        RowVersion* conflicting = nullptr;
        if (on_conflict != nullptr) {
            SQL_CO_TRY(conflicting, co_await find_conflict(statement, row));
        }
        if (conflicting == nullptr) {
            // The row may be wanted again: while one index made us wait, another may have got a
            // conflict.
            Row given = on_conflict != nullptr ? row : std::move(row);
            SQL_CO_TRY(const RowVersion* version,
                       co_await add_version(table, std::move(given), on_conflict));
            if (version != nullptr) {
                note_insert(table, *version);
                co_return std::optional<Row>(version->values);
            }
            continue;
        }
        if (!on_conflict->update) {
            const bool seen = transaction_.isolation == IsolationLevel::read_committed ||
                              transaction_.is_mine(conflicting->made_by) ||
                              is_visible(*conflicting, *snapshot_, transaction_);
            if (!seen) co_return concurrent_update();
            // That nothing is inserted is something it has learned of the row.
            SQL_CO_CHECK(
                engine_.serializable().row_read(transaction_, table.oid, *conflicting, true));
            co_return std::optional<Row>();
        }
        SQL_CO_TRY(std::optional<std::optional<Row>> updated,
                   co_await update_conflicting(statement, run, *conflicting, row));
        if (updated) co_return *std::move(updated);
    }
}

// The live row that the arbiter indexes say is in the way, once no running transaction can change
// the answer; null if there is none.
Task<Checked<RowVersion*>> Executor::find_conflict(const InsertStatement& statement,
                                                   const Row& row) {
    const TableDefinition& table = *statement.table;
    TransactionTable& transactions = engine_.transactions();
    const auto is_others = [&](TransactionId id) {
        return id != no_transaction && !transaction_.is_mine(id) && transactions.is_running(id);
    };
    for (const auto& definition : table.indexes) {
        if (!statement.on_conflict->arbitrates(*definition)) continue;
        Index* index = engine_.heap(table.oid).index(definition->oid);
        SQL_CO_TRY(const std::optional<Row> key, index->key_of(row));
        if (!key || std::ranges::any_of(*key, is_null)) continue;
        while (true) {
            TransactionId blocker = no_transaction;
            for (RowVersion* version : index->find(*key)) {
                if (is_others(version->made_by)) {
                    blocker = version->made_by;
                    break;
                }
                if (is_others(version->ended_by)) {
                    blocker = version->ended_by;
                    break;
                }
                if (version->ended_by == no_transaction) co_return version;
            }
            if (blocker == no_transaction) break;
            SQL_CO_CHECK(co_await wait_for(blocker));
            index = engine_.heap(table.oid).index(definition->oid);
        }
    }
    co_return nullptr;
}

// The updated row; an empty inner optional if WHERE kept it as it was; nullopt if the conflict
// has gone away and the insert is to be tried again.
Task<Checked<std::optional<std::optional<Row>>>> Executor::update_conflicting(
    const InsertStatement& statement, QueryRun* run, RowVersion& conflicting, const Row& proposed) {
    using Outcome = std::optional<std::optional<Row>>;
    const TableDefinition& table = *statement.table;
    const OnConflict& clause = *statement.on_conflict;
    const std::vector<bool> keys = table.key_columns();
    const bool may_change_key = std::ranges::any_of(
        clause.assignments, [&](const Assignment& assignment) { return keys[assignment.column]; });
    const RowLockStrength strength =
        may_change_key ? RowLockStrength::update : RowLockStrength::no_key_update;
    SQL_CO_TRY(const RowFate fate, co_await claim(table, conflicting, strength, WaitPolicy::wait));
    if (fate == RowFate::invisible || fate == RowFate::own_change) {
        auto error =
            sql_error("21000", "ON CONFLICT DO UPDATE command cannot affect row a second time");
        error.error()->hint =
            "Ensure that no rows proposed for insertion within the same command have duplicate "
            "constrained values.";
        co_return error;
    }
    const bool repeatable = transaction_.isolation != IsolationLevel::read_committed;
    if (fate != RowFate::ready) {
        if (repeatable) co_return concurrent_change(fate);
        co_return Outcome();
    }
    if (repeatable && !is_visible(conflicting, *snapshot_, transaction_))
        co_return concurrent_update();
    SQL_CO_CHECK(engine_.serializable().row_read(transaction_, table.oid, conflicting, true));
    // Locked for good, whatever WHERE says.
    remember_lock(conflicting, strength);
    if (run != nullptr) run->other_rows();
    const EvaluationContext context = context_of(&conflicting.values, &proposed);
    if (clause.condition != nullptr) {
        bool wanted = false;
        const auto decide = [&]() -> Checked<> {
            SQL_TRY(wanted, evaluate_condition(*clause.condition, context));
            return {};
        };
        SQL_CO_CHECK(co_await after_waits(decide(), decide));
        if (!wanted) co_return Outcome(std::in_place);
    }
    UnfinishedRow updated{.row = conflicting.values};
    const auto compute = [&] { return assign(clause.assignments, context, updated); };
    SQL_CO_CHECK(co_await after_waits(compute(), compute));
    SQL_CO_CHECK(check_row(table, updated.row));
    SQL_CO_TRY(const RowVersion* version,
               co_await replace_version(table, conflicting, std::move(updated.row)));
    co_return Outcome(std::in_place, version->values);
}

Checked<> Executor::assign(const std::vector<Assignment>& assignments,
                           const EvaluationContext& context, UnfinishedRow& unfinished) {
    for (; unfinished.done < assignments.size(); ++unfinished.done) {
        const Assignment& next = assignments[unfinished.done];
        SQL_TRY(unfinished.row[next.column], evaluate(*next.value, context));
    }
    return {};
}

Task<Checked<RowVersion*>> Executor::replace_version(const TableDefinition& table,
                                                     RowVersion& version, Row row) {
    SQL_CO_CHECK(engine_.serializable().row_write(transaction_, table.oid, &version));
    const RowLockStrength strength = strength_of_update(table, version.values, row);
    const TransactionId id = engine_.transactions().assign_id(transaction_);
    RowVersion& made = engine_.heap(table.oid).insert(engine_.next_version(), std::move(row));
    made.made_by = id;
    made.made_at = transaction_.command;
    // Weaker locks of others go along with the row. So does one's own; if there is no other, it is
    // shown as FOR KEY SHARE there.
    made.locks = version.locks;
    if (made.locks.size() == 1) made.locks.front().strength = RowLockStrength::key_share;
    transaction_.changes.push_back({.table = table.oid, .made = &made, .ended = &version});
    // The log tells of the newer version first: the older one refers to it.
    transaction_.redo.insert(table.oid, made.id, made.values);
    end_version(table, version, &made, strength);
    SQL_CO_CHECK(co_await enter_indexes(table, made, &version, nullptr));
    note_update(table, version, made);
    co_return &made;
}

Checked<> Executor::delete_version(const TableDefinition& table, RowVersion& version) {
    SQL_CHECK(engine_.serializable().row_write(transaction_, table.oid, &version));
    end_version(table, version, nullptr, RowLockStrength::update);
    transaction_.changes.push_back({.table = table.oid, .made = nullptr, .ended = &version});
    note_delete(table, version);
    return {};
}

// Whether the row still is to be changed, in the version that another transaction has made of it.
// To find that out may take time, so the version is locked first.
Task<Checked<bool>> Executor::moves_to(QueryRun& run, RowVersion& newer, RowLockStrength strength) {
    remember_lock(newer, strength);
    run.frame().put(0, &newer.values, &newer);
    auto qualifies = co_await still_qualifies(run);
    co_return qualifies;
}

Task<Checked<Executor::Modified>> Executor::update(const UpdateStatement& statement,
                                                   QueryRun& run) {
    const TableDefinition& table = *statement.table;
    CurrentFrame& frame = run.frame();
    Modified result;
    while (true) {
        SQL_CO_TRY(const Pull pull, run.next_frame());
        if (pull == Pull::end) break;
        if (pull == Pull::wait) {
            SQL_CO_CHECK(co_await resolve_wait());
            continue;
        }
        FoundRows found(frame);
        RowVersion* latest = nullptr;
        UnfinishedRow updated;
        // New values and their checks come before any wait, as in PostgreSQL, and again after one
        // that found a newer version; the new ones may ask for a stronger lock.
        while (true) {
            RowVersion* const version = frame.versions.front();
            updated = {.row = version->values};
            const auto compute = [&] {
                return assign(statement.assignments, run.context(), updated);
            };
            if (auto computed = compute(); !computed)
                SQL_CO_CHECK(co_await after_waits(std::move(computed), compute));
            SQL_CO_CHECK(check_row(table, updated.row));
            const RowLockStrength strength =
                strength_of_update(table, version->values, updated.row);
            SQL_CO_TRY(latest, co_await claim_latest(table, *version, strength, WaitPolicy::wait));
            if (latest == nullptr || latest == version) break;
            found.keep_all();
            SQL_CO_TRY(const bool qualifies, co_await moves_to(run, *latest, strength));
            if (qualifies) continue;
            latest = nullptr;
            break;
        }
        if (latest == nullptr) continue;
        SQL_CO_TRY(RowVersion * made,
                   co_await replace_version(table, *latest, std::move(updated.row)));
        ++result.count;
        if (statement.returning.empty()) continue;
        frame.put(0, &made->values, made);
        SQL_CO_CHECK(co_await add_returning(statement.returning, run.context(), result));
    }
    co_return result;
}

Task<Checked<Executor::Modified>> Executor::remove(const DeleteStatement& statement,
                                                   QueryRun& run) {
    const TableDefinition& table = *statement.table;
    CurrentFrame& frame = run.frame();
    Modified result;
    while (true) {
        SQL_CO_TRY(const Pull pull, run.next_frame());
        if (pull == Pull::end) break;
        if (pull == Pull::wait) {
            SQL_CO_CHECK(co_await resolve_wait());
            continue;
        }
        RowVersion* const version = frame.versions.front();
        FoundRows found(frame);
        constexpr RowLockStrength strength = RowLockStrength::update;
        SQL_CO_TRY(RowVersion * latest,
                   co_await claim_latest(table, *version, strength, WaitPolicy::wait));
        if (latest == nullptr) continue;
        if (latest != version) {
            found.keep_all();
            SQL_CO_TRY(const bool qualifies, co_await moves_to(run, *latest, strength));
            if (!qualifies) continue;
        }
        SQL_CO_CHECK(delete_version(table, *latest));
        ++result.count;
        if (statement.returning.empty()) continue;
        SQL_CO_CHECK(co_await add_returning(statement.returning, run.context(), result));
    }
    co_return result;
}

}  // namespace atlas::sim::models::postgres

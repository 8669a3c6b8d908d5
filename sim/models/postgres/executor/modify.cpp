// INSERT with ON CONFLICT, UPDATE, DELETE.

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "sim/models/postgres/mvcc/visibility.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

std::unexpected<Failure> concurrent_update() {
    return sql_error("40001", "could not serialize access due to concurrent update");
}

}  // namespace

Checked<> Executor::add_returning(const std::vector<Target>& returning, const Row& row,
                                  StatementResult& result) {
    if (returning.empty()) return {};
    SQL_TRY(const Row values, project(returning, context_of(&row)));
    TextRow& text = result.rows.emplace_back();
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (is_null(values[i])) {
            text.emplace_back(std::nullopt);
        } else {
            text.emplace_back(format_value(returning[i].expression->type.id, values[i]));
        }
    }
    return {};
}

Checked<std::vector<Row>> Executor::rows_to_insert(const InsertStatement& statement,
                                                   const std::vector<Row>& source) {
    std::vector<Row> rows;
    const auto add = [&](const std::vector<ExpressionPtr>& expressions,
                         const Row* from) -> Checked<> {
        Row& row = rows.emplace_back();
        row.reserve(expressions.size());
        for (const ExpressionPtr& expression : expressions) {
            SQL_TRY(Value value, evaluate(*expression, context_of(from)));
            row.push_back(std::move(value));
        }
        return {};
    };
    for (const auto& expressions : statement.rows) {
        SQL_CHECK(add(expressions, nullptr));
    }
    for (const Row& from : source) {
        SQL_CHECK(add(statement.from_source, &from));
    }
    return rows;
}

Task<Checked<StatementResult>> Executor::insert(const InsertStatement& statement) {
    std::vector<Row> source;
    if (statement.source != nullptr) {
        SQL_CO_TRY(source, co_await select_rows(*statement.source));
    }
    SQL_CO_TRY(std::vector<Row> rows, rows_to_insert(statement, source));
    StatementResult result;
    std::size_t count = 0;
    for (Row& row : rows) {
        SQL_CO_TRY(const std::optional<Row> stored, co_await insert_row(statement, std::move(row)));
        if (!stored) continue;
        ++count;
        SQL_CO_CHECK(add_returning(statement.returning, *stored, result));
    }
    result.command_tag = fmt::format("INSERT 0 {}", count);
    co_return result;
}

// The row as stored; nullopt if a conflict kept it out.
Task<Checked<std::optional<Row>>> Executor::insert_row(const InsertStatement& statement, Row row) {
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
            if (version != nullptr) co_return std::optional<Row>(version->values);
            continue;
        }
        if (!on_conflict->update) {
            const bool seen = transaction_.isolation == IsolationLevel::read_committed ||
                              transaction_.is_mine(conflicting->made_by) ||
                              is_visible(*conflicting, *snapshot_, transaction_);
            if (!seen) co_return concurrent_update();
            co_return std::optional<Row>();
        }
        SQL_CO_TRY(std::optional<std::optional<Row>> updated,
                   co_await update_conflicting(statement, *conflicting, row));
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
    const InsertStatement& statement, RowVersion& conflicting, const Row& proposed) {
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
        if (repeatable) co_return concurrent_update();
        co_return Outcome();
    }
    if (repeatable && !is_visible(conflicting, *snapshot_, transaction_))
        co_return concurrent_update();
    // Locked for good, whatever WHERE says.
    remember_lock(conflicting, strength);
    if (clause.condition != nullptr) {
        SQL_CO_TRY(
            const bool wanted,
            evaluate_condition(*clause.condition, context_of(&conflicting.values, &proposed)));
        if (!wanted) co_return Outcome(std::in_place);
    }
    SQL_CO_TRY(Row row, assigned_row(clause.assignments, conflicting.values, &proposed));
    SQL_CO_CHECK(check_row(table, row));
    SQL_CO_TRY(const RowVersion* version,
               co_await replace_version(table, conflicting, std::move(row)));
    co_return Outcome(std::in_place, version->values);
}

Checked<Row> Executor::assigned_row(const std::vector<Assignment>& assignments, const Row& before,
                                    const Row* excluded) {
    Row row = before;
    for (const Assignment& assignment : assignments) {
        SQL_TRY(row[assignment.column], evaluate(*assignment.value, context_of(&before, excluded)));
    }
    return row;
}

Task<Checked<RowVersion*>> Executor::replace_version(const TableDefinition& table,
                                                     RowVersion& version, Row row) {
    const RowLockStrength strength = strength_of_update(table, version.values, row);
    const TransactionId id = engine_.transactions().assign_id(transaction_);
    RowVersion& made = engine_.heap(table.oid).insert(engine_.next_version(), std::move(row));
    made.made_by = id;
    made.made_at = transaction_.command;
    // Weaker locks of others go along with the row.
    made.locks = version.locks;
    transaction_.changes.push_back({.table = table.oid, .made = &made, .ended = &version});
    end_version(table, version, &made, strength);
    transaction_.redo.insert(table.oid, made.id, made.values);
    SQL_CO_CHECK(co_await enter_indexes(table, made, &version, nullptr));
    co_return &made;
}

Task<Checked<StatementResult>> Executor::update(const UpdateStatement& statement) {
    const TableDefinition& table = *statement.scan.table;
    SQL_CO_TRY(const std::vector<RowVersion*> versions, scan(statement.scan));
    StatementResult result;
    std::size_t count = 0;
    for (RowVersion* version : versions) {
        // New values and their checks come before any wait, as in PostgreSQL, and again after one
        // that found a newer version.
        SQL_CO_TRY(Row row, assigned_row(statement.assignments, version->values, nullptr));
        SQL_CO_CHECK(check_row(table, row));
        const RowLockStrength strength = strength_of_update(table, version->values, row);
        SQL_CO_TRY(RowVersion * latest,
                   co_await claim_latest(statement.scan, *version, strength, WaitPolicy::wait));
        if (latest == nullptr) continue;
        if (latest != version) {
            SQL_CO_TRY(row, assigned_row(statement.assignments, latest->values, nullptr));
            SQL_CO_CHECK(check_row(table, row));
        }
        SQL_CO_TRY(const RowVersion* made,
                   co_await replace_version(table, *latest, std::move(row)));
        ++count;
        SQL_CO_CHECK(add_returning(statement.returning, made->values, result));
    }
    result.command_tag = fmt::format("UPDATE {}", count);
    co_return result;
}

Task<Checked<StatementResult>> Executor::remove(const DeleteStatement& statement) {
    const TableDefinition& table = *statement.scan.table;
    SQL_CO_TRY(const std::vector<RowVersion*> versions, scan(statement.scan));
    StatementResult result;
    std::size_t count = 0;
    for (RowVersion* version : versions) {
        SQL_CO_TRY(RowVersion * latest,
                   co_await claim_latest(statement.scan, *version, RowLockStrength::update,
                                         WaitPolicy::wait));
        if (latest == nullptr) continue;
        end_version(table, *latest, nullptr, RowLockStrength::update);
        transaction_.changes.push_back({.table = table.oid, .made = nullptr, .ended = latest});
        ++count;
        SQL_CO_CHECK(add_returning(statement.returning, latest->values, result));
    }
    result.command_tag = fmt::format("DELETE {}", count);
    co_return result;
}

}  // namespace atlas::sim::models::postgres

// ALTER TABLE.

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "sim/models/postgres/mvcc/visibility.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

std::unexpected<Failure> contains_nulls(const TableDefinition& table, std::string_view column) {
    auto error = sql_error("23502", fmt::format("column \"{}\" of relation \"{}\" contains null "
                                                "values",
                                                column, table.name));
    add_table_fields(*error.error(), table, {}, column);
    return error;
}

std::unexpected<Failure> violated_by_some_row(const TableDefinition& table,
                                              const CheckConstraint& check) {
    auto error = sql_error(
        "23514", fmt::format("check constraint \"{}\" of relation \"{}\" is violated by some row",
                             check.name, table.name));
    add_table_fields(*error.error(), table, check.name);
    return error;
}

Task<Checked<StatementResult>> Executor::alter_table(const AlterTableStatement& statement) {
    StatementResult result;
    result.command_tag = "ALTER TABLE";
    SQL_CO_TRY(const TablePtr found, co_await lock_table(statement.table, statement.lock));
    if (found == nullptr) {
        const std::string message = fmt::format("relation \"{}\" does not exist", statement.table);
        if (!statement.if_exists) co_return sql_error("42P01", message);
        result.notices.push_back(
            {.severity = "NOTICE", .sqlstate = "00000", .message = message + ", skipping"});
        co_return result;
    }
    TableDefinition table = *found;
    // First of all: an action that fails has changed rows and indexes already.
    transaction_.touched_heaps.push_back(table.oid);
    const auto end = statement.actions.end();
    for (auto action = statement.actions.begin(); action != end;) {
        // Each of several new types is made from the row as it was.
        const auto other = std::find_if(action, end, [](const AlterTableAction& candidate) {
            return !candidate.set_type.has_value();
        });
        if (other != action) {
            SQL_CO_CHECK(set_types(table, {action, other}));
            action = other;
        } else {
            SQL_CO_CHECK(co_await alter(table, *action++, result));
        }
    }
    put_table(std::move(table));
    co_return result;
}

Task<Checked<>> Executor::alter(TableDefinition& table, const AlterTableAction& action,
                                StatementResult& result) {
    if (action.add_column) co_return add_column(table, action, result);
    if (action.add_check) co_return add_check(table, action);
    if (action.set_not_null)
        co_return set_not_null(table, action.set_not_null->first, action.set_not_null->second);
    if (!action.drop_constraint.empty()) {
        SQL_CO_CHECK(co_await drop_constraint(table, action, result));
    }
    if (!action.drop_column.empty()) {
        SQL_CO_CHECK(co_await drop_column(table, action, result));
    }
    if (action.set_default) co_return set_default(table, action);
    if (action.set_identity) co_return set_identity(table, *action.set_identity);
    if (!action.drop_identity.empty()) co_return drop_identity(table, action, result);
    if (action.add_identity) {
        SQL_CO_CHECK(co_await add_identity(table, *action.add_identity));
    }
    if (action.add_foreign_key) {
        SQL_CO_CHECK(co_await add_foreign_key(table, *action.add_foreign_key));
    }
    if (action.add_index) {
        if (action.add_index->primary) {
            for (const IndexKey& key : action.add_index->keys) {
                SQL_CO_CHECK(set_not_null(table, table.columns[*key.column].name, true));
            }
        }
        SQL_CO_CHECK(co_await add_index_to(table, *action.add_index));
    }
    co_return Checked<>{};
}

// Rows that are there get the default's value now; it is computed once, so it must not be volatile.
Checked<> Executor::add_column(TableDefinition& table, const AlterTableAction& action,
                               StatementResult& result) {
    Column column = *action.add_column;
    SQL_CHECK(check_unused_by_views(table, column.name, "adding a column of a name that is used"));
    if (table.find_column(column.name)) {
        const std::string message =
            fmt::format("column \"{}\" of relation \"{}\" already exists", column.name, table.name);
        if (!action.if_not_exists) return sql_error("42701", message);
        result.notices.push_back(
            {.severity = "NOTICE", .sqlstate = "42701", .message = message + ", skipping"});
        return {};
    }
    if (action.add_column_default != nullptr) {
        bool is_volatile = false;
        visit_expression(*action.add_column_default, [&](const Expression& part) {
            is_volatile |=
                part.function != nullptr && part.function->volatility == Volatility::volatile_;
        });
        if (is_volatile) return not_covered("ADD COLUMN with a volatile default");
        SQL_TRY(column.missing_value, evaluate(*action.add_column_default, context_of(nullptr)));
    }
    const std::size_t width = table.columns.size();
    for (auto& [id, version] : engine_.heap(table.oid).versions()) {
        const bool live = is_live(version, engine_.transactions(), transaction_);
        if (live && column.not_null && is_null(column.missing_value))
            return contains_nulls(table, column.name);
        // Who sees the old definition does not look behind its last column.
        version.values.resize(width);
        version.values.push_back(column.missing_value);
    }
    table.columns.push_back(std::move(column));
    return {};
}

Checked<> Executor::add_check(TableDefinition& table, const AlterTableAction& action) {
    CheckConstraint check = *action.add_check;
    check.oid = engine_.next_oid();
    if (check.name.empty()) {
        check.name = unused_constraint_name(
            table, object_name(table.name, column_checked(table, check), "check"));
    }
    if (table.has_constraint(check.name)) {
        return sql_error(
            "42710", fmt::format("constraint \"{}\" for relation \"{}\" already exists", check.name,
                                 table.name));
    }
    for (const auto& [id, version] : engine_.heap(table.oid).versions()) {
        if (!is_live(version, engine_.transactions(), transaction_)) continue;
        SQL_TRY(const Value holds,
                evaluate(*check.condition.expression, context_of(&version.values)));
        if (is_null(holds) || std::get<bool>(holds)) continue;
        return violated_by_some_row(table, check);
    }
    table.checks.push_back(std::move(check));
    std::ranges::sort(table.checks, {}, &CheckConstraint::name);
    return {};
}

Checked<> Executor::set_not_null(TableDefinition& table, const std::string& name, bool not_null) {
    const auto place = table.find_column(name);
    if (!place) {
        return sql_error("42703", fmt::format("column \"{}\" of relation \"{}\" does not exist",
                                              name, table.name));
    }
    if (!not_null) {
        for (const auto& index : table.indexes) {
            const bool in_key =
                index->primary && std::ranges::any_of(index->keys, [&](const IndexKey& key) {
                    return key.column == place;
                });
            if (in_key)
                return sql_error("42P16", fmt::format("column \"{}\" is in a primary key", name));
        }
    }
    if (not_null) {
        for (const auto& [id, version] : engine_.heap(table.oid).versions()) {
            if (is_live(version, engine_.transactions(), transaction_) &&
                is_null(version.values[*place]))
                return contains_nulls(table, name);
        }
    }
    table.columns[*place].not_null = not_null;
    return {};
}

Task<Checked<>> Executor::drop_constraint(TableDefinition& table, const AlterTableAction& action,
                                          StatementResult& result) {
    const std::string& name = action.drop_constraint;
    if (!table.has_constraint(name)) {
        const std::string message =
            fmt::format("constraint \"{}\" of relation \"{}\" does not exist", name, table.name);
        if (!action.if_exists) co_return sql_error("42704", message);
        result.notices.push_back(
            {.severity = "NOTICE", .sqlstate = "00000", .message = message + ", skipping"});
        co_return Checked<>{};
    }
    std::erase_if(table.checks, [&](const CheckConstraint& check) { return check.name == name; });
    const auto key = std::ranges::find(table.foreign_keys, name, &ForeignKey::name);
    if (key != table.foreign_keys.end()) {
        SQL_CO_CHECK(co_await lock_other_table(key->table, TableLockMode::access_exclusive));
        table.foreign_keys.erase(key);
    }
    const auto index = std::ranges::find_if(
        table.indexes, [&](const auto& other) { return other->constraint && other->name == name; });
    if (index == table.indexes.end()) co_return Checked<>{};
    put_table(table);
    SQL_CO_CHECK(co_await drop_dependents(
        dependents_of(table, **index), fmt::format("constraint {} on table {}", name, table.name),
        action.cascade, result));
    const Oid dropped = (*index)->oid;
    // A table that refers to itself may have lost its foreign key.
    table = *view().find_table(table.oid);
    std::erase_if(table.indexes, [&](const auto& other) { return other->oid == dropped; });
    transaction_.drops_storage = true;
    co_return Checked<>{};
}

}  // namespace atlas::sim::models::postgres

// ALTER TABLE: changes of one column that leave the rows as they are.

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

bool uses_column(const Expression& expression, std::size_t column) {
    bool found = false;
    visit_expression(expression, [&](const Expression& part) {
        found |= part.kind == ExpressionKind::column && part.index == column;
    });
    return found;
}

bool uses_column(const IndexDefinition& index, std::size_t column) {
    return std::ranges::any_of(index.keys,
                               [&](const IndexKey& key) {
                                   return uses_column(*key.expression.expression, column);
                               }) ||
           (index.predicate && uses_column(*index.predicate->expression, column));
}

namespace {

bool contains(const std::vector<std::size_t>& places, std::size_t place) {
    return std::ranges::find(places, place) != places.end();
}

}  // namespace

Checked<std::size_t> Executor::column_to_change(const TableDefinition& table,
                                                const std::string& name) const {
    if (const auto place = table.find_column(name)) return *place;
    return sql_error(
        "42703", fmt::format("column \"{}\" of relation \"{}\" does not exist", name, table.name));
}

Checked<> Executor::set_default(TableDefinition& table, const AlterTableAction& action) {
    const auto& [name, value] = *action.set_default;
    SQL_TRY(const std::size_t place, column_to_change(table, name));
    Column& column = table.columns[place];
    if (column.identity != Identity::none) {
        auto error =
            sql_error("42601", fmt::format("column \"{}\" of relation \"{}\" is an identity column",
                                           name, table.name));
        if (!value)
            error.error()->hint = "Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.";
        return error;
    }
    column.default_value = value;
    return {};
}

// The column stays as a place in the rows. What is made of it alone, or with others, goes along.
Task<Checked<>> Executor::drop_column(TableDefinition& table, const AlterTableAction& action,
                                      StatementResult& result) {
    const std::string name = action.drop_column;
    const auto found = table.find_column(name);
    if (!found && action.if_exists) {
        result.notices.push_back(
            {.severity = "NOTICE",
             .sqlstate = "00000",
             .message = fmt::format("column \"{}\" of relation \"{}\" does not exist, skipping",
                                    name, table.name)});
        co_return Checked<>{};
    }
    SQL_CO_TRY(const std::size_t place, column_to_change(table, name));
    SQL_CO_CHECK(check_unused_by_views(table, name, "dropping a column"));
    put_table(table);
    std::vector<Dependent> dependents;
    for (const Reference& reference : view().references_to(table.oid)) {
        const bool own =
            reference.table->oid == table.oid && contains(reference.foreign_key().columns, place);
        if (!own && contains(reference.foreign_key().referenced, place)) {
            dependents.push_back(
                dependent_of(reference, fmt::format("column {} of table {}", name, table.name)));
        }
    }
    const std::string shown = fmt::format("column {} of table {}", name, table.name);
    SQL_CO_CHECK(co_await drop_dependents(std::move(dependents), shown, action.cascade, result));
    table = *view().find_table(table.oid);
    for (const ForeignKey& key : table.foreign_keys) {
        if (!contains(key.columns, place)) continue;
        SQL_CO_CHECK(co_await lock_other_table(key.table, TableLockMode::access_exclusive));
    }
    std::erase_if(table.foreign_keys,
                  [&](const ForeignKey& key) { return contains(key.columns, place); });
    std::erase_if(table.checks, [&](const CheckConstraint& check) {
        return uses_column(*check.condition.expression, place);
    });
    const std::size_t indexes =
        std::erase_if(table.indexes, [&](const auto& index) { return uses_column(*index, place); });
    if (indexes > 0) transaction_.drops_storage = true;
    for (const TablePtr& owned : view().owned_sequences(table.oid, place))
        drop_relation(*owned);
    Column& column = table.columns[place];
    column.name = fmt::format("........pg.dropped.{}........", place + 1);
    column.dropped = true;
    column.not_null = false;
    column.identity = Identity::none;
    column.default_value.reset();
    co_return Checked<>{};
}

}  // namespace atlas::sim::models::postgres

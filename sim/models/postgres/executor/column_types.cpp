// ALTER TABLE ... ALTER COLUMN ... TYPE: the rows are made anew, unless their values stay as they
// are, and what is made of the columns with them.

#include <algorithm>

#include "sim/models/postgres/analysis/analyse.hpp"
#include "sim/models/postgres/analysis/coercion.hpp"
#include "sim/models/postgres/analysis/node.hpp"
#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "sim/models/postgres/mvcc/visibility.hpp"
#include "sim/models/postgres/system_catalog/deparse.hpp"

namespace atlas::sim::models::postgres {
namespace {

bool is_text_like(TypeId type) {
    return type == TypeId::text || type == TypeId::varchar;
}

bool is_moment(TypeId type) {
    return type == TypeId::timestamp || type == TypeId::timestamptz;
}

// PostgreSQL leaves the rows alone then, and snapshots that are older go on seeing them.
bool keeps_values(ColumnType from, ColumnType to) {
    if (from == to) return true;
    if (is_text_like(from.id) && is_text_like(to.id))
        return to.modifier < 0 || (from.modifier >= 0 && to.modifier >= from.modifier);
    return is_moment(from.id) && is_moment(to.id) && to.modifier < 0;
}

bool keeps_values(const TypeChange& change, ColumnType from) {
    return !change.has_using && keeps_values(from, change.type);
}

std::shared_ptr<const IndexDefinition> over_new_types(const IndexDefinition& given,
                                                      const TableDefinition& table) {
    IndexDefinition index = given;
    for (IndexKey& key : index.keys) {
        if (!key.column) continue;
        key.expression.expression =
            std::make_shared<const Expression>(Expression{.kind = ExpressionKind::column,
                                                          .type = table.columns[*key.column].type,
                                                          .index = *key.column});
    }
    return std::make_shared<const IndexDefinition>(std::move(index));
}

// As if PostgreSQL's text of it were given anew: what was converted implicitly is so explicitly.
Checked<StoredExpression> given_anew(const Expression& condition, const TableDefinition& before,
                                     const TableDefinition& table, const CatalogView& catalog) {
    SQL_TRY(const std::string shown, deparse(condition, {.table = &before, .catalog = &catalog}));
    SQL_TRY(const std::vector<RawStatement> parsed, parse_statements("SELECT " + shown));
    const Node& select = *open_node(*parsed.front().node).body;
    const Node& target = *open_node(list(select, "targetList").front()).body;
    StoredExpression stored{find(target, "val")->dump(), nullptr};
    Checked<ExpressionPtr> analysed = analyse_stored(stored.parsed, table, {TypeId::boolean});
    if (!analysed) {
        // It stands in no text that the client has.
        analysed.error()->position.reset();
        return std::unexpected(std::move(analysed).error());
    }
    stored.expression = *std::move(analysed);
    return stored;
}

}  // namespace

Checked<> Executor::set_types(TableDefinition& table, std::span<const AlterTableAction> actions) {
    const TableDefinition before = table;
    std::vector<std::size_t> places;
    bool rewrites = false;
    for (const AlterTableAction& action : actions) {
        const TypeChange& change = *action.set_type;
        SQL_TRY(const std::size_t place, column_to_change(table, change.column));
        SQL_CHECK(check_type_may_change(table, place));
        SQL_CHECK(convert_default(table, place, change.type));
        rewrites |= !keeps_values(change, before.columns[place].type);
        table.columns[place].type = change.type;
        places.push_back(place);
    }
    SQL_CHECK(convert_checks(table, before, places));
    // Those who fail do so before anything is changed.
    SQL_TRY(std::vector<Row> rows, converted_rows(table, actions, places));
    for (auto& index : table.indexes)
        index = over_new_types(*index, table);
    if (!rewrites) return {};
    transaction_.drops_storage = true;
    transaction_.redo.rewrite_table(table.oid);
    Heap& heap = engine_.replace_heap(transaction_, table.oid);
    const TransactionId id = engine_.transactions().assign_id(transaction_);
    for (Row& row : rows) {
        RowVersion& version = heap.insert(engine_.next_version(), std::move(row));
        version.made_by = id;
        version.made_at = transaction_.command;
        transaction_.redo.insert(table.oid, version.id, version.values);
    }
    // No row is older than a column any more.
    for (Column& column : table.columns)
        column.missing_value = Null{};
    for (auto& index : table.indexes) {
        SQL_TRY(index, build_index(table, *index));
    }
    return {};
}

Checked<> Executor::check_type_may_change(const TableDefinition& table, std::size_t place) {
    const Column& column = table.columns[place];
    SQL_CHECK(check_unused_by_views(table, column.name, "altering the type of a column"));
    for (const auto& index : table.indexes) {
        const bool plain = std::ranges::all_of(
            index->keys, [](const IndexKey& key) { return key.column.has_value(); });
        if ((!plain || index->predicate) && uses_column(*index, place))
            return not_covered("ALTER COLUMN TYPE under an index over an expression");
    }
    const auto is_among = [&](const std::vector<std::size_t>& columns) {
        return std::ranges::find(columns, place) != columns.end();
    };
    const bool referenced = std::ranges::any_of(
        view().references_to(table.oid),
        [&](const Reference& reference) { return is_among(reference.foreign_key().referenced); });
    const bool refers = std::ranges::any_of(
        table.foreign_keys, [&](const ForeignKey& key) { return is_among(key.columns); });
    if (referenced || refers) return not_covered("ALTER COLUMN TYPE under a FOREIGN KEY");
    if (column.identity != Identity::none)
        return not_covered("ALTER COLUMN TYPE of an identity column");
    return {};
}

// From the default as it was given: what made it the column's old type is taken off first.
Checked<> Executor::convert_default(TableDefinition& table, std::size_t place, ColumnType type) {
    Column& column = table.columns[place];
    if (!column.default_value) return {};
    SQL_TRY(ExpressionPtr given, analyse_stored(column.default_value->parsed, table, {}));
    // It may be a literal, which has become a constant of the old type.
    if (is_text_like(given->type.id) && !is_text_like(column.type.id) && type.id != column.type.id)
        return not_covered("ALTER COLUMN TYPE of a column with such a default");
    ParameterTypes none({}, true);
    SQL_TRY(column.default_value->expression,
            coerce(std::move(given), type, CoercionContext::assignment, none));
    if (column.default_value->expression != nullptr) return {};
    return sql_error(
        "42804", fmt::format("default for column \"{}\" cannot be cast automatically to type {}",
                             column.name, display_name(type.id)));
}

Checked<> Executor::convert_checks(TableDefinition& table, const TableDefinition& before,
                                   std::span<const std::size_t> places) {
    for (CheckConstraint& check : table.checks) {
        const bool concerned = std::ranges::any_of(places, [&](std::size_t place) {
            return uses_column(*check.condition.expression, place);
        });
        if (!concerned) continue;
        SQL_TRY(check.condition, given_anew(*check.condition.expression, before, table, view()));
    }
    return {};
}

Checked<std::vector<Row>> Executor::converted_rows(const TableDefinition& table,
                                                   std::span<const AlterTableAction> actions,
                                                   std::span<const std::size_t> places) {
    std::vector<Row> rows;
    for (const auto& [id, version] : engine_.heap(table.oid).versions()) {
        if (!is_live(version, engine_.transactions(), transaction_)) continue;
        Row& row = rows.emplace_back(version.values);
        for (std::size_t i = 0; i < places.size(); ++i) {
            SQL_TRY(row[places[i]],
                    evaluate(*actions[i].set_type->value, context_of(&version.values)));
        }
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            if (table.columns[i].not_null && is_null(row[i]))
                return contains_nulls(table, table.columns[i].name);
        }
        for (const CheckConstraint& check : table.checks) {
            const bool concerned = std::ranges::any_of(places, [&](std::size_t place) {
                return uses_column(*check.condition.expression, place);
            });
            if (!concerned) continue;
            SQL_TRY(const Value holds, evaluate(*check.condition.expression, context_of(&row)));
            if (!is_null(holds) && !std::get<bool>(holds))
                return violated_by_some_row(table, check);
        }
    }
    return rows;
}

}  // namespace atlas::sim::models::postgres

// INSERT with ON CONFLICT, UPDATE and DELETE.

#include <algorithm>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"

namespace atlas::sim::models::postgres {
namespace {

std::unexpected<Failure> no_such_column(const Node& body, std::string_view column,
                                        const TableDefinition& table) {
    return sql_error_at(
        location(body), "42703",
        fmt::format("column \"{}\" of relation \"{}\" does not exist", column, table.name));
}

std::unexpected<Failure> too_many_expressions(int place) {
    return sql_error_at(place, "42601", "INSERT has more expressions than target columns");
}

std::unexpected<Failure> too_few_expressions(const Node& column_nodes, std::size_t count) {
    return sql_error_at(location(*open_node(column_nodes.at(count)).body), "42601",
                        "INSERT has more target columns than expressions");
}

Checked<> check_conflict_target(const Node& element, TypeId type) {
    SQL_CHECK(check_index_key(element, type));
    return only_members(element, {"name", "expr", "ordering", "nulls_ordering"},
                        "an ON CONFLICT target");
}

int place_of(const Node& node) {
    return location(*open_node(node).body);
}

}  // namespace

Checked<std::vector<std::size_t>> StatementAnalyser::insert_columns(const Node& nodes,
                                                                    const TableDefinition& table) {
    std::vector<std::size_t> columns;
    for (const Node& node : nodes) {
        const Node& body = *open_node(node).body;
        const std::string name = text(body, "name");
        if (find(body, "indirection") != nullptr) return not_covered("assignment to a part");
        const auto found = table.find_column(name);
        if (!found) return no_such_column(body, name, table);
        if (std::ranges::find(columns, *found) != columns.end()) {
            return sql_error_at(location(body), "42701",
                                fmt::format("column \"{}\" specified more than once", name));
        }
        columns.push_back(*found);
    }
    if (columns.empty()) {
        for (std::size_t i = 0; i < table.columns.size(); ++i)
            columns.push_back(i);
    }
    return columns;
}

Checked<InsertStatement> StatementAnalyser::insert(const Node& body) {
    SQL_CHECK(only_members(
        body, {"relation", "cols", "selectStmt", "onConflictClause", "returningList", "override"},
        "INSERT"));
    if (text(body, "override") != "OVERRIDING_NOT_SET") return not_covered("OVERRIDING");
    const Node& range_variable = *find(body, "relation");
    InsertStatement insert;
    SQL_TRY(insert.table, table(range_variable));
    const Node& column_nodes = list(body, "cols");
    SQL_TRY(const std::vector<std::size_t> columns, insert_columns(column_nodes, *insert.table));
    const Node* source = find(body, "selectStmt");
    if (source == nullptr) {
        std::vector<ExpressionPtr>& row = insert.rows.emplace_back();
        for (const Column& column : insert.table->columns)
            row.push_back(default_of(column));
    } else if (const Node& lists = list(*open_node(*source).body, "valuesLists"); !lists.empty()) {
        SQL_CHECK(only_members(*open_node(*source).body, {"valuesLists", "limitOption", "op"},
                               "INSERT ... VALUES"));
        SQL_CHECK(insert_values(insert, lists, columns, column_nodes));
    } else {
        SQL_CHECK(insert_query(insert, *open_node(*source).body, columns, column_nodes));
    }
    Scope scope = scope_of(*insert.table, range_variable, "ON CONFLICT");
    if (const Node* clause = find(body, "onConflictClause")) {
        SQL_TRY(insert.on_conflict, on_conflict(*clause, insert, scope));
    }
    scope.clause = "RETURNING";
    SQL_TRY(insert.returning, targets(list(body, "returningList"), scope));
    return insert;
}

Checked<> StatementAnalyser::insert_values(InsertStatement& insert, const Node& lists,
                                           const std::vector<std::size_t>& columns,
                                           const Node& column_nodes) {
    const std::size_t width = list(*open_node(lists.front()).body, "items").size();
    for (const Node& node : lists) {
        const Node& items = list(*open_node(node).body, "items");
        if (items.size() != width) {
            return sql_error_at(place_of(items.front()), "42601",
                                "VALUES lists must all be the same length");
        }
        if (items.size() > columns.size())
            return too_many_expressions(place_of(items.at(columns.size())));
        if (items.size() < columns.size() && !column_nodes.empty())
            return too_few_expressions(column_nodes, items.size());
        std::vector<ExpressionPtr> row;
        for (const Column& column : insert.table->columns)
            row.push_back(default_of(column));
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (open_node(items[i]).kind == "SetToDefault") continue;
            SQL_TRY(ExpressionPtr value, expressions_.analyse(items[i], Scope{.clause = "VALUES"}));
            SQL_TRY(row[columns[i]],
                    expressions_.assign(std::move(value), insert.table->columns[columns[i]]));
        }
        insert.rows.push_back(std::move(row));
    }
    return {};
}

Checked<> StatementAnalyser::insert_query(InsertStatement& insert, const Node& query,
                                          const std::vector<std::size_t>& columns,
                                          const Node& column_nodes) {
    SQL_TRY(SelectStatement source, select(query, true));
    if (source.targets.size() > columns.size())
        return too_many_expressions(source.targets[columns.size()].expression->location);
    if (source.targets.size() < columns.size() && !column_nodes.empty())
        return too_few_expressions(column_nodes, source.targets.size());
    for (const Column& column : insert.table->columns)
        insert.from_source.push_back(default_of(column));
    for (std::size_t i = 0; i < source.targets.size(); ++i) {
        ExpressionPtr value = source.targets[i].expression;
        // A literal or a parameter without a type gets the column's, as it would in VALUES.
        if (value->type.id != TypeId::unknown) {
            value = std::make_shared<const Expression>(Expression{.kind = ExpressionKind::column,
                                                                  .type = value->type,
                                                                  .index = i,
                                                                  .location = value->location});
        }
        SQL_TRY(insert.from_source[columns[i]],
                expressions_.assign(std::move(value), insert.table->columns[columns[i]]));
    }
    insert.source = std::make_shared<const SelectStatement>(std::move(source));
    return {};
}

Checked<std::vector<Oid>> StatementAnalyser::arbiters(const Node& infer,
                                                      const TableDefinition& table,
                                                      const Scope& scope) {
    std::vector<Oid> found;
    if (const std::string name = text(infer, "conname"); !name.empty()) {
        for (const auto& index : table.indexes) {
            if (index->constraint && index->name == name) found.push_back(index->oid);
        }
        if (found.empty()) {
            return sql_error(
                "42704",
                fmt::format("constraint \"{}\" for table \"{}\" does not exist", name, table.name));
        }
        return found;
    }
    std::vector<ExpressionPtr> wanted;
    for (const Node& node : list(infer, "indexElems")) {
        const Node& element = *open_node(node).body;
        if (const Node* expression = find(element, "expr")) {
            SQL_TRY(ExpressionPtr analysed, expressions_.analyse_output(*expression, scope));
            SQL_CHECK(check_conflict_target(element, analysed->type.id));
            wanted.push_back(std::move(analysed));
            continue;
        }
        const std::string name = text(element, "name");
        const auto column = table.find_column(name);
        if (!column) {
            return sql_error_at(location(infer), "42703",
                                fmt::format("column \"{}\" does not exist", name));
        }
        SQL_CHECK(check_conflict_target(element, table.columns[*column].type.id));
        wanted.push_back(
            std::make_shared<const Expression>(Expression{.kind = ExpressionKind::column,
                                                          .type = table.columns[*column].type,
                                                          .index = *column}));
    }
    ExpressionPtr predicate;
    if (const Node* where = find(infer, "whereClause")) {
        SQL_TRY(predicate, expressions_.analyse_condition(*where, scope));
    }
    for (const auto& index : table.indexes) {
        const auto is_wanted = [&](const IndexKey& key) {
            return std::ranges::any_of(wanted, [&](const ExpressionPtr& expression) {
                return same_expression(*expression, *key.expression.expression);
            });
        };
        const auto is_key = [&](const ExpressionPtr& expression) {
            return std::ranges::any_of(index->keys, [&](const IndexKey& key) {
                return same_expression(*expression, *key.expression.expression);
            });
        };
        if (!index->unique || !std::ranges::all_of(index->keys, is_wanted) ||
            !std::ranges::all_of(wanted, is_key))
            continue;
        if (index->predicate && !implies(predicate, index->predicate->expression)) continue;
        found.push_back(index->oid);
    }
    if (found.empty()) {
        return sql_error("42P10",
                         "there is no unique or exclusion constraint matching the ON CONFLICT "
                         "specification");
    }
    return found;
}

Checked<OnConflict> StatementAnalyser::on_conflict(const Node& body, const InsertStatement& insert,
                                                   const Scope& scope) {
    OnConflict clause{.update = text(body, "action") == "ONCONFLICT_UPDATE"};
    const Node* infer = find(body, "infer");
    if (infer != nullptr) {
        SQL_TRY(clause.arbiters, arbiters(*infer, *insert.table, scope));
    } else if (clause.update) {
        auto error = sql_error_at(location(body), "42601",
                                  "ON CONFLICT DO UPDATE requires inference specification or "
                                  "constraint name");
        error.error()->hint = "For example, ON CONFLICT (column_name).";
        return error;
    }
    if (!clause.update) return clause;
    Scope with_excluded = scope;
    with_excluded.clause = "UPDATE";
    with_excluded.relations.push_back({insert.table.get(), "excluded", true});
    SQL_TRY(clause.assignments,
            assignments(list(body, "targetList"), *insert.table, with_excluded));
    if (const Node* where = find(body, "whereClause")) {
        with_excluded.clause = "WHERE";
        SQL_TRY(clause.condition, expressions_.analyse_condition(*where, with_excluded));
    }
    return clause;
}

Checked<std::vector<Assignment>> StatementAnalyser::assignments(const Node& nodes,
                                                                const TableDefinition& table,
                                                                const Scope& scope) {
    std::vector<Assignment> assignments;
    for (const Node& node : nodes) {
        const Node& body = *open_node(node).body;
        const std::string name = text(body, "name");
        const auto column = table.find_column(name);
        if (!column) return no_such_column(body, name, table);
        if (find(body, "indirection") != nullptr) return not_covered("assignment to a part");
        if (std::ranges::find(assignments, *column, &Assignment::column) != assignments.end()) {
            return sql_error("42601",
                             fmt::format("multiple assignments to same column \"{}\"", name));
        }
        const Node* value = find(body, "val");
        if (const auto [kind, multiple] = open_node(*value); kind == "MultiAssignRef") {
            const auto [source_kind, source] = open_node(*find(*multiple, "source"));
            if (source_kind != "RowExpr") return not_covered("SET (...) = of other than a row");
            const Node& parts = list(*source, "args");
            if (parts.size() != multiple->value("ncolumns", std::size_t{0})) {
                return sql_error_at(location(*source), "42601",
                                    "number of columns does not match number of values");
            }
            value = &parts[multiple->value("colno", std::size_t{1}) - 1];
        }
        const Column& definition = table.columns[*column];
        if (open_node(*value).kind == "SetToDefault") {
            assignments.push_back({*column, default_of(definition)});
            continue;
        }
        SQL_TRY(ExpressionPtr expression, expressions_.analyse(*value, scope));
        SQL_TRY(expression, expressions_.assign(std::move(expression), definition));
        assignments.push_back({*column, std::move(expression)});
    }
    return assignments;
}

Checked<UpdateStatement> StatementAnalyser::update(const Node& body) {
    SQL_CHECK(
        only_members(body, {"relation", "targetList", "whereClause", "returningList"}, "UPDATE"));
    const Node& range_variable = *find(body, "relation");
    UpdateStatement update;
    SQL_TRY(update.scan.table, table(range_variable));
    Scope scope = scope_of(*update.scan.table, range_variable, "UPDATE");
    SQL_TRY(update.assignments, assignments(list(body, "targetList"), *update.scan.table, scope));
    if (const Node* where = find(body, "whereClause")) {
        scope.clause = "WHERE";
        SQL_TRY(update.scan.condition, expressions_.analyse_condition(*where, scope));
    }
    scope.clause = "RETURNING";
    SQL_TRY(update.returning, targets(list(body, "returningList"), scope));
    update.scan.path = choose_path(*update.scan.table, update.scan.condition);
    return update;
}

Checked<DeleteStatement> StatementAnalyser::remove(const Node& body) {
    SQL_CHECK(only_members(body, {"relation", "whereClause", "returningList"}, "DELETE"));
    const Node& range_variable = *find(body, "relation");
    DeleteStatement remove;
    SQL_TRY(remove.scan.table, table(range_variable));
    Scope scope = scope_of(*remove.scan.table, range_variable, "WHERE");
    if (const Node* where = find(body, "whereClause")) {
        SQL_TRY(remove.scan.condition, expressions_.analyse_condition(*where, scope));
    }
    scope.clause = "RETURNING";
    SQL_TRY(remove.returning, targets(list(body, "returningList"), scope));
    remove.scan.path = choose_path(*remove.scan.table, remove.scan.condition);
    return remove;
}

}  // namespace atlas::sim::models::postgres

// INSERT with ON CONFLICT, UPDATE and DELETE.

#include <algorithm>
#include <utility>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"
#include "sim/models/postgres/plan/folding.hpp"
#include "sim/models/postgres/plan/plan.hpp"

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

// Whether any of its own expressions has one.
bool has_subquery(const InsertStatement& insert) {
    bool found = false;
    const auto look = [&](const ExpressionPtr& expression) {
        if (expression == nullptr) return;
        visit_expression(*expression,
                         [&](const Expression& part) { found |= part.subquery != nullptr; });
    };
    for (const std::vector<ExpressionPtr>& row : insert.rows)
        std::ranges::for_each(row, look);
    for (const Target& target : insert.returning)
        look(target.expression);
    if (insert.on_conflict) {
        look(insert.on_conflict->condition);
        for (const Assignment& assignment : insert.on_conflict->assignments)
            look(assignment.value);
    }
    return found;
}

int place_of(const Node& node) {
    return location(*open_node(node).body);
}

Checked<> check_assignable(const Column& column) {
    if (column.identity != Identity::always) return {};
    auto error = sql_error(
        "428C9", fmt::format("column \"{}\" can only be updated to DEFAULT", column.name));
    error.error()->detail = fmt::format(
        "Column \"{}\" is an identity column defined as GENERATED ALWAYS.", column.name);
    return error;
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
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            if (!table.columns[i].dropped) columns.push_back(i);
        }
    }
    return columns;
}

Checked<InsertStatement> StatementAnalyser::insert(const Node& body, const Scope* outer) {
    SQL_CHECK(only_members(body,
                           {"relation", "cols", "selectStmt", "onConflictClause", "returningList",
                            "override", "withClause"},
                           "INSERT"));
    // This INSERT may be in the WITH of another, and have others in its own.
    const Overriding around_this = std::exchange(overriding_, overriding(body));
    const Node& range_variable = *find(body, "relation");
    InsertStatement insert;
    Query level;
    Scope around{.outer = outer, .query = &level};
    if (const Node* clause = find(body, "withClause")) SQL_CHECK(with(*clause, level, around));
    SQL_TRY(insert.table, table(range_variable));
    lock(*insert.table, TableLockMode::row_exclusive);
    const Node& column_nodes = list(body, "cols");
    SQL_TRY(const std::vector<std::size_t> columns, insert_columns(column_nodes, *insert.table));
    const Node* source = find(body, "selectStmt");
    if (source == nullptr) {
        std::vector<ExpressionPtr>& row = insert.rows.emplace_back();
        for (const Column& column : insert.table->columns)
            row.push_back(default_of(column));
    } else if (const Node& lists = list(*open_node(*source).body, "valuesLists"); !lists.empty()) {
        SQL_CHECK(only_members(*open_node(*source).body,
                               {"valuesLists", "limitOption", "op", "withClause"},
                               "INSERT ... VALUES"));
        if (const Node* clause = find(*open_node(*source).body, "withClause"))
            SQL_CHECK(with(*clause, level, around));
        SQL_CHECK(insert_values(insert, lists, columns, column_nodes, around));
    } else {
        SQL_CHECK(insert_query(insert, *open_node(*source).body, columns, column_nodes, around));
    }
    Scope scope = scope_of(*insert.table, range_variable, "ON CONFLICT");
    scope.outer = outer;
    scope.query = &level;
    if (const Node* clause = find(body, "onConflictClause")) {
        SQL_TRY(insert.on_conflict, on_conflict(*clause, insert, scope));
    }
    scope.clause = "RETURNING";
    SQL_TRY(insert.returning, targets(list(body, "returningList"), scope));
    if (!level.common_tables.empty() || has_subquery(insert) || outer != nullptr ||
        insert.source != nullptr) {
        SQL_CHECK(finish_query(level, {}, nullptr));
        insert.level = std::make_shared<const Query>(std::move(level));
    }
    fold_insert(insert);
    overriding_ = around_this;
    return insert;
}

StatementAnalyser::Overriding StatementAnalyser::overriding(const Node& insert) {
    const std::string override = text(insert, "override");
    if (override == "OVERRIDING_USER_VALUE") return Overriding::user;
    return override == "OVERRIDING_SYSTEM_VALUE" ? Overriding::system : Overriding::none;
}

// False if an identity column keeps to its sequence all the same.
Checked<bool> StatementAnalyser::takes_given_value(const Column& column) {
    if (column.identity == Identity::none) return true;
    if (overriding_ == Overriding::user) return false;
    if (column.identity == Identity::by_default || overriding_ == Overriding::system) return true;
    auto error = sql_error("428C9", fmt::format("cannot insert a non-DEFAULT value into column "
                                                "\"{}\"",
                                                column.name));
    error.error()->detail = fmt::format(
        "Column \"{}\" is an identity column defined as GENERATED ALWAYS.", column.name);
    error.error()->hint = "Use OVERRIDING SYSTEM VALUE to override.";
    return error;
}

Checked<> StatementAnalyser::insert_values(InsertStatement& insert, const Node& lists,
                                           const std::vector<std::size_t>& columns,
                                           const Node& column_nodes, const Scope& scope) {
    Scope values = scope;
    values.clause = "VALUES";
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
            SQL_TRY(ExpressionPtr value, expressions_.analyse(items[i], values));
            const Column& column = insert.table->columns[columns[i]];
            SQL_TRY(value, expressions_.assign(std::move(value), column));
            SQL_TRY(const bool given, takes_given_value(column));
            if (given) row[columns[i]] = std::move(value);
        }
        insert.rows.push_back(std::move(row));
    }
    return {};
}

Checked<> StatementAnalyser::insert_query(InsertStatement& insert, const Node& query,
                                          const std::vector<std::size_t>& columns,
                                          const Node& column_nodes, const Scope& scope) {
    const bool plain = text(query, "op") == "SETOP_NONE" && list(query, "distinctClause").empty();
    SQL_TRY(Query source,
            this->query(query, &scope, plain ? Unknowns::stay : Unknowns::become_text));
    scope.query->may_wait |= source.may_wait;
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
        const Column& column = insert.table->columns[columns[i]];
        SQL_TRY(value, expressions_.assign(std::move(value), column));
        SQL_TRY(const bool given, takes_given_value(column));
        if (given) insert.from_source[columns[i]] = std::move(value);
    }
    insert.source = std::make_shared<const Query>(std::move(source));
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
        if (index->predicate && !implies(conjuncts(predicate), index->predicate->expression))
            continue;
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

// One column of SET (a, b) = (SELECT ...): the first analyses the query, the others share it.
Checked<ExpressionPtr> StatementAnalyser::part_of_subquery(
    const Node& multiple, const Node& link, const Scope& scope,
    std::shared_ptr<const Subquery>& several) {
    const auto place = multiple.value("colno", std::size_t{1}) - 1;
    if (place == 0) {
        Subquery inner;
        SQL_TRY(inner.query, subquery(*open_node(*find(link, "subselect")).body, scope));
        if (inner.query->targets.size() != multiple.value("ncolumns", std::size_t{0})) {
            return sql_error_at(location(link), "42601",
                                "number of columns does not match number of values");
        }
        several = std::make_shared<const Subquery>(std::move(inner));
    }
    return std::make_shared<const Expression>(
        Expression{.kind = ExpressionKind::subquery,
                   .type = several->query->targets[place].expression->type,
                   .index = place,
                   .subquery = several,
                   .location = location(link)});
}

Checked<std::vector<Assignment>> StatementAnalyser::assignments(const Node& nodes,
                                                                const TableDefinition& table,
                                                                const Scope& scope) {
    std::vector<Assignment> assignments;
    std::shared_ptr<const Subquery> several;
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
            if (source_kind == "SubLink") {
                SQL_TRY(ExpressionPtr part, part_of_subquery(*multiple, *source, scope, several));
                SQL_TRY(part, expressions_.assign(std::move(part), table.columns[*column]));
                SQL_CHECK(check_assignable(table.columns[*column]));
                assignments.push_back({*column, std::move(part)});
                continue;
            }
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
        SQL_CHECK(check_assignable(definition));
        assignments.push_back({*column, std::move(expression)});
    }
    return assignments;
}

// The table that is changed is the first item of the query.
Checked<> StatementAnalyser::open_changed_table(const Node& range_variable, Query& query,
                                                Scope& scope) {
    SQL_TRY(TablePtr found, table(range_variable));
    lock(*found, TableLockMode::row_exclusive);
    std::string alias = found->name;
    if (const Node* given = find(range_variable, "alias")) alias = text(*given, "aliasname");
    query.range.push_back(table_entry(std::move(found), std::move(alias)));
    scope.relations.push_back(named_entry(query.range.front(), 0));
    return {};
}

Checked<UpdateStatement> StatementAnalyser::update(const Node& body, const Scope* outer) {
    SQL_CHECK(only_members(
        body,
        {"relation", "targetList", "whereClause", "returningList", "fromClause", "withClause"},
        "UPDATE"));
    UpdateStatement update;
    Query query;
    Scope scope{.clause = "UPDATE", .outer = outer, .query = &query};
    if (const Node* clause = find(body, "withClause")) SQL_CHECK(with(*clause, query, scope));
    SQL_CHECK(open_changed_table(*find(body, "relation"), query, scope));
    update.table = query.range.front().table;
    std::vector<std::unique_ptr<JoinTree>> trees;
    trees.push_back(std::make_unique<JoinTree>());
    SQL_CHECK(from_others(list(body, "fromClause"), query, scope, trees));
    ExpressionPtr condition;
    if (const Node* where = find(body, "whereClause")) {
        scope.clause = "WHERE";
        SQL_TRY(condition, expressions_.analyse_condition(*where, scope));
    }
    scope.clause = "RETURNING";
    SQL_TRY(update.returning, targets(list(body, "returningList"), scope));
    scope.clause = "UPDATE";
    SQL_TRY(update.assignments, assignments(list(body, "targetList"), *update.table, scope));
    std::vector<ExpressionPtr*> others;
    for (Target& target : update.returning)
        others.push_back(&target.expression);
    for (Assignment& assignment : update.assignments)
        others.push_back(&assignment.value);
    SQL_CHECK(finish_query(query, std::move(trees), std::move(condition), others));
    update.query = std::make_shared<const Query>(std::move(query));
    return update;
}

// FROM and USING: they do not see the table that is changed.
Checked<> StatementAnalyser::from_others(const Node& nodes, Query& query, Scope& scope,
                                         std::vector<std::unique_ptr<JoinTree>>& trees) {
    if (nodes.empty()) return {};
    Scope others = scope;
    others.hidden = std::move(others.relations);
    others.relations.clear();
    SQL_TRY(auto more, from(nodes, query, others));
    for (const Relation& other : others.relations) {
        if (other.nameless || other.alias != scope.relations.front().alias) continue;
        return sql_error("42712",
                         fmt::format("table name \"{}\" specified more than once", other.alias));
    }
    std::ranges::move(others.relations, std::back_inserter(scope.relations));
    std::ranges::move(more, std::back_inserter(trees));
    return {};
}

Checked<DeleteStatement> StatementAnalyser::remove(const Node& body, const Scope* outer) {
    SQL_CHECK(only_members(
        body, {"relation", "whereClause", "returningList", "usingClause", "withClause"}, "DELETE"));
    DeleteStatement remove;
    Query query;
    Scope scope{.clause = "WHERE", .outer = outer, .query = &query};
    if (const Node* clause = find(body, "withClause")) SQL_CHECK(with(*clause, query, scope));
    SQL_CHECK(open_changed_table(*find(body, "relation"), query, scope));
    remove.table = query.range.front().table;
    std::vector<std::unique_ptr<JoinTree>> trees;
    trees.push_back(std::make_unique<JoinTree>());
    SQL_CHECK(from_others(list(body, "usingClause"), query, scope, trees));
    ExpressionPtr condition;
    if (const Node* where = find(body, "whereClause")) {
        SQL_TRY(condition, expressions_.analyse_condition(*where, scope));
    }
    scope.clause = "RETURNING";
    SQL_TRY(remove.returning, targets(list(body, "returningList"), scope));
    std::vector<ExpressionPtr*> others;
    for (Target& target : remove.returning)
        others.push_back(&target.expression);
    SQL_CHECK(finish_query(query, std::move(trees), std::move(condition), others));
    remove.query = std::make_shared<const Query>(std::move(query));
    return remove;
}

}  // namespace atlas::sim::models::postgres

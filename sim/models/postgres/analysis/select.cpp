// SELECT and VALUES, and what RETURNING shares with them. The clauses are analysed in PostgreSQL's
// order, because the first error speaks.

#include <algorithm>

#include "sim/models/postgres/analysis/pull_up.hpp"
#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/row_locking.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"
#include "sim/models/postgres/plan/access_path.hpp"
#include "sim/models/postgres/plan/folding.hpp"
#include "sim/models/postgres/plan/outer_joins.hpp"
#include "sim/models/postgres/plan/plan.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

// A column of the query's own FROM is the table's column, whatever queries are in between.
Target make_target(std::string name, ExpressionPtr expression, const Scope& scope) {
    Target target{.name = std::move(name), .expression = std::move(expression)};
    const Expression& column = *target.expression;
    const bool is_column = column.kind == ExpressionKind::column && !column.relabelled;
    if (!is_column || column.levels_up > 0) return target;
    if (scope.query != nullptr && column.relation < scope.query->range.size()) {
        const RangeEntry& entry = scope.query->range[column.relation];
        target.table_oid = entry.columns[column.index].table_oid;
        target.column_number = entry.columns[column.index].column_number;
    } else if (column.relation < scope.relations.size() &&
               scope.relations[column.relation].table != nullptr) {
        target.table_oid = scope.relations[column.relation].table->oid;
        target.column_number = static_cast<std::int16_t>(column.index + 1);
    }
    return target;
}

// "*" or "alias.*": nullopt for anything else; "" for the bare star.
std::optional<std::string> starred_alias(const Node& node) {
    const auto [kind, body] = open_node(node);
    if (kind != "ColumnRef") return std::nullopt;
    const Node& fields = list(*body, "fields");
    if (open_node(fields.back()).kind != "A_Star") return std::nullopt;
    if (fields.size() == 1) return std::string();
    return text(*open_node(fields[fields.size() - 2]).body, "sval");
}

Checked<> expand_star(const std::string& alias, const Scope& scope, int place,
                      std::vector<Target>& targets) {
    bool expanded = false;
    for (std::size_t i = 0; i < scope.relations.size(); ++i) {
        const Relation& relation = scope.relations[i];
        const bool named = !relation.nameless && relation.alias == alias;
        if (alias.empty() ? relation.qualified_only : !named) continue;
        expanded = true;
        if (relation.table != nullptr && is_system_relation(relation.table->oid) &&
            std::ranges::any_of(relation.table->columns, &Column::dropped))
            return not_covered(fmt::format("all columns of {}", relation.table->name), place);
        for (const NamedExpression& column : columns_of(relation, i)) {
            Expression copy = *column.expression;
            copy.location = place;
            targets.push_back(make_target(
                column.name, std::make_shared<const Expression>(std::move(copy)), scope));
        }
        if (!alias.empty()) return {};
    }
    if (expanded) return {};
    if (alias.empty())
        return sql_error_at(place, "42601", "SELECT * with no tables specified is not valid");
    for (const Scope* outer = scope.outer; outer != nullptr; outer = outer->outer) {
        for (const Relation& relation : outer->relations) {
            if (!relation.nameless && relation.alias == alias)
                return not_covered("all columns of an outer query's table", place);
        }
    }
    return no_such_relation(scope, alias, place);
}

bool contains_call(const Node& node) {
    if (!node.is_structured()) return false;
    if (node.is_object() && (node.contains("FuncCall") || node.contains("SubLink"))) return true;
    return std::ranges::any_of(node, contains_call);
}

// SELECT generate_series(1, 3) is SELECT * FROM generate_series(1, 3): where it is the one column,
// and there is nothing else that could be in its way. Null for all other queries.
std::optional<Node> with_set_in_from(const Node& body) {
    const Node& targets = list(body, "targetList");
    for (const char* clause : {"fromClause", "groupClause", "havingClause", "windowClause"}) {
        if (find(body, clause) != nullptr) return std::nullopt;
    }
    if (targets.size() != 1) return std::nullopt;
    const Node& target = *open_node(targets.front()).body;
    const auto [kind, call] = open_node(*find(target, "val"));
    if (kind != "FuncCall" || find(*call, "over") != nullptr || contains_call(list(*call, "args")))
        return std::nullopt;
    // Of several arrays it is a function of FROM alone.
    const std::string name = strings(list(*call, "funcname")).back();
    const bool several = name == "unnest" && list(*call, "args").size() != 1;
    if (!returns_set(name) || several) return std::nullopt;
    Node rewritten = body;
    const Node items{{"List", {{"items", Node::array({*find(target, "val"), Node::object()})}}}};
    rewritten["fromClause"] =
        Node::array({{{"RangeFunction", {{"functions", Node::array({items})}}}}});
    Node& shown = rewritten["targetList"][0].begin().value();
    shown["val"] = {{"ColumnRef",
                     {{"fields", Node::array({{{"String", {{"sval", set_column_name(name)}}}}})}}}};
    if (find(shown, "name") == nullptr) shown["name"] = name;
    return rewritten;
}

}  // namespace

Checked<Query> StatementAnalyser::query(const Node& body, const Scope* outer, Unknowns unknowns) {
    SQL_CHECK(only_members(
        body,
        {"targetList", "fromClause", "whereClause", "groupClause", "havingClause", "windowClause",
         "distinctClause", "valuesLists", "sortClause", "limitCount", "limitOffset", "limitOption",
         "lockingClause", "withClause", "op", "all", "larg", "rarg"},
        "SELECT"));
    const DepthGuard guard(expressions_.depth(), DepthGuard::of_query);
    SQL_CHECK(guard.check());
    if (text(body, "limitOption") == "LIMIT_OPTION_WITH_TIES") return not_covered("WITH TIES");
    Query query;
    Scope scope{.clause = "SELECT", .outer = outer, .query = &query};
    if (const Node* clause = find(body, "withClause")) SQL_CHECK(with(*clause, query, scope));
    if (!list(body, "valuesLists").empty()) {
        SQL_CHECK(values_query(body, query, scope));
    } else if (text(body, "op") != "SETOP_NONE") {
        SQL_CHECK(set_operation(body, query, scope));
    } else {
        const std::optional<Node> rewritten = with_set_in_from(body);
        SQL_CHECK(select(rewritten ? *rewritten : body, query, scope, unknowns));
    }
    return query;
}

Checked<QueryPtr> StatementAnalyser::subquery(const Node& select, const Scope& outer) {
    SQL_TRY(Query inner, query(select, &outer));
    if (outer.query != nullptr) outer.query->may_wait |= inner.may_wait;
    return std::make_shared<const Query>(std::move(inner));
}

Checked<> StatementAnalyser::select(const Node& body, Query& query, Scope& scope,
                                    Unknowns unknowns) {
    SQL_TRY(auto tree, from(list(body, "fromClause"), query, scope));
    const Node& windows = list(body, "windowClause");
    scope.named_windows = &windows;
    scope.aggregates = &query.aggregates;
    scope.windows = &query.windows;
    std::vector<const Node*> window_definitions;
    scope.window_definitions = &window_definitions;
    scope.may_wait = true;
    SQL_TRY(query.targets, targets(list(body, "targetList"), scope, unknowns));
    scope.may_wait = false;
    Scope plain = scope;
    plain.aggregates = nullptr;
    plain.windows = nullptr;
    ExpressionPtr condition;
    if (const Node* where = find(body, "whereClause")) {
        plain.clause = "WHERE";
        SQL_TRY(condition, expressions_.analyse_condition(*where, plain));
    }
    if (const Node* having = find(body, "havingClause")) {
        Scope of_groups = scope;
        of_groups.windows = nullptr;
        of_groups.clause = "HAVING";
        SQL_TRY(query.having, expressions_.analyse_condition(*having, of_groups));
    }
    Scope ordering = scope;
    ordering.clause = "ORDER BY";
    SQL_TRY(query.order_by, sort_keys(list(body, "sortClause"), query.targets, ordering));
    plain.clause = "GROUP BY";
    SQL_CHECK(group_by(list(body, "groupClause"), query, plain));
    plain.clause = "DISTINCT ON";
    SQL_CHECK(distinct(list(body, "distinctClause"), query, scope));
    SQL_CHECK(limit(body, query, plain));
    SQL_CHECK(expressions_.define_windows(scope));
    query.grouped = !query.group_by.empty() || !query.aggregates.empty() || query.having != nullptr;
    if (const Node& locking = list(body, "lockingClause"); !locking.empty())
        SQL_CHECK(row_locking(locking, query));
    SQL_CHECK(check_grouping(query));
    return finish_query(query, std::move(tree), std::move(condition));
}

Checked<> StatementAnalyser::limit(const Node& body, Query& query, const Scope& scope) {
    Scope counting = scope;
    counting.clause = "OFFSET";
    if (const Node* offset = find(body, "limitOffset")) {
        SQL_TRY(query.offset, expressions_.analyse_bigint(*offset, counting));
    }
    counting.clause = "LIMIT";
    if (const Node* count = find(body, "limitCount")) {
        SQL_TRY(query.limit, expressions_.analyse_bigint(*count, counting));
    }
    return {};
}

Checked<> StatementAnalyser::values_query(const Node& body, Query& query, Scope& scope) {
    RangeEntry entry{.kind = RangeKind::values, .alias = "*VALUES*"};
    Scope plain = scope;
    plain.clause = "VALUES";
    for (const Node& node : list(body, "valuesLists")) {
        std::vector<ExpressionPtr>& row = entry.values.emplace_back();
        for (const Node& item : list(*open_node(node).body, "items")) {
            SQL_TRY(ExpressionPtr value, expressions_.analyse(item, plain));
            row.push_back(std::move(value));
        }
        if (row.size() != entry.values.front().size()) {
            return sql_error_at(row.front()->location, "42601",
                                "VALUES lists must all be the same length");
        }
    }
    for (std::size_t i = 0; i < entry.values.front().size(); ++i) {
        std::vector<ExpressionPtr> column;
        for (const std::vector<ExpressionPtr>& row : entry.values)
            column.push_back(row[i]);
        SQL_TRY(const ColumnType type, common_column_type(column, "VALUES"));
        for (std::vector<ExpressionPtr>& row : entry.values) {
            SQL_TRY(row[i],
                    expressions_.coerce_or_fail(row[i], {type.id}, CoercionContext::implicit));
        }
        entry.columns.push_back({fmt::format("column{}", i + 1), type});
    }
    scope.relations.push_back(named_entry(entry, 0));
    query.range.push_back(std::move(entry));
    for (const NamedExpression& column : *scope.relations.front().columns)
        query.targets.push_back(make_target(column.name, column.expression, scope));
    Scope ordering = scope;
    ordering.clause = "ORDER BY";
    SQL_TRY(query.order_by, sort_keys(list(body, "sortClause"), query.targets, ordering));
    SQL_CHECK(limit(body, query, ordering));
    if (const Node& locking = list(body, "lockingClause"); !locking.empty())
        return locking_not_applicable(locking, "VALUES");
    std::vector<std::unique_ptr<JoinTree>> tree;
    tree.push_back(std::make_unique<JoinTree>());
    return finish_query(query, std::move(tree), nullptr);
}

Checked<std::vector<Target>> StatementAnalyser::targets(const Node& nodes, const Scope& scope,
                                                        Unknowns unknowns) {
    Scope without_waits = scope;
    without_waits.may_wait = false;
    std::vector<Target> targets;
    for (const Node& node : nodes) {
        const Node& body = *open_node(node).body;
        const Node& value = *find(body, "val");
        if (const auto alias = starred_alias(value)) {
            SQL_CHECK(expand_star(*alias, scope, location(*open_node(value).body), targets));
            continue;
        }
        const bool is_call = open_node(value).kind == "FuncCall";
        const Scope& of_value = is_call ? scope : without_waits;
        SQL_TRY(ExpressionPtr expression, unknowns == Unknowns::stay
                                              ? expressions_.analyse(value, of_value)
                                              : expressions_.analyse_output(value, of_value));
        if (expression->type.id == TypeId::node_tree)
            return not_covered("values of type pg_node_tree", expression->location);
        if (expression->function != nullptr && expression->function->waits &&
            scope.query != nullptr)
            scope.query->may_wait = true;
        std::string name = text(body, "name");
        // The one column of a subquery may have come from a star.
        const Subquery* const subquery = expression->subquery.get();
        if (name.empty() && subquery != nullptr && subquery->kind == SubqueryKind::scalar)
            name = subquery->query->targets.front().name;
        if (name.empty()) name = output_name(value);
        targets.push_back(make_target(std::move(name), std::move(expression), scope));
    }
    return targets;
}

Checked<> finish_query(Query& query, std::vector<std::unique_ptr<JoinTree>> from,
                       ExpressionPtr condition, const std::vector<ExpressionPtr*>& others) {
    for (const RangeEntry& entry : query.range) {
        if (entry.query != nullptr) query.may_wait |= entry.query->may_wait;
    }
    pull_up(query, from, condition, others);
    // These look at what was written, as PostgreSQL does.
    query.has_volatile = has_volatile_parts(query, from, condition);
    query.is_simple = is_simple(query);
    fold_query(query, from, condition, others);
    reduce_outer_joins(from, condition);
    for (const auto& tree : from) {
        auto there = check_rows_are_there(*tree, query, false);
        // PostgreSQL makes joins of EXISTS and IN, and might have found the rows to be there.
        if (!there && condition != nullptr && has_subquery(*condition))
            return not_covered("FOR UPDATE of an outer join beside a subquery in WHERE");
        SQL_CHECK(std::move(there));
    }
    SQL_TRY(query.plan, plan_from(query, from, condition));
    if (!query.is_simple) return {};
    std::ranges::move(from, std::back_inserter(query.from));
    query.where = std::move(condition);
    return {};
}

}  // namespace atlas::sim::models::postgres

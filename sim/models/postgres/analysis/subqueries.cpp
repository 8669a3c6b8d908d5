// Queries inside expressions, and comparisons of rows.

#include <algorithm>
#include <array>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/scope.hpp"
#include "sim/models/postgres/types/compared.hpp"

namespace atlas::sim::models::postgres {
namespace {

ExpressionPtr make(Expression expression) {
    return std::make_shared<const Expression>(std::move(expression));
}

ExpressionPtr connective(ExpressionKind kind, std::vector<ExpressionPtr> parts, int place) {
    if (parts.size() == 1) return parts.front();
    return make({.kind = kind,
                 .type = {TypeId::boolean},
                 .arguments = std::move(parts),
                 .location = place});
}

// Where subqueries may not be at all.
Checked<> check_allowed(const Scope& scope, int place) {
    if (scope.query != nullptr) return {};
    if (scope.clause == "DEFAULT")
        return sql_error_at(place, "0A000", "cannot use subquery in DEFAULT expression");
    if (scope.clause == "CHECK")
        return sql_error_at(place, "0A000", "cannot use subquery in check constraint");
    if (scope.clause == "transform expressions")
        return sql_error_at(place, "0A000", "cannot use subquery in transform expression");
    return not_covered("subqueries here", place);
}

// Nobody looks at what the rows of EXISTS are: it is not computed, unless whether there is a row
// follows from it.
QueryPtr without_columns(const QueryPtr& query) {
    const bool is_set_operation =
        !query->range.empty() && query->range.front().kind == RangeKind::set_operation;
    const bool needed = !query->aggregates.empty() || query->having != nullptr ||
                        !query->windows.empty() || query->offset != nullptr || query->locks_rows ||
                        is_set_operation;
    const bool some =
        query->limit == nullptr ||
        (query->limit->kind == ExpressionKind::constant &&
         (is_null(query->limit->constant) || std::get<std::int64_t>(query->limit->constant) > 0));
    if (needed || !some) return query;
    auto copy = std::make_shared<Query>(*query);
    copy->grouped = false;
    copy->group_by.clear();
    copy->distinct = false;
    copy->distinct_on.clear();
    copy->order_by.clear();
    copy->limit = nullptr;
    copy->targets.clear();
    return copy;
}

// "=" with the left operand on one side and the subquery's column on the other: rows can be looked
// up by value.
ExpressionPtr looked_up(const Expression& test) {
    if (test.kind != ExpressionKind::call || test.function->name != "=") return nullptr;
    const ExpressionPtr& left = test.arguments.front();
    const Expression& right = *test.arguments.back();
    if (right.kind != ExpressionKind::subquery_column) return nullptr;
    return are_compared_alike(left->type.id, right.type.id) ? left : nullptr;
}

}  // namespace

Checked<ExpressionPtr> ExpressionAnalyser::subquery(const Node& body, const Scope& scope) {
    const int place = location(body);
    SQL_CHECK(check_allowed(scope, place));
    const std::string link = text(body, "subLinkType");
    if (link == "ANY_SUBLINK" || link == "ALL_SUBLINK") {
        // IN has no operator's name.
        const std::vector<std::string> names = strings(list(body, "operName"));
        const Node& test = *find(body, "testexpr");
        std::vector<ExpressionPtr> left;
        if (open_node(test).kind == "RowExpr") {
            SQL_TRY(left, row_elements(test, scope));
        } else {
            SQL_TRY(ExpressionPtr one, analyse(test, scope));
            left.push_back(std::move(one));
        }
        return compared_subquery(body,
                                 link == "ANY_SUBLINK" ? SubqueryKind::any : SubqueryKind::all,
                                 names.empty() ? "=" : names.back(), std::move(left), place, scope);
    }
    Subquery inner;
    Scope around = scope;
    around.may_wait = false;
    SQL_TRY(inner.query, subqueries_->subquery(*open_node(*find(body, "subselect")).body, around));
    ColumnType type{TypeId::boolean};
    if (link == "EXISTS_SUBLINK") {
        inner.kind = SubqueryKind::exists;
        inner.query = without_columns(inner.query);
    } else if (link == "EXPR_SUBLINK" || link == "ARRAY_SUBLINK") {
        if (inner.query->targets.size() != 1)
            return sql_error_at(place, "42601", "subquery must return only one column");
        type = inner.query->targets.front().expression->type;
        inner.kind = SubqueryKind::scalar;
        if (link == "ARRAY_SUBLINK") {
            inner.kind = SubqueryKind::array;
            const TypeId element = type.id;
            type = {array_of(element)};
            if (type.id == TypeId::none)
                return not_covered(fmt::format("arrays of {}", display_name(element)), place);
        }
    } else {
        return not_covered(link, place);
    }
    return make({.kind = ExpressionKind::subquery,
                 .type = type,
                 .subquery = std::make_shared<const Subquery>(std::move(inner)),
                 .location = place});
}

Checked<ExpressionPtr> ExpressionAnalyser::compared_subquery(const Node& body, SubqueryKind kind,
                                                             std::string_view name,
                                                             std::vector<ExpressionPtr> left,
                                                             int place, const Scope& scope) {
    SQL_CHECK(check_allowed(scope, place));
    Subquery inner{.kind = kind, .query = {}};
    Scope around = scope;
    around.may_wait = false;
    SQL_TRY(inner.query, subqueries_->subquery(*open_node(*find(body, "subselect")).body, around));
    const std::vector<Target>& targets = inner.query->targets;
    if (left.size() != targets.size()) {
        return sql_error_at(place, "42601",
                            left.size() < targets.size() ? "subquery has too many columns"
                                                         : "subquery has too few columns");
    }
    std::vector<ExpressionPtr> columns;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        columns.push_back(make({.kind = ExpressionKind::subquery_column,
                                .type = targets[i].expression->type,
                                .index = i,
                                .location = place}));
    }
    SQL_TRY(ExpressionPtr test, row_comparison(name, std::move(left), std::move(columns), place));
    if (test->type.id != TypeId::boolean) {
        return sql_error_at(place, "42804",
                            fmt::format("operator {} must return type boolean, not type {}", name,
                                        display_name(test->type.id)));
    }
    inner.looked_up = looked_up(*test);
    return make({.kind = ExpressionKind::subquery,
                 .type = {TypeId::boolean},
                 .subquery = std::make_shared<const Subquery>(std::move(inner)),
                 .arguments = {std::move(test)},
                 .location = place});
}

Checked<std::vector<ExpressionPtr>> ExpressionAnalyser::row_elements(const Node& node,
                                                                     const Scope& scope) {
    return analyse_list(list(*open_node(node).body, "args"), scope);
}

// Element by element: the first pair that differs, or that one cannot tell of, decides.
Checked<ExpressionPtr> ExpressionAnalyser::row_comparison(std::string_view name,
                                                          std::vector<ExpressionPtr> left,
                                                          std::vector<ExpressionPtr> right,
                                                          int place) {
    if (left.size() != right.size())
        return sql_error_at(place, "42601", "unequal number of entries in row expressions");
    if (left.empty()) return sql_error_at(place, "0A000", "cannot compare rows of zero length");
    if (left.size() == 1) return apply_operator(name, {left.front(), right.front()}, place);
    constexpr std::array<std::string_view, 6> comparisons{"=", "<>", "<", "<=", ">", ">="};
    if (std::ranges::find(comparisons, name) == comparisons.end())
        return not_covered(fmt::format("rows with the operator {}", name), place);
    const bool ordering = name != "=" && name != "<>";
    std::vector<ExpressionPtr> parts;
    for (std::size_t i = 0; i < left.size(); ++i) {
        const bool last = i + 1 == left.size();
        const std::string_view of_pair = ordering && !last ? name.substr(0, 1) : name;
        SQL_TRY(ExpressionPtr part, apply_operator(of_pair, {left[i], right[i]}, place));
        parts.push_back(std::move(part));
    }
    if (!ordering) {
        return connective(name == "=" ? ExpressionKind::logical_and : ExpressionKind::logical_or,
                          std::move(parts), place);
    }
    // a < c OR (a = c AND (b < d)), from the last pair to the first.
    ExpressionPtr result = parts.back();
    for (std::size_t i = parts.size() - 1; i-- > 0;) {
        SQL_TRY(ExpressionPtr equal, apply_operator("=", {left[i], right[i]}, place));
        result = connective(ExpressionKind::logical_and, {std::move(equal), result}, place);
        result = connective(ExpressionKind::logical_or, {parts[i], result}, place);
    }
    return result;
}

Checked<ExpressionPtr> ExpressionAnalyser::rows_in_list(const Node& body, const Scope& scope) {
    const int place = location(body);
    const bool negated = strings(list(body, "name")).back() == "<>";
    SQL_TRY(const std::vector<ExpressionPtr> left, row_elements(*find(body, "lexpr"), scope));
    std::vector<ExpressionPtr> parts;
    for (const Node& item : list(*open_node(*find(body, "rexpr")).body, "items")) {
        if (open_node(item).kind != "RowExpr")
            return not_covered("a row IN other than rows", place);
        SQL_TRY(std::vector<ExpressionPtr> right, row_elements(item, scope));
        SQL_TRY(ExpressionPtr part,
                row_comparison(negated ? "<>" : "=", left, std::move(right), place));
        parts.push_back(std::move(part));
    }
    return connective(negated ? ExpressionKind::logical_and : ExpressionKind::logical_or,
                      std::move(parts), place);
}

}  // namespace atlas::sim::models::postgres

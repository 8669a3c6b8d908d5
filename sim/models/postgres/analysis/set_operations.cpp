// UNION, INTERSECT and EXCEPT: two queries brought to the same columns.

#include <algorithm>

#include "sim/models/postgres/analysis/row_locking.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"

namespace atlas::sim::models::postgres {
namespace {

std::string_view name_of(SetOperator operation) {
    switch (operation) {
        case SetOperator::union_:
            return "UNION";
        case SetOperator::intersect:
            return "INTERSECT";
        case SetOperator::except:
            return "EXCEPT";
    }
    return "";
}

SetOperator operator_of(const Node& body) {
    const std::string operation = text(body, "op");
    if (operation == "SETOP_INTERSECT") return SetOperator::intersect;
    return operation == "SETOP_EXCEPT" ? SetOperator::except : SetOperator::union_;
}

Checked<> check_no_locking(const Node& query) {
    const Node& locking = list(query, "lockingClause");
    if (locking.empty()) return {};
    return locking_not_allowed(locking, "UNION/INTERSECT/EXCEPT");
}

}  // namespace

Checked<ColumnType> common_column_type(std::span<const ExpressionPtr> expressions,
                                       std::string_view construct) {
    SQL_TRY(const TypeId type, common_type(expressions, construct));
    const ColumnType first = expressions.front()->type;
    const bool same = std::ranges::all_of(
        expressions, [&](const ExpressionPtr& expression) { return expression->type == first; });
    return same && first.id == type ? first : ColumnType{type};
}

Checked<SetOperation> StatementAnalyser::match_types(const Node& body, Query left, Query right) {
    SetOperation operation{
        .operation = operator_of(body), .all = flag(body, "all"), .left = {}, .right = {}};
    const std::string_view name = name_of(operation.operation);
    if (left.targets.size() != right.targets.size()) {
        return sql_error_at(
            right.targets.empty() ? no_location : right.targets.front().expression->location,
            "42601", fmt::format("each {} query must have the same number of columns", name));
    }
    for (std::size_t i = 0; i < left.targets.size(); ++i) {
        const std::vector<ExpressionPtr> both{left.targets[i].expression,
                                              right.targets[i].expression};
        SQL_TRY(const ColumnType type, common_column_type(both, name));
        if (!operation.all && type.id == TypeId::json) {
            return sql_error_at(both.front()->location, "42883",
                                "could not identify an equality operator for type json");
        }
        for (Query* side : {&left, &right}) {
            ExpressionPtr& expression = side->targets[i].expression;
            if (expression->type.id == type.id) continue;
            SQL_TRY(expression,
                    expressions_.coerce_or_fail(expression, {type.id}, CoercionContext::implicit));
        }
    }
    operation.left = std::make_shared<const Query>(std::move(left));
    operation.right = std::make_shared<const Query>(std::move(right));
    return operation;
}

Checked<> StatementAnalyser::set_operation(const Node& body, Query& query, Scope& scope) {
    const auto side = [&](const char* member) -> Checked<Query> {
        const Node& given = *find(body, member);
        SQL_CHECK(check_no_locking(given));
        return this->query(given, &scope, Unknowns::stay);
    };
    SQL_CHECK(check_no_locking(body));
    SQL_TRY(Query left, side("larg"));
    SQL_TRY(Query right, side("rarg"));
    query.may_wait |= left.may_wait || right.may_wait;
    SQL_TRY(SetOperation operation, match_types(body, std::move(left), std::move(right)));
    RangeEntry entry{.kind = RangeKind::set_operation, .alias = "*SELECT* 1"};
    for (std::size_t i = 0; i < operation.left->targets.size(); ++i) {
        const Target& one = operation.left->targets[i];
        const Target& other = operation.right->targets[i];
        const ColumnType type = one.expression->type == other.expression->type
                                    ? one.expression->type
                                    : ColumnType{one.expression->type.id};
        entry.columns.push_back({one.name, type});
    }
    entry.set_operation = std::move(operation);
    Relation names = named_entry(entry, 0);
    names.nameless = true;
    for (const NamedExpression& column : *names.columns)
        query.targets.push_back({.name = column.name, .expression = column.expression});
    query.range.push_back(std::move(entry));
    scope.relations.push_back(std::move(names));
    Scope ordering = scope;
    ordering.clause = "ORDER BY";
    SQL_TRY(query.order_by, sort_keys(list(body, "sortClause"), query.targets, ordering));
    for (const SortKey& key : query.order_by) {
        const bool is_column = key.expression->kind == ExpressionKind::column;
        if (is_column && key.expression->levels_up == 0) continue;
        auto error = sql_error_at(key.expression->location, "0A000",
                                  "invalid UNION/INTERSECT/EXCEPT ORDER BY clause");
        error.error()->detail =
            "Only result column names can be used, not expressions or functions.";
        error.error()->hint =
            "Add the expression/function to every SELECT, or move the UNION into a FROM clause.";
        return error;
    }
    SQL_CHECK(limit(body, query, ordering));
    std::vector<std::unique_ptr<JoinTree>> tree;
    tree.push_back(std::make_unique<JoinTree>());
    return finish_query(query, std::move(tree), nullptr);
}

}  // namespace atlas::sim::models::postgres

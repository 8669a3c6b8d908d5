// What may stand beside aggregates: the keys of GROUP BY, and what follows from them.

#include <algorithm>

#include "sim/models/postgres/analysis/statement_analyser.hpp"

namespace atlas::sim::models::postgres {
namespace {

bool is_group_key(const Query& query, const Expression& expression) {
    return std::ranges::any_of(query.group_by, [&](const ExpressionPtr& key) {
        return same_expression(*key, expression);
    });
}

// All columns of a row are known where its primary key is.
bool follows_from_key(const Query& query, std::size_t relation) {
    const RangeEntry& entry = query.range[relation];
    if (entry.table == nullptr) return false;
    for (const auto& index : entry.table->indexes) {
        if (!index->primary) continue;
        return std::ranges::all_of(index->keys, [&](const IndexKey& key) {
            const Expression column{.kind = ExpressionKind::column,
                                    .type = {},
                                    .index = *key.column,
                                    .relation = relation};
            return is_group_key(query, column);
        });
    }
    return false;
}

Checked<> check_column(const Query& query, const Expression& column, bool in_subquery) {
    if (column.levels_up > 0 || is_group_key(query, column)) return {};
    if (follows_from_key(query, column.relation)) return {};
    const RangeEntry& entry = query.range[column.relation];
    const std::string shown = fmt::format("{}.{}", entry.alias, entry.columns[column.index].name);
    return sql_error_at(
        column.location, "42803",
        in_subquery
            ? fmt::format("subquery uses ungrouped column \"{}\" from outer query", shown)
            : fmt::format("column \"{}\" must appear in the GROUP BY clause or be used in an "
                          "aggregate function",
                          shown));
}

Checked<> check(const Query& query, const Expression& expression) {
    if (is_group_key(query, expression)) return {};
    if (expression.kind == ExpressionKind::column) {
        Expression column = expression;
        column.relabelled = false;
        return check_column(query, column, false);
    }
    for (const ExpressionPtr& argument : expression.arguments) {
        SQL_CHECK(check(query, *argument));
    }
    if (expression.subquery != nullptr) {
        for (const ExpressionPtr& reference : expression.subquery->query->outer_references) {
            SQL_CHECK(check_column(query, *reference, true));
        }
    }
    if (expression.kind != ExpressionKind::window) return {};
    const WindowCall& call = query.windows[expression.index];
    for (const ExpressionPtr& argument : call.arguments) {
        SQL_CHECK(check(query, *argument));
    }
    for (const ExpressionPtr& part :
         {call.aggregate.argument, call.aggregate.delimiter, call.aggregate.filter}) {
        if (part != nullptr) SQL_CHECK(check(query, *part));
    }
    for (const std::vector<SortKey>* keys :
         {&call.aggregate.order_by, &call.partition_by, &call.order_by}) {
        for (const SortKey& key : *keys) {
            SQL_CHECK(check(query, *key.expression));
        }
    }
    return {};
}

int first_aggregate(const Query& query) {
    int place = no_location;
    const auto look = [&](const ExpressionPtr& expression) {
        if (expression == nullptr) return;
        visit_expression(*expression, [&](const Expression& part) {
            if (place == no_location && part.kind == ExpressionKind::aggregate)
                place = part.location;
        });
    };
    for (const Target& target : query.targets)
        look(target.expression);
    look(query.having);
    for (const SortKey& key : query.order_by)
        look(key.expression);
    return place;
}

// What a round of WITH RECURSIVE has found is not all that there is to count.
Checked<> check_not_recursive(const Query& query) {
    const bool recursive = std::ranges::any_of(query.range, [](const RangeEntry& entry) {
        return entry.kind == RangeKind::working_table;
    });
    if (!recursive || query.aggregates.empty()) return {};
    return sql_error_at(
        first_aggregate(query), "42P19",
        "aggregate functions are not allowed in a recursive query's recursive term");
}

}  // namespace

Checked<> StatementAnalyser::check_grouping(const Query& query) {
    if (!query.grouped) return {};
    for (const Target& target : query.targets) {
        SQL_CHECK(check(query, *target.expression));
        const Function* function = target.expression->function;
        // Beside an aggregate all columns are computed at once.
        if (function != nullptr && function->waits)
            return waits_elsewhere(*function, target.expression->location);
    }
    for (const SortKey& key : query.order_by) {
        SQL_CHECK(check(query, *key.expression));
    }
    for (const ExpressionPtr& key : query.distinct_on) {
        SQL_CHECK(check(query, *key));
    }
    if (query.having != nullptr) SQL_CHECK(check(query, *query.having));
    return check_not_recursive(query);
}

}  // namespace atlas::sim::models::postgres

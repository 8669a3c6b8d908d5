// ORDER BY, GROUP BY and DISTINCT: keys that may be numbers or names of what is shown.

#include <algorithm>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"

namespace atlas::sim::models::postgres {
namespace {

bool has_bare_name(const Node& body) {
    return list(body, "fields").size() == 1 &&
           open_node(list(body, "fields").front()).kind == "String";
}

Checked<> check_equality(const Expression& expression, int place) {
    if (expression.type.id != TypeId::json) return {};
    return sql_error_at(place, "42883", "could not identify an equality operator for type json");
}

// Where DISTINCT ON has the expression.
int key_location(const Query& query, const Expression& expression) {
    for (const ExpressionPtr& key : query.distinct_on) {
        if (same_expression(*key, expression)) return key->location;
    }
    return expression.location;
}

}  // namespace

Node as_sorts(const Node& expressions) {
    Node sorts = Node::array();
    for (const Node& node : expressions) {
        Node sort;
        sort["SortBy"] = {{"node", node},
                          {"sortby_dir", "SORTBY_DEFAULT"},
                          {"sortby_nulls", "SORTBY_NULLS_DEFAULT"}};
        sorts.push_back(std::move(sort));
    }
    return sorts;
}

Checked<> StatementAnalyser::group_by(const Node& nodes, Query& query, const Scope& scope) {
    for (const Node& node : nodes) {
        const auto [kind, body] = open_node(node);
        if (kind == "GroupingSet") return not_covered("GROUPING SETS", location(*body));
        ExpressionPtr key;
        if (kind == "A_Const" && find(*body, "ival") != nullptr) {
            const auto position = find(*body, "ival")->value("ival", std::int64_t{0});
            if (position < 1 || std::cmp_greater(position, query.targets.size())) {
                return sql_error_at(
                    location(*body), "42P10",
                    fmt::format("GROUP BY position {} is not in select list", position));
            }
            key = query.targets[static_cast<std::size_t>(position - 1)].expression;
        } else if (kind == "A_Const" && find(*body, "isnull") == nullptr) {
            return sql_error_at(location(*body), "42601", "non-integer constant in GROUP BY");
        } else if (kind == "ColumnRef" && has_bare_name(*body)) {
            // Unlike ORDER BY's, a bare name is an input column before it is an output column.
            const std::string name = text(*open_node(list(*body, "fields").front()).body, "sval");
            bool is_input = false;
            for (std::size_t i = 0; i < scope.relations.size(); ++i) {
                if (scope.relations[i].qualified_only) continue;
                is_input |= std::ranges::any_of(
                    columns_of(scope.relations[i], i),
                    [&](const NamedExpression& column) { return column.name == name; });
            }
            for (const Target& target : query.targets) {
                if (is_input || target.name != name) continue;
                if (key != nullptr && !same_expression(*key, *target.expression)) {
                    return sql_error_at(location(*body), "42702",
                                        fmt::format("GROUP BY \"{}\" is ambiguous", name));
                }
                key = target.expression;
            }
        }
        if (key == nullptr) {
            SQL_TRY(key, expressions_.analyse_output(node, scope));
        }
        bool has_aggregate = false;
        bool has_window = false;
        visit_expression(*key, [&](const Expression& part) {
            has_aggregate |= part.kind == ExpressionKind::aggregate;
            has_window |= part.kind == ExpressionKind::window;
        });
        if (has_aggregate) {
            return sql_error_at(key->location, "42803",
                                "aggregate functions are not allowed in GROUP BY");
        }
        if (has_window) {
            return sql_error_at(key->location, "42P20",
                                "window functions are not allowed in GROUP BY");
        }
        if (is_volatile(*key)) return not_covered("GROUP BY a volatile function", key->location);
        if (has_waiting_subquery(*key))
            return not_covered("a subquery that may wait in GROUP BY", key->location);
        SQL_CHECK(check_equality(*key, key->location));
        query.group_by.push_back(std::move(key));
    }
    return {};
}

// DISTINCT ON (keys), which ORDER BY must begin with.
Checked<> StatementAnalyser::distinct_on(const Node& nodes, Query& query, const Scope& scope) {
    Scope of_keys = scope;
    of_keys.clause = "DISTINCT ON";
    SQL_TRY(const std::vector<SortKey> keys, sort_keys(as_sorts(nodes), query.targets, of_keys));
    for (std::size_t i = 0; i < keys.size(); ++i) {
        Expression key = *keys[i].expression;
        key.location = location(*open_node(nodes[i]).body);
        query.distinct_on.push_back(std::make_shared<const Expression>(std::move(key)));
    }
    const auto is_among = [](const std::vector<ExpressionPtr>& known, const Expression& wanted) {
        return std::ranges::any_of(
            known, [&](const ExpressionPtr& each) { return same_expression(*each, wanted); });
    };
    const auto mismatch = [](int place) {
        return sql_error_at(
            place, "42P10",
            "SELECT DISTINCT ON expressions must match initial ORDER BY expressions");
    };
    // All of ORDER BY's keys, or as many as there are keys here, must be among these.
    std::vector<ExpressionPtr> seen;
    bool other_before = false;
    for (const SortKey& sort : query.order_by) {
        if (!is_among(query.distinct_on, *sort.expression)) {
            other_before = true;
            continue;
        }
        if (other_before) return mismatch(key_location(query, *sort.expression));
        seen.push_back(sort.expression);
    }
    for (const ExpressionPtr& key : query.distinct_on) {
        if (other_before && !is_among(seen, *key)) return mismatch(key->location);
    }
    return {};
}

Checked<> StatementAnalyser::distinct(const Node& nodes, Query& query, const Scope& scope) {
    if (nodes.empty()) return {};
    query.distinct = true;
    for (const Target& target : query.targets) {
        if (is_volatile(*target.expression))
            return not_covered("DISTINCT over a volatile function", target.expression->location);
    }
    // The parser leaves a list of nothing for a plain DISTINCT.
    if (nodes.front().is_object() && !nodes.front().empty())
        return distinct_on(nodes, query, scope);
    for (const Target& target : query.targets) {
        SQL_CHECK(check_equality(*target.expression, target.expression->location));
    }
    for (const SortKey& sort : query.order_by) {
        const bool shown = std::ranges::any_of(query.targets, [&](const Target& target) {
            return same_expression(*target.expression, *sort.expression);
        });
        if (!shown) {
            return sql_error_at(
                sort.expression->location, "42P10",
                "for SELECT DISTINCT, ORDER BY expressions must appear in select list");
        }
    }
    return {};
}

Checked<std::vector<SortKey>> StatementAnalyser::sort_keys(const Node& nodes,
                                                           const std::vector<Target>& targets,
                                                           const Scope& scope, bool plain) {
    std::vector<SortKey> keys;
    for (const Node& node : nodes) {
        const Node& body = *open_node(node).body;
        const Node& value = *find(body, "node");
        const auto [kind, inner] = open_node(value);
        const std::string direction = text(body, "sortby_dir");
        if (direction == "SORTBY_USING") return not_covered("ORDER BY ... USING");
        SortKey key{.descending = direction == "SORTBY_DESC"};
        const std::string nulls = text(body, "sortby_nulls");
        key.nulls_first =
            nulls == "SORTBY_NULLS_FIRST" || (nulls == "SORTBY_NULLS_DEFAULT" && key.descending);
        if (plain) {
            SQL_TRY(key.expression, expressions_.analyse_output(value, scope));
        } else if (kind == "A_Const" && find(*inner, "ival") != nullptr) {
            const auto position = find(*inner, "ival")->value("ival", std::int64_t{0});
            if (position < 1 || std::cmp_greater(position, targets.size())) {
                return sql_error_at(
                    location(*inner), "42P10",
                    fmt::format("ORDER BY position {} is not in select list", position));
            }
            key.expression = targets[static_cast<std::size_t>(position - 1)].expression;
        } else if (kind == "A_Const" && find(*inner, "isnull") == nullptr) {
            return sql_error_at(location(*inner), "42601", "non-integer constant in ORDER BY");
        } else if (kind == "ColumnRef" && list(*inner, "fields").size() == 1 &&
                   open_node(list(*inner, "fields").front()).kind == "String") {
            // A bare name is an output column before it is an input column (SQL92's rule).
            const std::string name = text(*open_node(list(*inner, "fields").front()).body, "sval");
            for (const Target& target : targets) {
                if (target.name != name) continue;
                if (key.expression != nullptr &&
                    !same_expression(*key.expression, *target.expression)) {
                    return sql_error_at(location(*inner), "42702",
                                        fmt::format("ORDER BY \"{}\" is ambiguous", name));
                }
                key.expression = target.expression;
            }
        }
        if (key.expression == nullptr) {
            SQL_TRY(key.expression, expressions_.analyse_output(value, scope));
        }
        if (key.expression->type.id == TypeId::unknown) {
            SQL_TRY(key.expression, expressions_.coerce_or_fail(key.expression, {TypeId::text},
                                                                CoercionContext::implicit));
        }
        const bool is_shown = std::ranges::any_of(targets, [&](const Target& target) {
            return same_expression(*target.expression, *key.expression);
        });
        // It would be computed again for what is shown, and nextval give another value.
        if (is_shown && is_volatile(*key.expression))
            return not_covered("ORDER BY a volatile function that is shown");
        if (find_operator("<", key.expression->type.id, key.expression->type.id) == nullptr &&
            key.expression->type.id != TypeId::varchar) {
            if (key.expression->type.id == TypeId::json) {
                return sql_error_at(location(*inner), "42883",
                                    "could not identify an ordering operator for type json");
            }
            return not_covered(
                fmt::format("ordering by type {}", display_name(key.expression->type.id)));
        }
        keys.push_back(std::move(key));
    }
    return keys;
}

}  // namespace atlas::sim::models::postgres

// SELECT over one table or none, and what RETURNING shares with it.

#include <algorithm>

#include "sim/models/postgres/analysis/statement_analyser.hpp"

namespace atlas::sim::models::postgres {
namespace {

Target make_target(std::string name, ExpressionPtr expression, const Scope& scope) {
    Target target{.name = std::move(name), .expression = std::move(expression)};
    if (target.expression->kind == ExpressionKind::column) {
        target.table_oid = scope.relations[target.expression->relation].table->oid;
        target.column_number = static_cast<std::int16_t>(target.expression->index + 1);
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
        if (alias.empty() ? relation.qualified_only : relation.alias != alias) continue;
        expanded = true;
        for (std::size_t column = 0; column < relation.table->columns.size(); ++column) {
            const Column& definition = relation.table->columns[column];
            auto expression =
                std::make_shared<const Expression>(Expression{.kind = ExpressionKind::column,
                                                              .type = definition.type,
                                                              .index = column,
                                                              .relation = i,
                                                              .location = place});
            targets.push_back(make_target(definition.name, std::move(expression), scope));
        }
    }
    if (expanded) return {};
    if (alias.empty())
        return sql_error_at(place, "42601", "SELECT * with no tables specified is not valid");
    return sql_error_at(place, "42P01",
                        fmt::format("missing FROM-clause entry for table \"{}\"", alias));
}

Checked<> check_ungrouped(const Expression& expression, const Scope& scope) {
    const Expression* ungrouped = nullptr;
    visit_expression(expression, [&](const Expression& part) {
        if (part.kind == ExpressionKind::column && ungrouped == nullptr) ungrouped = &part;
    });
    if (ungrouped == nullptr) return {};
    const Relation& relation = scope.relations[ungrouped->relation];
    return sql_error_at(
        ungrouped->location, "42803",
        fmt::format("column \"{}.{}\" must appear in the GROUP BY clause or be used in an "
                    "aggregate function",
                    relation.alias, relation.table->columns[ungrouped->index].name));
}

RowLockStrength strength_of(std::string_view clause) {
    if (clause == "LCS_FORKEYSHARE") return RowLockStrength::key_share;
    if (clause == "LCS_FORSHARE") return RowLockStrength::share;
    if (clause == "LCS_FORNOKEYUPDATE") return RowLockStrength::no_key_update;
    return RowLockStrength::update;
}

}  // namespace

Checked<SelectStatement> StatementAnalyser::select(const Node& body, bool is_source) {
    SQL_CHECK(only_members(body,
                           {"targetList", "fromClause", "whereClause", "sortClause", "limitCount",
                            "limitOffset", "limitOption", "lockingClause", "op"},
                           "SELECT"));
    if (text(body, "op") != "SETOP_NONE") return not_covered("UNION, INTERSECT and EXCEPT");
    if (text(body, "limitOption") == "LIMIT_OPTION_WITH_TIES") return not_covered("WITH TIES");
    SelectStatement select;
    Scope scope{.clause = "SELECT"};
    TablePtr from;
    if (const Node& tables = list(body, "fromClause"); !tables.empty()) {
        const auto [kind, source] = open_node(tables.front());
        if (tables.size() > 1 || kind != "RangeVar") {
            for (const Node& each : tables) {
                SQL_CHECK(check_source(each));
            }
            const bool joined_tables = tables.size() > 1 || kind == "JoinExpr";
            return not_covered(joined_tables ? "joins" : fmt::format("{} in FROM", kind),
                               location(*source));
        }
        if (const Node* alias = find(*source, "alias");
            alias != nullptr && find(*alias, "colnames") != nullptr)
            return not_covered("column aliases in FROM", location(*source));
        SQL_TRY(from, table(*source));
        scope = scope_of(*from, *source, "SELECT");
    }
    scope.aggregates = &select.aggregates;
    scope.may_wait = from == nullptr;
    SQL_TRY(select.targets, targets(list(body, "targetList"), scope, is_source));
    scope.may_wait = false;
    Scope without_aggregates = scope;
    without_aggregates.aggregates = nullptr;
    if (const Node* where = find(body, "whereClause")) {
        without_aggregates.clause = "WHERE";
        SQL_TRY(select.condition, expressions_.analyse_condition(*where, without_aggregates));
    }
    Scope ordering = scope;
    ordering.clause = "ORDER BY";
    SQL_TRY(select.order_by, sort_keys(list(body, "sortClause"), select.targets, ordering));
    select.aggregates_rows = !select.aggregates.empty();
    if (select.aggregates_rows) {
        for (const Target& target : select.targets) {
            SQL_CHECK(check_ungrouped(*target.expression, scope));
            const Function* function = target.expression->function;
            // Beside an aggregate all columns are computed at once.
            if (function != nullptr && function->waits)
                return waits_elsewhere(*function, target.expression->location);
        }
        for (const SortKey& key : select.order_by) {
            SQL_CHECK(check_ungrouped(*key.expression, scope));
        }
    }
    without_aggregates.clause = "LIMIT";
    if (const Node* limit = find(body, "limitCount")) {
        SQL_TRY(select.limit, expressions_.analyse_bigint(*limit, without_aggregates));
    }
    without_aggregates.clause = "OFFSET";
    if (const Node* offset = find(body, "limitOffset")) {
        SQL_TRY(select.offset, expressions_.analyse_bigint(*offset, without_aggregates));
    }
    if (const Node& locking = list(body, "lockingClause"); !locking.empty()) {
        SQL_TRY(select.locking, row_locking(locking, select, scope));
    }
    if (from != nullptr) {
        AccessPath path = choose_path(*from, select.condition);
        select.from = TableScan{std::move(from), std::move(select.condition), std::move(path)};
        select.condition = nullptr;
    } else {
        // Without a table there is nothing to lock, and PostgreSQL says nothing.
        select.locking.reset();
    }
    return select;
}

// What is wrong with the names of an item of FROM is said before that the item is not covered.
Checked<> StatementAnalyser::check_source(const Node& node) {
    const auto [kind, body] = open_node(node);
    if (kind == "RangeVar") {
        SQL_CHECK(table(*body));
    } else if (kind == "JoinExpr") {
        SQL_CHECK(check_source(*find(*body, "larg")));
        SQL_CHECK(check_source(*find(*body, "rarg")));
    } else if (kind == "RangeFunction") {
        for (const Node& function : list(*body, "functions")) {
            const Node& call = list(*open_node(function).body, "items").front();
            SQL_CHECK(expressions_.analyse(call, Scope{.clause = "functions in FROM"}));
        }
    }
    return {};
}

Checked<std::vector<Target>> StatementAnalyser::targets(const Node& nodes, const Scope& scope,
                                                        bool is_source) {
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
        SQL_TRY(ExpressionPtr expression, is_source ? expressions_.analyse(value, of_value)
                                                    : expressions_.analyse_output(value, of_value));
        std::string name = text(body, "name");
        if (name.empty()) name = output_name(value);
        targets.push_back(make_target(std::move(name), std::move(expression), scope));
    }
    return targets;
}

Checked<std::vector<SortKey>> StatementAnalyser::sort_keys(const Node& nodes,
                                                           const std::vector<Target>& targets,
                                                           const Scope& scope) {
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
        if (kind == "A_Const" && find(*inner, "ival") != nullptr) {
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

Checked<RowLocking> StatementAnalyser::row_locking(const Node& nodes, const SelectStatement& select,
                                                   const Scope& scope) {
    RowLocking locking{.strength = RowLockStrength::key_share};
    for (const Node& node : nodes) {
        const Node& body = *open_node(node).body;
        const RowLockStrength strength = strength_of(text(body, "strength"));
        for (const Node& named : list(body, "lockedRels")) {
            const Node& relation = *open_node(named).body;
            const std::string name = text(relation, "relname");
            if (scope.relations.empty() || scope.relations.front().alias != name) {
                return sql_error_at(location(relation), "42P01",
                                    fmt::format("relation \"{}\" in {} clause not found in FROM "
                                                "clause",
                                                name, clause_name(strength)));
            }
        }
        if (select.aggregates_rows) {
            return sql_error("0A000", fmt::format("{} is not allowed with aggregate functions",
                                                  clause_name(strength)));
        }
        locking.strength = std::max(locking.strength, strength);
        const std::string policy = text(body, "waitPolicy");
        if (policy == "LockWaitError") locking.policy = WaitPolicy::no_wait;
        if (policy == "LockWaitSkip" && locking.policy == WaitPolicy::wait)
            locking.policy = WaitPolicy::skip_locked;
    }
    return locking;
}

}  // namespace atlas::sim::models::postgres

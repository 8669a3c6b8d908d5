// FROM: the range table, the names that the rest of the query sees, and the tree of joins.

#include <algorithm>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

ExpressionPtr make(Expression expression) {
    return std::make_shared<const Expression>(std::move(expression));
}

// t(a, b): new names for the first columns.
Checked<> rename_columns(RangeEntry& entry, const Node* alias) {
    if (alias == nullptr) return {};
    const std::vector<std::string> names = strings(list(*alias, "colnames"));
    std::vector<RangeColumn*> columns;
    for (RangeColumn& column : entry.columns) {
        if (!column.dropped) columns.push_back(&column);
    }
    if (names.size() > columns.size()) {
        return sql_error(
            "42P10", fmt::format("table \"{}\" has {} columns available but {} columns specified",
                                 entry.alias, columns.size(), names.size()));
    }
    for (std::size_t i = 0; i < names.size(); ++i)
        columns[i]->name = names[i];
    return {};
}

Checked<> check_names_differ(const std::vector<Relation>& left,
                             const std::vector<Relation>& right) {
    for (const Relation& one : left) {
        for (const Relation& other : right) {
            if (one.nameless || other.nameless || one.alias != other.alias) continue;
            return sql_error(
                "42712", fmt::format("table name \"{}\" specified more than once", other.alias));
        }
    }
    return {};
}

void append(std::vector<Relation>& to, std::vector<Relation> more) {
    std::ranges::move(more, std::back_inserter(to));
}

// What "*" would give, of columns that need no qualified name.
std::vector<NamedExpression> plain_columns(const std::vector<Relation>& names) {
    std::vector<NamedExpression> columns;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!names[i].qualified_only)
            std::ranges::move(columns_of(names[i], i), std::back_inserter(columns));
    }
    return columns;
}

Checked<ExpressionPtr> common_column(const std::vector<NamedExpression>& columns,
                                     const std::string& name, std::string_view side) {
    ExpressionPtr found;
    for (const NamedExpression& column : columns) {
        if (column.name != name) continue;
        if (found != nullptr) {
            return sql_error("42702",
                             fmt::format("common column name \"{}\" appears more than once in {} "
                                         "table",
                                         name, side));
        }
        found = column.expression;
    }
    if (found == nullptr) {
        return sql_error("42703", fmt::format("column \"{}\" specified in USING clause does not "
                                              "exist in {} table",
                                              name, side));
    }
    return found;
}

// The names of a subquery's surroundings, as far as it may use them.
Scope surroundings(const Scope& scope, bool lateral) {
    Scope around = scope;
    around.aggregates = nullptr;
    around.windows = nullptr;
    if (!lateral) {
        for (Relation& each : around.hidden)
            each.beside_outer_join = false;
        std::ranges::copy(around.relations, std::back_inserter(around.hidden));
        around.relations.clear();
    }
    return around;
}

// unnest(a, b) is unnest(a) and unnest(b) side by side.
Node unnest_apart(const Node& functions) {
    Node apart = Node::array();
    for (const Node& node : functions) {
        const Node& call = list(*open_node(node).body, "items").front();
        const auto [kind, body] = open_node(call);
        const bool several = kind == "FuncCall" && list(*body, "args").size() > 1 &&
                             strings(list(*body, "funcname")).back() == "unnest";
        for (std::size_t i = 0; several && i < list(*body, "args").size(); ++i) {
            Node one = node;
            Node& items = one.begin().value()["items"];
            items[0].begin().value()["args"] = Node::array({list(*body, "args")[i]});
            apart.push_back(std::move(one));
        }
        if (!several) apart.push_back(node);
    }
    return apart;
}

// One that gives a row of several columns; null if it is none.
TablePtr system_function(const Node& node) {
    const auto [kind, body] = open_node(list(*open_node(node).body, "items").front());
    if (kind != "FuncCall" || !list(*body, "args").empty()) return nullptr;
    const std::vector<std::string> name = strings(list(*body, "funcname"));
    if (name.size() > 1 && name.front() != "pg_catalog") return nullptr;
    return find_system_function(name.back());
}

JoinType join_type(std::string_view type) {
    if (type == "JOIN_LEFT") return JoinType::left;
    if (type == "JOIN_RIGHT") return JoinType::right;
    if (type == "JOIN_FULL") return JoinType::full;
    return JoinType::inner;
}

}  // namespace

Relation named_entry(const RangeEntry& entry, std::size_t place) {
    auto columns = std::make_shared<std::vector<NamedExpression>>();
    for (std::size_t i = 0; i < entry.columns.size(); ++i) {
        if (entry.columns[i].dropped) continue;
        columns->push_back({entry.columns[i].name, make({.kind = ExpressionKind::column,
                                                         .type = entry.columns[i].type,
                                                         .index = i,
                                                         .relation = place})});
    }
    return {.table = entry.table.get(), .alias = entry.alias, .columns = std::move(columns)};
}

RangeEntry StatementAnalyser::table_entry(TablePtr table, std::string alias) {
    RangeEntry entry{.kind = RangeKind::table, .alias = std::move(alias)};
    for (std::size_t i = 0; i < table->columns.size(); ++i) {
        const Column& column = table->columns[i];
        entry.columns.push_back({column.name, column.type, table->oid,
                                 static_cast<std::int16_t>(i + 1), column.dropped});
    }
    entry.table = std::move(table);
    return entry;
}

Checked<std::vector<std::unique_ptr<JoinTree>>> StatementAnalyser::from(const Node& nodes,
                                                                        Query& query,
                                                                        Scope& scope) {
    std::vector<std::unique_ptr<JoinTree>> trees;
    for (const Node& node : nodes) {
        SQL_TRY(FromItem item, from_item(node, query, scope));
        SQL_CHECK(check_names_differ(scope.relations, item.names));
        append(scope.relations, std::move(item.names));
        append(scope.hidden, std::move(item.hidden));
        trees.push_back(std::move(item.tree));
    }
    return trees;
}

Checked<StatementAnalyser::FromItem> StatementAnalyser::from_item(const Node& node, Query& query,
                                                                  const Scope& scope) {
    const DepthGuard guard(expressions_.depth(), DepthGuard::of_query);
    SQL_CHECK(guard.check());
    const auto [kind, body] = open_node(node);
    if (kind == "JoinExpr") return from_join(*body, query, scope);
    RangeEntry entry;
    if (kind == "RangeVar") {
        SQL_TRY(entry, from_relation(*body, scope));
    } else if (kind == "RangeSubselect") {
        SQL_TRY(entry, from_subquery(*body, scope));
    } else if (kind == "RangeFunction") {
        SQL_TRY(entry, from_functions(*body, scope));
    } else {
        return not_covered(fmt::format("{} in FROM", kind), location(*body));
    }
    FromItem item{.tree = std::make_unique<JoinTree>(), .names = {}};
    item.tree->relation = query.range.size();
    item.names.push_back(named_entry(entry, query.range.size()));
    query.range.push_back(std::move(entry));
    if (query.range.size() > 64) return not_covered("more than 64 items in FROM");
    return item;
}

Checked<RangeEntry> StatementAnalyser::from_relation(const Node& body, const Scope& scope) {
    const Node* alias = find(body, "alias");
    const std::string name = text(body, "relname");
    std::string shown = alias != nullptr ? text(*alias, "aliasname") : name;
    std::size_t levels = 0;
    const bool plain = text(body, "schemaname").empty();
    for (const Scope* level = &scope; level != nullptr && plain; level = level->outer, ++levels) {
        if (level->query == nullptr) continue;
        std::vector<CommonTable>& known = level->query->common_tables;
        const auto found = std::ranges::find(known, name, &CommonTable::name);
        if (found == known.end()) continue;
        ++found->uses;
        RangeEntry entry{.kind = RangeKind::common_table,
                         .alias = std::move(shown),
                         .columns = found->columns,
                         .levels_up = levels,
                         .common_table = static_cast<std::size_t>(found - known.begin())};
        const std::pair<const Query*, std::size_t> here(level->query, entry.common_table);
        if (std::ranges::find(recursions_, here) != recursions_.end())
            entry.kind = RangeKind::working_table;
        if (found->modify != nullptr && found->columns.empty()) {
            return sql_error_at(
                location(body), "0A000",
                fmt::format("WITH query \"{}\" does not have a RETURNING clause", name));
        }
        const Scope* between = &scope;
        for (std::size_t up = 0; up < levels; ++up, between = between->outer)
            between->query->uses_outer_common_table = true;
        scope.query->may_wait |= found->may_wait;
        SQL_CHECK(rename_columns(entry, alias));
        return entry;
    }
    Checked<TablePtr> known_table = table_or_view(body);
    const bool coming =
        plain && std::ranges::find(coming_common_tables_, name) != coming_common_tables_.end();
    if (!known_table && coming && known_table.error()->sqlstate == "42P01") {
        known_table.error()->detail = fmt::format(
            "There is a WITH item named \"{}\", but it cannot be referenced from this "
            "part of the query.",
            name);
        known_table.error()->hint =
            "Use WITH RECURSIVE, or re-order the WITH items to remove forward references.";
    }
    SQL_TRY(TablePtr found, std::move(known_table));
    lock(*found, TableLockMode::access_share);
    RangeEntry entry;
    if (found->view) {
        SQL_TRY(entry, from_view(found, std::move(shown)));
    } else {
        entry = table_entry(std::move(found), std::move(shown));
    }
    SQL_CHECK(rename_columns(entry, alias));
    return entry;
}

Checked<RangeEntry> StatementAnalyser::from_subquery(const Node& body, const Scope& scope) {
    const Scope around = surroundings(scope, flag(body, "lateral"));
    const Node* alias = find(body, "alias");
    RangeEntry entry{.kind = RangeKind::subquery,
                     .alias = alias == nullptr ? "unnamed_subquery" : text(*alias, "aliasname")};
    SQL_TRY(entry.query, subquery(*open_node(*find(body, "subquery")).body, around));
    for (const Target& target : entry.query->targets) {
        entry.columns.push_back(
            {target.name, target.expression->type, target.table_oid, target.column_number});
    }
    SQL_CHECK(rename_columns(entry, alias));
    return entry;
}

Checked<RangeEntry> StatementAnalyser::from_functions(const Node& body, const Scope& scope) {
    if (!list(body, "coldeflist").empty()) return not_covered("column definitions in FROM");
    Scope arguments = scope;
    arguments.clause = "functions in FROM";
    arguments.aggregates = nullptr;
    arguments.windows = nullptr;
    const Node* alias = find(body, "alias");
    const Node calls = unnest_apart(list(body, "functions"));
    if (TablePtr rows = calls.size() == 1 ? system_function(calls.front()) : nullptr) {
        if (flag(body, "ordinality")) return not_covered("WITH ORDINALITY of that function");
        std::string shown = alias != nullptr ? text(*alias, "aliasname") : rows->name;
        lock(*rows, TableLockMode::access_share);
        RangeEntry entry = table_entry(std::move(rows), std::move(shown));
        SQL_CHECK(rename_columns(entry, alias));
        return entry;
    }
    RangeEntry entry{.kind = RangeKind::functions, .with_ordinality = flag(body, "ordinality")};
    for (const Node& node : calls) {
        const Node& items = list(*open_node(node).body, "items");
        if (items.size() > 1 && !items.back().empty())
            return not_covered("column definitions in FROM", location(body));
        const Node& call = items.front();
        ColumnType type;
        SQL_TRY(SetFunctionCall function, expressions_.set_function(call, arguments, type));
        const std::string name = output_name(call);
        if (entry.alias.empty()) entry.alias = name;
        const std::string own_name = set_column_name(name);
        // Without a name of its own, the one column of the one function is called as the item is.
        const bool as_item = calls.size() == 1 && alias != nullptr && own_name == name;
        entry.columns.push_back({as_item ? text(*alias, "aliasname") : own_name, type});
        entry.functions.push_back(std::move(function));
    }
    if (entry.with_ordinality) entry.columns.push_back({"ordinality", {TypeId::int8}});
    if (alias != nullptr) entry.alias = text(*alias, "aliasname");
    SQL_CHECK(rename_columns(entry, alias));
    return entry;
}

Checked<StatementAnalyser::FromItem> StatementAnalyser::from_join(const Node& body, Query& query,
                                                                  const Scope& scope) {
    SQL_CHECK(only_members(
        body, {"jointype", "isNatural", "larg", "rarg", "usingClause", "quals", "alias", "rtindex"},
        "JOIN"));
    auto tree = std::make_unique<JoinTree>();
    tree->type = join_type(text(body, "jointype"));
    SQL_TRY(FromItem left, from_item(*find(body, "larg"), query, scope));
    Scope of_right = scope;
    // The right side of a RIGHT or FULL join cannot depend on the left.
    const bool lateral = tree->type == JoinType::inner || tree->type == JoinType::left;
    append(lateral ? of_right.relations : of_right.hidden, left.names);
    for (std::size_t i = scope.hidden.size(); i < of_right.hidden.size(); ++i)
        of_right.hidden[i].beside_outer_join = true;
    SQL_TRY(FromItem right, from_item(*find(body, "rarg"), query, of_right));
    SQL_CHECK(check_names_differ(left.names, right.names));
    std::vector<std::string> using_columns = strings(list(body, "usingClause"));
    if (flag(body, "isNatural")) {
        const std::vector<NamedExpression> others = plain_columns(right.names);
        for (const NamedExpression& column : plain_columns(left.names)) {
            if (std::ranges::find(others, column.name, &NamedExpression::name) != others.end())
                using_columns.push_back(column.name);
        }
    }
    std::vector<NamedExpression> joined;
    const bool merges = !using_columns.empty();
    SQL_CHECK(join_using(body, using_columns, *tree, left, right, joined));
    std::vector<Relation> names = std::move(left.names);
    append(names, std::move(right.names));
    if (const Node* condition = find(body, "quals")) {
        Scope on{.relations = names,
                 .clause = "JOIN conditions",
                 .outer = scope.outer,
                 .query = scope.query,
                 .hidden = scope.relations};
        SQL_TRY(tree->condition, expressions_.analyse_condition(*condition, on, "JOIN/ON"));
    }
    tree->left = std::move(left.tree);
    tree->right = std::move(right.tree);
    FromItem item{.tree = std::move(tree), .names = {}};
    const Node* alias = find(body, "alias");
    if (alias == nullptr && !merges) {
        item.names = std::move(names);
        return item;
    }
    Relation whole{.alias = alias == nullptr ? std::string() : text(*alias, "aliasname"),
                   .nameless = alias == nullptr};
    if (alias != nullptr) {
        const std::vector<std::string> renamed = strings(list(*alias, "colnames"));
        if (renamed.size() > joined.size()) {
            return sql_error("42P10",
                             fmt::format("join expression \"{}\" has {} columns available but {} "
                                         "columns specified",
                                         whole.alias, joined.size(), renamed.size()));
        }
        for (std::size_t i = 0; i < renamed.size(); ++i)
            joined[i].name = renamed[i];
        item.hidden = std::move(names);
    } else {
        for (Relation& name : names) {
            name.qualified_only = true;
            if (!name.nameless) item.names.push_back(std::move(name));
        }
    }
    whole.columns = std::make_shared<const std::vector<NamedExpression>>(std::move(joined));
    item.names.push_back(std::move(whole));
    return item;
}

// The columns of the join: those of USING once, in front, then the others.
Checked<> StatementAnalyser::join_using(const Node& body, const std::vector<std::string>& columns,
                                        JoinTree& tree, FromItem& left, FromItem& right,
                                        std::vector<NamedExpression>& joined) {
    if (find(body, "join_using_alias") != nullptr) return not_covered("an alias of USING");
    const std::vector<NamedExpression> of_left = plain_columns(left.names);
    const std::vector<NamedExpression> of_right = plain_columns(right.names);
    std::vector<ExpressionPtr> conditions;
    for (const std::string& name : columns) {
        SQL_TRY(const ExpressionPtr one, common_column(of_left, name, "left"));
        SQL_TRY(const ExpressionPtr other, common_column(of_right, name, "right"));
        SQL_TRY(ExpressionPtr equal, expressions_.compare_with("=", one, other, no_location));
        conditions.push_back(std::move(equal));
        const std::vector<ExpressionPtr> both{one, other};
        SQL_TRY(const ColumnType type, common_column_type(both, "JOIN/USING"));
        SQL_TRY(ExpressionPtr from_left,
                expressions_.coerce_or_fail(one, {type.id}, CoercionContext::implicit));
        SQL_TRY(ExpressionPtr from_right,
                expressions_.coerce_or_fail(other, {type.id}, CoercionContext::implicit));
        ExpressionPtr merged = tree.type == JoinType::right ? from_right : from_left;
        // Where both are of the type already, either will do: the one without a conversion.
        if (tree.type == JoinType::inner && one->type.id != type.id && other->type.id == type.id)
            merged = from_right;
        if (tree.type == JoinType::full) {
            merged = make({.kind = ExpressionKind::coalesce,
                           .type = type,
                           .arguments = {from_left, from_right}});
        }
        joined.push_back({name, std::move(merged)});
    }
    for (const std::vector<NamedExpression>* side : {&of_left, &of_right}) {
        for (const NamedExpression& column : *side) {
            if (std::ranges::find(columns, column.name) == columns.end()) joined.push_back(column);
        }
    }
    if (conditions.empty()) return {};
    tree.condition = conditions.size() == 1 ? conditions.front()
                                            : make({.kind = ExpressionKind::logical_and,
                                                    .type = {TypeId::boolean},
                                                    .arguments = conditions});
    return {};
}

}  // namespace atlas::sim::models::postgres

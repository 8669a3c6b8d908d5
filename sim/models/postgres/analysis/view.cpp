// Views: CREATE VIEW, and a view where a query reads it.

#include <algorithm>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

bool contains_star(const Node& node) {
    if (!node.is_structured()) return false;
    if (node.is_object() && node.contains("A_Star")) return true;
    return std::ranges::any_of(node, contains_star);
}

/// "*", or "t.*" over that table; not one deeper in an expression.
bool is_star_of(const Node& value, std::string_view table) {
    if (!value.is_object() || !value.contains("ColumnRef")) return false;
    const Node& fields = list(*value.find("ColumnRef"), "fields");
    if (fields.empty() || !fields.back().contains("A_Star")) return false;
    if (fields.size() == 1) return true;
    const Node& first = fields.front();
    return fields.size() == 2 && first.contains("String") &&
           text(*first.find("String"), "sval") == table;
}

/// Names of other queries, which could be those of tables.
bool names_a_query_like_a_table(const Node& node, const CatalogView& catalog) {
    if (!node.is_structured()) return false;
    if (const auto query = node.is_object() ? node.find("CommonTableExpr") : node.end();
        query != node.end() && catalog.find_table(text(*query, "ctename")) != nullptr)
        return true;
    return std::ranges::any_of(
        node, [&](const Node& part) { return names_a_query_like_a_table(part, catalog); });
}

bool has_natural_join(const Node& node) {
    if (!node.is_structured()) return false;
    if (const auto join = node.is_object() ? node.find("JoinExpr") : node.end();
        join != node.end() && flag(*join, "isNatural"))
        return true;
    return std::ranges::any_of(node, has_natural_join);
}

Node named_target(const std::string& column) {
    return {{"ResTarget",
             {{"val",
               {{"ColumnRef", {{"fields", Node::array({{{"String", {{"sval", column}}}}})}}}}}}}};
}

// A star means the columns that there are when the view is made. Only that over one table is
// spelt out: others would need names that may not be there.
void spell_out_star(Node& select, const CatalogView& catalog) {
    const Node& from = list(select, "fromClause");
    const bool one_table = from.size() == 1 && open_node(from.front()).kind == "RangeVar";
    if (one_table && select.contains("targetList")) {
        const Node& relation = *open_node(from.front()).body;
        const TablePtr table = catalog.find_table(text(relation, "relname"));
        const bool plain = table != nullptr && find(relation, "alias") == nullptr;
        Node targets = Node::array();
        for (const Node& target : select["targetList"]) {
            const Node* const value = find(*open_node(target).body, "val");
            if (!plain || value == nullptr || !is_star_of(*value, table->name)) {
                targets.push_back(target);
                continue;
            }
            for (const Column& column : table->columns) {
                if (!column.dropped) targets.push_back(named_target(column.name));
            }
        }
        select["targetList"] = std::move(targets);
    }
}

// The tables and views that the query itself names: not those that its views read.
void add_relations(const Node& node, const CatalogView& catalog, std::vector<Oid>& relations) {
    if (!node.is_structured()) return;
    if (const auto range = node.is_object() ? node.find("RangeVar") : node.end();
        range != node.end()) {
        const TablePtr table = catalog.find_table(text(*range, "relname"));
        if (table != nullptr && std::ranges::find(relations, table->oid) == relations.end())
            relations.push_back(table->oid);
    }
    for (const Node& part : node)
        add_relations(part, catalog, relations);
}

Checked<> name_columns(TableDefinition& view, const std::vector<std::string>& names) {
    if (names.size() > view.columns.size()) {
        return sql_error("42601", "CREATE VIEW specifies more column names than columns");
    }
    for (std::size_t i = 0; i < names.size(); ++i)
        view.columns[i].name = names[i];
    for (std::size_t i = 0; i < view.columns.size(); ++i) {
        if (view.find_column(view.columns[i].name) == i) continue;
        return sql_error(
            "42701", fmt::format("column \"{}\" specified more than once", view.columns[i].name));
    }
    return {};
}

}  // namespace

Checked<CreateViewStatement> StatementAnalyser::create_view(const Node& body) {
    const Node& relation = *find(body, "view");
    if (const std::string schema = text(relation, "schemaname");
        !schema.empty() && schema != "public") {
        SQL_CHECK(check_schema(schema));
        return not_covered(fmt::format("views in the schema {}", schema));
    }
    SQL_CHECK(only_members(body, {"view", "aliases", "query", "replace", "withCheckOption"},
                           "CREATE VIEW"));
    if (text(body, "withCheckOption") != "NO_CHECK_OPTION") return not_covered("WITH CHECK OPTION");
    if (text(relation, "relpersistence") != "p") return not_covered("temporary views");
    CreateViewStatement create{.definition = {}, .replace = flag(body, "replace")};
    TableDefinition& view = create.definition;
    view.name = text(relation, "relname");
    const auto [kind, given] = open_node(*find(body, "query"));
    if (kind != "SelectStmt") return not_covered(fmt::format("a view of {}", kind));
    Node select = *given;
    // By name they would be taken for the tables, or mean others once a column is added.
    if (names_a_query_like_a_table(select, catalog_))
        return not_covered("a view with a WITH query that has a table's name");
    if (has_natural_join(select)) return not_covered("a view with NATURAL JOIN");
    spell_out_star(select, catalog_);
    SQL_TRY(const Query query, this->query(select, nullptr));
    if (contains_star(select)) return not_covered("a view with * over other than one table");
    if (!named_relations().empty()) return not_covered("a view that names a relation as regclass");
    if (query.may_wait || modifies_in_with_)
        return not_covered("a view that locks or changes rows, or waits");
    for (const Target& target : query.targets)
        view.columns.push_back({.name = target.name, .type = target.expression->type});
    SQL_CHECK(name_columns(view, strings(list(body, "aliases"))));
    for (const Column& column : view.columns) {
        if (is_catalog_type(column.type.id))
            return not_covered(fmt::format("columns of type {}", display_name(column.type.id)));
    }
    view.view = ViewDefinition{.parsed = select.dump(), .relations = {}};
    add_relations(select, catalog_, view.view->relations);
    return create;
}

// Its names are not those of the query around it.
Checked<RangeEntry> StatementAnalyser::from_view(const TablePtr& view, std::string alias) {
    RangeEntry entry{.kind = RangeKind::subquery, .alias = std::move(alias)};
    const Node select = Node::parse(view->view->parsed);
    SQL_TRY(entry.query, subquery(select, Scope{}));
    for (std::size_t i = 0; i < view->columns.size(); ++i) {
        entry.columns.push_back({view->columns[i].name, view->columns[i].type, view->oid,
                                 static_cast<std::int16_t>(i + 1)});
    }
    return entry;
}

}  // namespace atlas::sim::models::postgres

// WITH: queries and changes of rows that a statement names and uses as tables.

#include <algorithm>

#include "sim/models/postgres/analysis/recursion.hpp"
#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"

namespace atlas::sim::models::postgres {
namespace {

Checked<> name_columns(CommonTable& common, const std::vector<Target>& targets,
                       const std::vector<std::string>& names) {
    for (const Target& target : targets) {
        common.columns.push_back(
            {target.name, target.expression->type, target.table_oid, target.column_number});
    }
    if (names.size() > targets.size()) {
        return sql_error("42P10",
                         fmt::format("WITH query \"{}\" has {} columns available but {} columns "
                                     "specified",
                                     common.name, targets.size(), names.size()));
    }
    for (std::size_t i = 0; i < names.size(); ++i)
        common.columns[i].name = names[i];
    return {};
}

// A WITH within this one may have the same name.
void forget_last(std::vector<std::string>& names, const std::string& name) {
    const auto last = std::find(names.rbegin(), names.rend(), name);
    names.erase(std::next(last).base());
}

}  // namespace

Checked<> StatementAnalyser::with(const Node& body, Query& query, const Scope& scope) {
    for (const Node& node : list(body, "ctes"))
        coming_common_tables_.push_back(text(*open_node(node).body, "ctename"));
    std::vector<const Node*> items;
    for (const Node& node : list(body, "ctes"))
        items.push_back(open_node(node).body);
    if (flag(body, "recursive")) {
        SQL_TRY(items, in_order_of_mention(list(body, "ctes")));
    }
    for (const Node* item : items) {
        const Node& given = *item;
        CommonTable common{
            .name = text(given, "ctename"),
            .columns = {},
            .materialized = text(given, "ctematerialized") == "CTEMaterializeAlways"};
        const std::vector<std::string> names = strings(list(given, "aliascolnames"));
        if (std::ranges::find(query.common_tables, common.name, &CommonTable::name) !=
            query.common_tables.end()) {
            return sql_error_at(
                location(given), "42712",
                fmt::format("WITH query name \"{}\" specified more than once", common.name));
        }
        if (find(given, "search_clause") != nullptr || find(given, "cycle_clause") != nullptr)
            return not_covered("SEARCH and CYCLE", location(given));
        const auto [kind, inner] = open_node(*find(given, "ctequery"));
        if (kind == "SelectStmt") {
            if (flag(body, "recursive") && mentions(*inner, common.name)) {
                SQL_TRY(common, recursive_table(given, query, scope));
            } else {
                SQL_TRY(common.query, subquery(*inner, scope));
                SQL_CHECK(name_columns(common, common.query->targets, names));
                common.may_wait = common.query->may_wait;
            }
            query.common_tables.push_back(std::move(common));
            forget_last(coming_common_tables_, text(given, "ctename"));
            continue;
        }
        if (scope.outer != nullptr) {
            return sql_error_at(
                location(given), "0A000",
                "WITH clause containing a data-modifying statement must be at the top level");
        }
        const std::vector<Target>* returning = nullptr;
        auto modify = std::make_shared<ModifyStatement>();
        if (kind == "InsertStmt") {
            SQL_TRY(modify->body, insert(*inner, &scope));
            returning = &std::get<InsertStatement>(modify->body).returning;
        } else if (kind == "UpdateStmt") {
            SQL_TRY(modify->body, update(*inner, &scope));
            returning = &std::get<UpdateStatement>(modify->body).returning;
        } else if (kind == "DeleteStmt") {
            SQL_TRY(modify->body, remove(*inner, &scope));
            returning = &std::get<DeleteStatement>(modify->body).returning;
        } else {
            return not_covered(fmt::format("{} in WITH", kind), location(given));
        }
        SQL_CHECK(name_columns(common, *returning, names));
        common.modify = std::move(modify);
        common.may_wait = true;
        query.may_wait = true;
        modifies_in_with_ = true;
        query.common_tables.push_back(std::move(common));
        forget_last(coming_common_tables_, text(given, "ctename"));
    }
    return {};
}

// first UNION [ALL] next, where `next` reads what the last round found.
Checked<CommonTable> StatementAnalyser::recursive_table(const Node& given, Query& query,
                                                        const Scope& scope) {
    CommonTable common{.name = text(given, "ctename"), .columns = {}};
    const Node& inner = *open_node(*find(given, "ctequery")).body;
    const std::vector<std::string> names = strings(list(given, "aliascolnames"));
    SQL_CHECK(check_recursion(given));
    if (find(inner, "withClause") != nullptr)
        return not_covered("a recursive query with WITH above UNION", location(given));
    SQL_TRY(Query first, this->query(*find(inner, "larg"), &scope));
    SQL_CHECK(name_columns(common, first.targets, names));
    const std::size_t place = query.common_tables.size();
    query.common_tables.push_back(common);
    recursions_.emplace_back(&query, place);
    Checked<Query> next = this->query(*find(inner, "rarg"), &scope, Unknowns::stay);
    recursions_.pop_back();
    query.common_tables.pop_back();
    if (!next) return std::unexpected(std::move(next).error());
    if (first.may_wait || next->may_wait)
        return not_covered("a recursive query that may wait", location(given));
    if (next->targets.size() == first.targets.size()) {
        for (std::size_t i = 0; i < first.targets.size(); ++i) {
            const std::vector<ExpressionPtr> both{first.targets[i].expression,
                                                  next->targets[i].expression};
            SQL_TRY(const ColumnType type, common_column_type(both, "UNION"));
            if (type.id == first.targets[i].expression->type.id) continue;
            auto error = sql_error_at(
                first.targets[i].expression->location, "42804",
                fmt::format("recursive query \"{}\" column {} has type {} in non-recursive term "
                            "but type {} overall",
                            common.name, i + 1, display_name(first.targets[i].expression->type),
                            display_name(type)));
            return with_hint(std::move(error),
                             "Cast the output of the non-recursive term to the correct type.");
        }
    }
    SQL_TRY(common.recursion, match_types(inner, std::move(first), *std::move(next)));
    return common;
}

}  // namespace atlas::sim::models::postgres

// CREATE VIEW and DROP VIEW, and what may not change under a view.

#include <algorithm>

#include "sim/models/postgres/analysis/node.hpp"
#include "sim/models/postgres/executor/executor.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

bool mentions(const Node& node, std::string_view name) {
    if (node.is_string()) return node.get_ref<const std::string&>() == name;
    return node.is_structured() &&
           std::ranges::any_of(node, [&](const Node& part) { return mentions(part, name); });
}

// OR REPLACE may only add columns at the end.
Checked<> check_replacement(const TableDefinition& old, const TableDefinition& now) {
    if (now.columns.size() < old.columns.size())
        return sql_error("42P16", "cannot drop columns from view");
    for (std::size_t i = 0; i < old.columns.size(); ++i) {
        const Column& before = old.columns[i];
        const Column& after = now.columns[i];
        if (before.name != after.name) {
            auto error =
                sql_error("42P16", fmt::format("cannot change name of view column \"{}\" to \"{}\"",
                                               before.name, after.name));
            error.error()->hint =
                "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.";
            return error;
        }
        if (before.type != after.type) {
            return sql_error(
                "42P16",
                fmt::format("cannot change data type of view column \"{}\" from {} to {}",
                            before.name, display_name(before.type), display_name(after.type)));
        }
    }
    return {};
}

}  // namespace

Task<Checked<StatementResult>> Executor::create_view(const CreateViewStatement& statement) {
    TableDefinition view_definition = statement.definition;
    const std::string& name = view_definition.name;
    if (view().relation_exists(name)) {
        if (!statement.replace)
            co_return sql_error("42P07", fmt::format("relation \"{}\" already exists", name));
        SQL_CO_TRY(const TablePtr old, co_await lock_table(name, TableLockMode::access_exclusive));
        if (old == nullptr || !old->view)
            co_return sql_error("42809", fmt::format("\"{}\" is not a view", name));
        SQL_CO_CHECK(check_replacement(*old, view_definition));
        const bool reads_itself = std::ranges::find(view_definition.view->relations, old->oid) !=
                                  view_definition.view->relations.end();
        if (reads_itself) {
            co_return sql_error("42P17",
                                fmt::format("infinite recursion detected in rules for relation "
                                            "\"{}\"",
                                            name));
        }
        for (std::size_t i = old->columns.size(); i < view_definition.columns.size(); ++i) {
            SQL_CO_CHECK(check_unused_by_views(*old, view_definition.columns[i].name,
                                               "adding a column of a name that is used"));
        }
        view_definition.oid = old->oid;
        put_table(std::move(view_definition));
        co_return completed("CREATE VIEW");
    }
    SQL_CO_CHECK(co_await reserve_name(name, false));
    view_definition.oid = engine_.next_oid();
    engine_.transactions().assign_id(transaction_);
    engine_.make_heap(transaction_, view_definition.oid);
    const bool locked = engine_.locks().try_acquire(
        locks_, {LockKind::relation, view_definition.oid}, TableLockMode::access_exclusive);
    ATLAS_CHECK(locked, "nobody else knows of a view just made");
    put_table(std::move(view_definition));
    co_return completed("CREATE VIEW");
}

Task<Checked<>> Executor::drop_views(const DropStatement& statement, StatementResult& result) {
    std::vector<TablePtr> dropped;
    for (const std::string& name : statement.names) {
        SQL_CO_TRY(const TablePtr found,
                   co_await lock_table(name, TableLockMode::access_exclusive));
        if (found == nullptr || !found->view) {
            SQL_CO_CHECK(may_be_missing(statement, name, result));
        } else if (std::ranges::find(dropped, found->oid, &TableDefinition::oid) == dropped.end()) {
            dropped.push_back(found);
        }
    }
    const std::string shown =
        dropped.size() == 1 ? "view " + dropped.front()->name : "desired object(s)";
    SQL_CO_CHECK(
        co_await drop_dependents(dependents_of(dropped), shown, statement.cascade, result));
    for (const TablePtr& gone : dropped)
        drop_relation(*gone);
    co_return Checked<>{};
}

// A view keeps names where PostgreSQL keeps numbers, so it cannot tell more than this.
Checked<> Executor::check_unused_by_views(const TableDefinition& table, std::string_view column,
                                          std::string_view change) {
    for (const TablePtr& over : view().views_over(table.oid)) {
        if (mentions(Node::parse(over->view->parsed), column))
            return not_covered(fmt::format("{} under a view", change));
    }
    return {};
}

}  // namespace atlas::sim::models::postgres

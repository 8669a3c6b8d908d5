// RENAME: of tables, sequences, indexes, columns and constraints.

#include <algorithm>

#include "sim/models/postgres/analysis/node.hpp"
#include "sim/models/postgres/executor/executor.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

void rename_in(Node& node, const std::string& from, const std::string& to) {
    if (const auto reference = node.is_object() ? node.find("ColumnRef") : node.end();
        reference != node.end()) {
        Node& last = (*reference)["fields"].back();
        const bool is_it = last.contains("String") && text(last["String"], "sval") == from;
        if (is_it) last["String"]["sval"] = to;
        return;
    }
    if (!node.is_structured()) return;
    for (Node& child : node)
        rename_in(child, from, to);
}

// The parsed form names columns; the analysed one counts them.
void rename_in(StoredExpression& expression, const std::string& from, const std::string& to) {
    Node node = Node::parse(expression.parsed);
    rename_in(node, from, to);
    expression.parsed = node.dump();
}

}  // namespace

Task<Checked<StatementResult>> Executor::rename(const RenameStatement& statement) {
    const bool index_wanted = statement.kind == RenamedKind::index;
    const bool sequence_wanted = statement.kind == RenamedKind::sequence;
    StatementResult result = completed(index_wanted      ? "ALTER INDEX"
                                       : sequence_wanted ? "ALTER SEQUENCE"
                                                         : "ALTER TABLE");
    SQL_CO_TRY(TablePtr found,
               co_await lock_table(statement.relation, TableLockMode::access_exclusive));
    const bool by_index = found == nullptr;
    if (by_index) found = view().find_index(statement.relation).first;
    if (found == nullptr) {
        const std::string message =
            fmt::format("relation \"{}\" does not exist", statement.relation);
        if (!statement.if_exists) co_return sql_error("42P01", message);
        result.notices.push_back(
            {.severity = "NOTICE", .sqlstate = "00000", .message = message + ", skipping"});
        co_return result;
    }
    if (found->view) co_return not_covered("RENAME of a view");
    if (statement.kind == RenamedKind::column) {
        for (const std::string& name : {statement.from, statement.to})
            SQL_CO_CHECK(check_unused_by_views(*found, name, "renaming a column"));
    }
    const bool read_by_views = !by_index && !view().views_over(found->oid).empty();
    if (read_by_views && statement.kind != RenamedKind::column &&
        statement.kind != RenamedKind::constraint)
        co_return not_covered("renaming a table under a view");
    if (sequence_wanted && !found->sequence) {
        co_return sql_error("42809", fmt::format("\"{}\" is not a sequence", statement.relation));
    }
    if (!by_index && (statement.kind == RenamedKind::table || index_wanted || sequence_wanted)) {
        SQL_CO_CHECK(co_await rename_relation(*found, statement));
        co_return result;
    }
    TableDefinition table = *found;
    transaction_.touched_heaps.push_back(table.oid);
    if (by_index) {
        SQL_CO_CHECK(co_await lock_table(table.name, TableLockMode::access_exclusive));
        SQL_CO_CHECK(co_await rename_index(table, statement.relation, statement.to));
    } else if (statement.kind == RenamedKind::column) {
        SQL_CO_CHECK(rename_column(table, statement.from, statement.to));
    } else {
        SQL_CO_CHECK(co_await rename_constraint(table, statement));
    }
    put_table(std::move(table));
    co_return result;
}

Task<Checked<>> Executor::rename_relation(TableDefinition table, const RenameStatement& statement) {
    if (view().relation_exists(statement.to))
        co_return sql_error("42P07", fmt::format("relation \"{}\" already exists", statement.to));
    SQL_CO_CHECK(co_await reserve_name(statement.to, false));
    transaction_.catalog.insert_or_assign(table.name, nullptr);
    table.name = statement.to;
    put_table(std::move(table));
    co_return Checked<>{};
}

Task<Checked<>> Executor::rename_index(TableDefinition& table, std::string from, std::string to) {
    if (view().relation_exists(to))
        co_return sql_error("42P07", fmt::format("relation \"{}\" already exists", to));
    SQL_CO_CHECK(co_await reserve_name(to, true));
    for (auto& index : table.indexes) {
        if (index->name != from) continue;
        IndexDefinition renamed = *index;
        renamed.name = to;
        index = std::make_shared<const IndexDefinition>(std::move(renamed));
    }
    co_return Checked<>{};
}

Checked<> Executor::rename_column(TableDefinition& table, const std::string& from,
                                  const std::string& to) {
    const auto place = table.find_column(from);
    if (!place) return sql_error("42703", fmt::format("column \"{}\" does not exist", from));
    if (table.find_column(to)) {
        return sql_error("42701", fmt::format("column \"{}\" of relation \"{}\" already exists", to,
                                              table.name));
    }
    table.columns[*place].name = to;
    for (CheckConstraint& check : table.checks)
        rename_in(check.condition, from, to);
    for (auto& shared : table.indexes) {
        IndexDefinition index = *shared;
        for (IndexKey& key : index.keys) {
            rename_in(key.expression, from, to);
            if (key.column == place) key.text = to;
        }
        if (index.predicate) rename_in(*index.predicate, from, to);
        shared = std::make_shared<const IndexDefinition>(std::move(index));
    }
    return {};
}

Task<Checked<>> Executor::rename_constraint(TableDefinition& table,
                                            const RenameStatement& statement) {
    const auto& [from, to] = std::pair(statement.from, statement.to);
    if (!table.has_constraint(from)) {
        co_return sql_error(
            "42704",
            fmt::format("constraint \"{}\" for table \"{}\" does not exist", from, table.name));
    }
    const auto is_index = std::ranges::any_of(table.indexes, [&](const auto& index) {
        return index->constraint && index->name == statement.from;
    });
    if (is_index) {
        SQL_CO_CHECK(co_await rename_index(table, from, to));
        co_return Checked<>{};
    }
    if (table.has_constraint(to)) {
        co_return sql_error(
            "42710",
            fmt::format("constraint \"{}\" for relation \"{}\" already exists", to, table.name));
    }
    for (CheckConstraint& check : table.checks) {
        if (check.name == from) check.name = to;
    }
    std::ranges::sort(table.checks, {}, &CheckConstraint::name);
    for (ForeignKey& key : table.foreign_keys) {
        if (key.name == from) key.name = to;
    }
    co_return Checked<>{};
}

}  // namespace atlas::sim::models::postgres

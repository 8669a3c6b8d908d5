// DROP and TRUNCATE: what goes, what depends on it, and what goes along with CASCADE.

#include <algorithm>
#include <set>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/mvcc/visibility.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

ServerMessage notice(std::string message, std::string detail = {}) {
    return {.severity = "NOTICE",
            .sqlstate = "00000",
            .message = std::move(message),
            .detail = std::move(detail)};
}

std::string_view word_for(RelationKind kind) {
    return kind == RelationKind::table   ? "table"
           : kind == RelationKind::index ? "index"
           : kind == RelationKind::view  ? "view"
                                         : "sequence";
}

}  // namespace

Executor::Dependent Executor::dependent_of(const Reference& reference, std::string needed) {
    return {.described = fmt::format("constraint {} on table {}", reference.foreign_key().name,
                                     reference.table->name),
            .needed = std::move(needed),
            .table = reference.table->name,
            .foreign_key = reference.foreign_key().oid};
}

// Foreign keys without the table or the index that they need, defaults without their sequence,
// views without what they read:
// refused, or taken along.
Task<Checked<>> Executor::drop_dependents(std::vector<Dependent> dependents, std::string dropped,
                                          bool cascade, StatementResult& result) {
    if (dependents.empty()) co_return Checked<>{};
    std::string lines;
    for (const Dependent& dependent : dependents) {
        if (!lines.empty()) lines += '\n';
        lines += cascade ? "drop cascades to " + dependent.described
                         : fmt::format("{} depends on {}", dependent.described, dependent.needed);
    }
    if (!cascade) {
        auto error = sql_error(
            "2BP01", fmt::format("cannot drop {} because other objects depend on it", dropped));
        if (dropped == "desired object(s)")
            error.error()->message =
                "cannot drop desired object(s) because other objects depend on "
                "them";
        error.error()->detail = lines;
        error.error()->hint = "Use DROP ... CASCADE to drop the dependent objects too.";
        co_return error;
    }
    result.notices.push_back(
        dependents.size() == 1
            ? notice(lines)
            : notice(fmt::format("drop cascades to {} other objects", dependents.size()), lines));
    for (const Dependent& dependent : dependents) {
        SQL_CO_TRY(const TablePtr found,
                   co_await lock_table(dependent.table, TableLockMode::access_exclusive));
        TableDefinition table = *found;
        if (dependent.is_view) {
            drop_relation(table);
            continue;
        }
        if (dependent.foreign_key == 0) {
            table.columns[dependent.column].default_value.reset();
        } else {
            std::erase_if(table.foreign_keys,
                          [&](const ForeignKey& key) { return key.oid == dependent.foreign_key; });
        }
        put_table(std::move(table));
    }
    co_return Checked<>{};
}

// Those outside the tables that go as well.
std::vector<Executor::Dependent> Executor::dependents_of(const std::vector<TablePtr>& dropped) {
    std::vector<Dependent> dependents;
    for (const TablePtr& table : dropped) {
        for (const Reference& reference : view().references_to(table->oid)) {
            const bool goes_too = std::ranges::any_of(
                dropped, [&](const TablePtr& other) { return other->oid == reference.table->oid; });
            if (!goes_too) dependents.push_back(dependent_of(reference, "table " + table->name));
        }
        for (const TablePtr& sequence : view().owned_sequences(table->oid)) {
            for (Dependent& dependent : dependents_of_sequence(*sequence)) {
                const bool goes_too = std::ranges::any_of(
                    dropped, [&](const TablePtr& other) { return other->name == dependent.table; });
                if (!goes_too) dependents.push_back(std::move(dependent));
            }
        }
    }
    // Views over these and views over those views: PostgreSQL finds the newest first, and shows
    // them the other way round.
    std::vector<Dependent> views;
    std::set<Oid> seen;
    for (const TablePtr& table : dropped)
        seen.insert(table->oid);
    const auto visit = [&](const auto& self, const TableDefinition& below) -> void {
        const std::vector<TablePtr> above = view().views_over(below.oid);
        for (auto over = above.rbegin(); over != above.rend(); ++over) {
            if (!seen.insert((*over)->oid).second) continue;
            self(self, **over);
            views.push_back(
                {.described = "view " + (*over)->name,
                 .needed = fmt::format("{} {}", below.view ? "view" : "table", below.name),
                 .table = (*over)->name,
                 .is_view = true});
        }
    };
    for (const TablePtr& table : dropped)
        visit(visit, *table);
    std::move(views.rbegin(), views.rend(), std::back_inserter(dependents));
    return dependents;
}

std::vector<Executor::Dependent> Executor::dependents_of(const TableDefinition& table,
                                                         const IndexDefinition& index) {
    std::vector<Dependent> dependents;
    for (const Reference& reference : view().references_to(table.oid)) {
        if (reference.foreign_key().index == index.oid)
            dependents.push_back(dependent_of(reference, "index " + index.name));
    }
    return dependents;
}

Task<Checked<StatementResult>> Executor::drop(const DropStatement& statement) {
    StatementResult result = completed(statement.kind == RelationKind::table   ? "DROP TABLE"
                                       : statement.kind == RelationKind::index ? "DROP INDEX"
                                       : statement.kind == RelationKind::view  ? "DROP VIEW"
                                                                               : "DROP SEQUENCE");
    if (statement.kind == RelationKind::index) {
        SQL_CO_CHECK(co_await drop_indexes(statement, result));
    } else if (statement.kind == RelationKind::table) {
        SQL_CO_CHECK(co_await drop_tables(statement, result));
    } else if (statement.kind == RelationKind::view) {
        SQL_CO_CHECK(co_await drop_views(statement, result));
    } else {
        SQL_CO_CHECK(co_await drop_sequences(statement, result));
    }
    co_return result;
}

// True if there is nothing of that name and IF EXISTS says that this is fine.
Checked<bool> Executor::may_be_missing(const DropStatement& statement, const std::string& name,
                                       StatementResult& result) {
    const std::string_view kind = word_for(statement.kind);
    const bool wants_index = statement.kind == RelationKind::index;
    if (view().relation_exists(name)) {
        const TablePtr found = view().find_table(name);
        auto error = sql_error(
            "42809", fmt::format("\"{}\" is not {} {}", name, wants_index ? "an" : "a", kind));
        error.error()->hint = found == nullptr  ? "Use DROP INDEX to remove an index."
                              : found->sequence ? "Use DROP SEQUENCE to remove a sequence."
                              : found->view     ? "Use DROP VIEW to remove a view."
                                                : "Use DROP TABLE to remove a table.";
        return error;
    }
    const std::string message = fmt::format("{} \"{}\" does not exist", kind, name);
    if (!statement.if_exists) return sql_error(wants_index ? "42704" : "42P01", message);
    result.notices.push_back(notice(message + ", skipping"));
    return true;
}

Task<Checked<>> Executor::drop_tables(const DropStatement& statement, StatementResult& result) {
    std::vector<TablePtr> dropped;
    for (const std::string& name : statement.names) {
        SQL_CO_TRY(const TablePtr table,
                   co_await lock_table(name, TableLockMode::access_exclusive));
        if (table == nullptr || table->sequence || table->view) {
            SQL_CO_CHECK(may_be_missing(statement, name, result));
        } else if (std::ranges::find(dropped, table->oid, &TableDefinition::oid) == dropped.end()) {
            dropped.push_back(table);
        }
    }
    const std::string shown =
        dropped.size() == 1 ? "table " + dropped.front()->name : "desired object(s)";
    SQL_CO_CHECK(
        co_await drop_dependents(dependents_of(dropped), shown, statement.cascade, result));
    for (const TablePtr& table : dropped) {
        // Its triggers are on the other table too.
        for (const ForeignKey& key : table->foreign_keys) {
            SQL_CO_CHECK(co_await lock_other_table(key.table, TableLockMode::access_exclusive));
        }
        SQL_CO_CHECK(engine_.serializable().table_write(transaction_, table->oid));
        for (const TablePtr& sequence : view().owned_sequences(table->oid))
            drop_relation(*sequence);
        drop_relation(*table);
    }
    co_return Checked<>{};
}

void Executor::drop_relation(const TableDefinition& table) {
    const std::string name = table.name;
    engine_.transactions().assign_id(transaction_);
    transaction_.drops_storage = true;
    transaction_.redo.drop_table(table.oid, name);
    transaction_.catalog.insert_or_assign(name, nullptr);
}

std::vector<Executor::Dependent> Executor::dependents_of_sequence(const TableDefinition& sequence) {
    std::vector<Dependent> dependents;
    for (const auto& [table, place] : view().defaults_from(sequence.oid)) {
        dependents.push_back({.described = fmt::format("default value for column {} of table {}",
                                                       table->columns[place].name, table->name),
                              .needed = "sequence " + sequence.name,
                              .table = table->name,
                              .column = place});
    }
    return dependents;
}

Task<Checked<>> Executor::drop_sequences(const DropStatement& statement, StatementResult& result) {
    std::vector<TablePtr> dropped;
    for (const std::string& name : statement.names) {
        SQL_CO_TRY(const TablePtr sequence,
                   co_await lock_table(name, TableLockMode::access_exclusive));
        if (sequence == nullptr || !sequence->sequence) {
            SQL_CO_CHECK(may_be_missing(statement, name, result));
        } else {
            dropped.push_back(sequence);
        }
    }
    std::vector<Dependent> dependents;
    for (const TablePtr& sequence : dropped) {
        if (const auto& owner = sequence->sequence->owner; owner && owner->identity) {
            const TablePtr table = view().find_table(owner->table);
            const std::string column = fmt::format("column {} of table {}",
                                                   table->columns[owner->column].name, table->name);
            auto error = sql_error("2BP01", fmt::format("cannot drop sequence {} because {} "
                                                        "requires it",
                                                        sequence->name, column));
            error.error()->hint = fmt::format("You can drop {} instead.", column);
            co_return error;
        }
        std::ranges::move(dependents_of_sequence(*sequence), std::back_inserter(dependents));
    }
    const std::string shown =
        dropped.size() == 1 ? "sequence " + dropped.front()->name : "desired object(s)";
    SQL_CO_CHECK(co_await drop_dependents(std::move(dependents), shown, statement.cascade, result));
    for (const TablePtr& sequence : dropped)
        drop_relation(*sequence);
    co_return Checked<>{};
}

Task<Checked<>> Executor::drop_indexes(const DropStatement& statement, StatementResult& result) {
    for (const std::string& name : statement.names) {
        if (const TablePtr owner = view().find_index(name).first) {
            SQL_CO_CHECK(co_await lock_table(owner->name, TableLockMode::access_exclusive));
        }
        const auto [owner, index] = view().find_index(name);
        if (index == nullptr) {
            SQL_CO_CHECK(may_be_missing(statement, name, result));
            continue;
        }
        if (index->constraint) {
            auto error = sql_error(
                "2BP01", fmt::format("cannot drop index {} because constraint {} on table {} "
                                     "requires it",
                                     name, name, owner->name));
            error.error()->hint =
                fmt::format("You can drop constraint {} on table {} instead.", name, owner->name);
            co_return error;
        }
        SQL_CO_CHECK(co_await drop_dependents(dependents_of(*owner, *index), "index " + name,
                                              statement.cascade, result));
        // A table that refers to itself has lost its foreign key by now.
        TableDefinition table = *view().find_table(owner->oid);
        std::erase(table.indexes, index);
        transaction_.drops_storage = true;
        put_table(std::move(table));
    }
    co_return Checked<>{};
}

Task<Checked<StatementResult>> Executor::truncate(const TruncateStatement& statement) {
    StatementResult result = completed("TRUNCATE TABLE");
    std::vector<TablePtr> tables;
    const auto is_among = [&](const TablePtr& table) {
        return std::ranges::find(tables, table->oid, &TableDefinition::oid) != tables.end();
    };
    for (const std::string& name : statement.tables) {
        SQL_CO_TRY(const TablePtr table,
                   co_await lock_table(name, TableLockMode::access_exclusive));
        if (table == nullptr)
            co_return sql_error("42P01", fmt::format("relation \"{}\" does not exist", name));
        if (!is_among(table)) tables.push_back(table);
    }
    for (std::size_t i = 0; i < tables.size(); ++i) {
        const TablePtr table = tables[i];
        for (const Reference& reference : view().references_to(table->oid)) {
            if (is_among(reference.table)) continue;
            const std::string& name = reference.table->name;
            if (!statement.cascade) {
                auto error = sql_error(
                    "0A000", "cannot truncate a table referenced in a foreign key constraint");
                error.error()->detail =
                    fmt::format("Table \"{}\" references \"{}\".", name, table->name);
                error.error()->hint = fmt::format(
                    "Truncate table \"{}\" at the same time, or use TRUNCATE ... CASCADE.", name);
                co_return error;
            }
            result.notices.push_back(
                notice(fmt::format("truncate cascades to table \"{}\"", name)));
            SQL_CO_TRY(TablePtr other, co_await lock_table(name, TableLockMode::access_exclusive));
            tables.push_back(std::move(other));
        }
    }
    for (const TablePtr& table : tables) {
        SQL_CO_CHECK(engine_.serializable().table_write(transaction_, table->oid));
        remove_all_rows(*table);
        if (statement.restart_identity) restart_owned_sequences(*table);
    }
    co_return result;
}

void Executor::remove_all_rows(const TableDefinition& table) {
    transaction_.drops_storage = true;
    for (auto& [id, version] : engine_.heap(table.oid).versions()) {
        if (!is_live(version, engine_.transactions(), transaction_)) continue;
        end_version(table, version, nullptr, RowLockStrength::update);
        transaction_.changes.push_back(
            {.table = table.oid, .made = nullptr, .ended = &version, .truncated = true});
    }
}

}  // namespace atlas::sim::models::postgres

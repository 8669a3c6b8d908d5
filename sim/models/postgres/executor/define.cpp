// CREATE TABLE, CREATE INDEX and LOCK TABLE. A new definition goes into the
// transaction's own view of the catalog; others see it when it commits.

#include <xxhash.h>

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "sim/models/postgres/mvcc/visibility.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

ServerMessage notice(std::string message, std::string sqlstate = "00000") {
    return {.severity = "NOTICE", .sqlstate = std::move(sqlstate), .message = std::move(message)};
}

std::string joined_columns(const IndexDefinition& index, const TableDefinition& table) {
    std::string joined;
    for (const IndexKey& key : index.keys) {
        if (!joined.empty()) joined += "_";
        joined += key.column ? table.columns[*key.column].name : key.name;
    }
    return joined;
}

}  // namespace

std::string object_name(std::string first, std::string second, std::string_view label) {
    constexpr std::size_t longest_name = 63;
    const std::size_t overhead = label.size() + 1 + (second.empty() ? 0 : 1);
    while (first.size() + second.size() + overhead > longest_name)
        (first.size() > second.size() ? first : second).pop_back();
    return first + (second.empty() ? "" : "_") + second + "_" + std::string(label);
}

std::string column_checked(const TableDefinition& table, const CheckConstraint& check) {
    std::vector<std::size_t> columns;
    visit_expression(*check.condition.expression, [&](const Expression& part) {
        if (part.kind == ExpressionKind::column &&
            std::ranges::find(columns, part.index) == columns.end())
            columns.push_back(part.index);
    });
    return columns.size() == 1 ? table.columns[columns.front()].name : std::string();
}

std::string Executor::unused_name(std::string base) const {
    std::string name = base;
    for (int pass = 1; view().relation_exists(name); ++pass)
        name = base + fmt::format_int(pass).str();
    return name;
}

// Held to the end of the transaction: whoever would make the same name waits, as PostgreSQL's
// unique index over the names makes it wait, and fails with that index's error if we commit.
Task<Checked<>> Executor::reserve_name(std::string name, bool is_index) {
    const LockTag tag{LockKind::name, XXH3_64bits(name.data(), name.size())};
    if (engine_.locks().is_held(locks_, tag, TableLockMode::access_exclusive))
        co_return Checked<>{};
    SQL_CO_CHECK(
        co_await engine_.locks().acquire(locks_, tag, TableLockMode::access_exclusive, limits_));
    if (!view().relation_exists(name)) co_return Checked<>{};
    const std::string_view constraint =
        is_index ? "pg_class_relname_nsp_index" : "pg_type_typname_nsp_index";
    auto error = sql_error("23505", fmt::format("duplicate key value violates unique constraint "
                                                "\"{}\"",
                                                constraint));
    error.error()->detail =
        is_index ? fmt::format("Key (relname, relnamespace)=({}, 2200) already exists.", name)
                 : fmt::format("Key (typname, typnamespace)=({}, 2200) already exists.", name);
    error.error()->schema = "pg_catalog";
    error.error()->table = is_index ? "pg_class" : "pg_type";
    error.error()->constraint = constraint;
    co_return error;
}

Task<Checked<TablePtr>> Executor::lock_table(std::string name, TableLockMode mode) {
    while (true) {
        const TablePtr table = view().find_table(name);
        if (table == nullptr) co_return TablePtr{};
        const LockTag tag{LockKind::relation, table->oid};
        if (engine_.locks().is_held(locks_, tag, mode)) co_return table;
        SQL_CO_CHECK(co_await engine_.locks().acquire(locks_, tag, mode, limits_));
        TablePtr now = view().find_table(name);
        // Dropped and made again while we waited: that one is to be locked.
        if (now == nullptr || now->oid == table->oid) co_return now;
    }
}

void Executor::put_table(TableDefinition table) {
    engine_.transactions().assign_id(transaction_);
    transaction_.redo.put_table(table);
    const std::string name = table.name;
    transaction_.catalog.insert_or_assign(
        name, std::make_shared<const TableDefinition>(std::move(table)));
}

Task<Checked<>> Executor::add_index_to(TableDefinition& table, IndexDefinition definition) {
    if (definition.name.empty()) {
        definition.name = unused_name(
            definition.primary ? object_name(table.name, "", "pkey")
                               : object_name(table.name, joined_columns(definition, table),
                                             definition.constraint ? "key" : "idx"));
    } else if (view().relation_exists(definition.name)) {
        co_return sql_error("42P07",
                            fmt::format("relation \"{}\" already exists", definition.name));
    }
    SQL_CO_CHECK(co_await reserve_name(definition.name, true));
    definition.oid = engine_.next_oid();
    SQL_CO_TRY(auto index, build_index(table, std::move(definition)));
    table.indexes.push_back(std::move(index));
    co_return Checked<>{};
}

Checked<std::shared_ptr<const IndexDefinition>> Executor::build_index(TableDefinition& table,
                                                                      IndexDefinition given) {
    auto definition = std::make_shared<const IndexDefinition>(std::move(given));
    Heap& heap = engine_.heap(table.oid);
    Index& index = heap.add_index(definition);
    for (auto& [id, version] : heap.versions()) {
        const bool live = is_live(version, engine_.transactions(), transaction_);
        Checked<std::optional<Row>> key = index.key_of(version.values);
        // What nobody will see again need not have a key.
        if (!key && !live) continue;
        if (!key) return std::unexpected(std::move(key).error());
        if (!*key) continue;
        if (live && definition->unique && std::ranges::none_of(**key, is_null)) {
            for (const RowVersion* other : index.find(**key)) {
                if (!is_live(*other, engine_.transactions(), transaction_)) continue;
                auto error = sql_error(
                    "23505", fmt::format("could not create unique index \"{}\"", definition->name));
                error.error()->detail =
                    fmt::format("Key {} is duplicated.", describe_key(*definition, **key));
                add_table_fields(*error.error(), table, definition->name);
                return error;
            }
        }
        index.insert(**std::move(key), version);
    }
    return definition;
}

Task<Checked<StatementResult>> Executor::create_table(const CreateTableStatement& statement) {
    TableDefinition table = statement.definition;
    if (view().relation_exists(table.name)) {
        const std::string message = fmt::format("relation \"{}\" already exists", table.name);
        if (!statement.if_not_exists) co_return sql_error("42P07", message);
        StatementResult result = completed("CREATE TABLE");
        result.notices.push_back(notice(message + ", skipping", "42P07"));
        co_return result;
    }
    SQL_CO_CHECK(co_await reserve_name(table.name, false));
    table.oid = engine_.next_oid();
    for (CheckConstraint& check : table.checks) {
        check.oid = engine_.next_oid();
        if (!check.name.empty()) continue;
        const std::string base = object_name(table.name, column_checked(table, check), "check");
        std::string name = base;
        for (int pass = 1;
             std::ranges::find(table.checks, name, &CheckConstraint::name) != table.checks.end();
             ++pass)
            name = base + fmt::format_int(pass).str();
        check.name = name;
    }
    std::ranges::sort(table.checks, {}, &CheckConstraint::name);
    engine_.transactions().assign_id(transaction_);
    engine_.make_heap(transaction_, table.oid);
    const bool locked = engine_.locks().try_acquire(locks_, {LockKind::relation, table.oid},
                                                    TableLockMode::access_exclusive);
    ATLAS_CHECK(locked, "nobody else knows of a table just made");
    for (const ColumnSequence& sequence : statement.sequences) {
        SQL_CO_CHECK(co_await add_column_sequence(table, sequence));
    }
    // In the view first, so that the indexes' names are chosen beside it.
    transaction_.catalog.insert_or_assign(table.name,
                                          std::make_shared<const TableDefinition>(table));
    for (const IndexDefinition& index : statement.indexes) {
        SQL_CO_CHECK(co_await add_index_to(table, index));
        transaction_.catalog.insert_or_assign(table.name,
                                              std::make_shared<const TableDefinition>(table));
    }
    for (const ForeignKeyRequest& key : statement.foreign_keys) {
        SQL_CO_CHECK(co_await add_foreign_key(table, key));
    }
    put_table(std::move(table));
    co_return completed("CREATE TABLE");
}

Task<Checked<StatementResult>> Executor::create_index(const CreateIndexStatement& statement) {
    // Stronger than PostgreSQL's SHARE: a commit installs the table's whole definition, so that of
    // two at once one would lose its index.
    SQL_CO_TRY(const TablePtr found,
               co_await lock_table(statement.table, TableLockMode::share_row_exclusive));
    if (found == nullptr) {
        co_return sql_error("42P01",
                            fmt::format("relation \"{}\" does not exist", statement.table));
    }
    const std::string& name = statement.definition.name;
    if (!name.empty() && statement.if_not_exists && view().relation_exists(name)) {
        StatementResult result = completed("CREATE INDEX");
        result.notices.push_back(
            notice(fmt::format("relation \"{}\" already exists, skipping", name), "42P07"));
        co_return result;
    }
    TableDefinition table = *found;
    transaction_.touched_heaps.push_back(table.oid);
    SQL_CO_CHECK(co_await add_index_to(table, statement.definition));
    put_table(std::move(table));
    co_return completed("CREATE INDEX");
}

Task<Checked<StatementResult>> Executor::lock_tables(const LockTableStatement& statement) {
    for (const std::string& name : statement.tables) {
        if (statement.no_wait) {
            const TablePtr table = view().find_table(name);
            if (table != nullptr && !engine_.locks().try_acquire(
                                        locks_, {LockKind::relation, table->oid}, statement.mode)) {
                co_return sql_error("55P03",
                                    fmt::format("could not obtain lock on relation \"{}\"", name));
            }
        }
        SQL_CO_TRY(const TablePtr table, co_await lock_table(name, statement.mode));
        if (table == nullptr)
            co_return sql_error("42P01", fmt::format("relation \"{}\" does not exist", name));
    }
    co_return completed("LOCK TABLE");
}

}  // namespace atlas::sim::models::postgres

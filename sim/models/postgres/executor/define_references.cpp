// FOREIGN KEY, made: what its names mean, whether the tables fit, and whether the rows that are
// there keep to it.

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

Checked<std::vector<std::size_t>> places_of(const TableDefinition& table,
                                            const std::vector<std::string>& names) {
    std::vector<std::size_t> places;
    for (const std::string& name : names) {
        const auto found = table.find_column(name);
        if (!found) {
            return sql_error("42703", fmt::format("column \"{}\" referenced in foreign key "
                                                  "constraint does not exist",
                                                  name));
        }
        places.push_back(*found);
    }
    return places;
}

// Without a list of columns: those of the primary key.
Checked<> find_primary_key(const TableDefinition& table, ForeignKey& key) {
    const auto primary =
        std::ranges::find_if(table.indexes, [](const auto& index) { return index->primary; });
    if (primary == table.indexes.end()) {
        return sql_error("42704", fmt::format("there is no primary key for referenced table \"{}\"",
                                              table.name));
    }
    key.index = (*primary)->oid;
    for (const IndexKey& part : (*primary)->keys)
        key.referenced.push_back(*part.column);
    return {};
}

Checked<> find_unique_index(const TableDefinition& table, ForeignKey& key) {
    for (std::size_t i = 0; i < key.referenced.size(); ++i) {
        if (std::ranges::count(key.referenced, key.referenced[i]) > 1) {
            return sql_error("42830",
                             "foreign key referenced-columns list must not contain duplicates");
        }
    }
    for (const auto& index : table.indexes) {
        const auto is_referenced = [&](const IndexKey& part) {
            return part.column &&
                   std::ranges::find(key.referenced, *part.column) != key.referenced.end();
        };
        if (!index->unique || index->predicate || index->keys.size() != key.referenced.size() ||
            !std::ranges::all_of(index->keys, is_referenced))
            continue;
        key.index = index->oid;
        return {};
    }
    return sql_error("42830", fmt::format("there is no unique constraint matching given keys for "
                                          "referenced table \"{}\"",
                                          table.name));
}

Checked<> check_types(const TableDefinition& table, const TableDefinition& referenced,
                      const ForeignKey& key) {
    const auto column = [](const TableDefinition& of, std::size_t place) {
        return std::make_shared<const Expression>(Expression{
            .kind = ExpressionKind::column, .type = of.columns[place].type, .index = place});
    };
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
        SQL_TRY(const ExpressionPtr equal, reference_equality(column(referenced, key.referenced[i]),
                                                              column(table, key.columns[i])));
        if (equal != nullptr) continue;
        const Column& own = table.columns[key.columns[i]];
        const Column& other = referenced.columns[key.referenced[i]];
        auto error = sql_error(
            "42804", fmt::format("foreign key constraint \"{}\" cannot be implemented", key.name));
        error.error()->detail =
            fmt::format("Key columns \"{}\" and \"{}\" are of incompatible types: {} and {}.",
                        own.name, other.name, display_name(own.type), display_name(other.type));
        return error;
    }
    return {};
}

Checked<ForeignKey> understand(const ForeignKeyRequest& request, const TableDefinition& table,
                               const TableDefinition& referenced) {
    ForeignKey key{.name = request.name,
                   .columns = {},
                   .table = referenced.oid,
                   .referenced = {},
                   .on_delete = request.on_delete,
                   .on_update = request.on_update};
    SQL_TRY(key.columns, places_of(table, request.columns));
    SQL_TRY(key.set_on_delete, places_of(table, request.set_on_delete));
    for (std::size_t i = 0; i < key.set_on_delete.size(); ++i) {
        if (std::ranges::find(key.columns, key.set_on_delete[i]) != key.columns.end()) continue;
        return sql_error("42P10", fmt::format("column \"{}\" referenced in ON DELETE SET action "
                                              "must be part of foreign key",
                                              request.set_on_delete[i]));
    }
    if (request.referenced.empty()) {
        SQL_CHECK(find_primary_key(referenced, key));
    } else {
        SQL_TRY(key.referenced, places_of(referenced, request.referenced));
        SQL_CHECK(find_unique_index(referenced, key));
    }
    if (key.columns.size() != key.referenced.size()) {
        return sql_error("42830",
                         "number of referencing and referenced columns for foreign key disagree");
    }
    return key;
}

std::string joined(const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& name : names)
        all += (all.empty() ? "" : "_") + name;
    return all;
}

}  // namespace

std::string Executor::unused_constraint_name(const TableDefinition& table,
                                             const std::string& base) const {
    std::string name = base;
    for (int pass = 1; table.has_constraint(name) || view().constraint_exists(name); ++pass)
        name = base + fmt::format_int(pass).str();
    return name;
}

Task<Checked<>> Executor::add_foreign_key(TableDefinition& table,
                                          const ForeignKeyRequest& request) {
    TablePtr referenced;
    if (request.table == table.name) {
        referenced = std::make_shared<const TableDefinition>(table);
    } else {
        SQL_CO_TRY(referenced,
                   co_await lock_table(request.table, TableLockMode::share_row_exclusive));
    }
    if (referenced == nullptr) {
        co_return sql_error("42P01", fmt::format("relation \"{}\" does not exist", request.table));
    }
    if (referenced->view || referenced->sequence) {
        co_return sql_error(
            "42809", fmt::format("referenced relation \"{}\" is not a table", request.table));
    }
    if (!request.name.empty() && table.has_constraint(request.name)) {
        co_return sql_error("42710",
                            fmt::format("constraint \"{}\" for relation \"{}\" already exists",
                                        request.name, table.name));
    }
    SQL_CO_TRY(ForeignKey key, understand(request, table, *referenced));
    if (key.name.empty()) {
        key.name =
            unused_constraint_name(table, object_name(table.name, joined(request.columns), "fkey"));
    }
    SQL_CO_CHECK(check_types(table, *referenced, key));
    key.oid = engine_.next_oid();
    SQL_CO_CHECK(check_all_references(table, key, referenced));
    table.foreign_keys.push_back(std::move(key));
    co_return Checked<>{};
}

}  // namespace atlas::sim::models::postgres

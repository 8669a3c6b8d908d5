// The list of system tables, and what their definitions have in common.

#include "sim/models/postgres/system_catalog/system_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace atlas::sim::models::postgres {

std::span<const SystemTable> system_tables() {
    static const std::array all{pg_namespace(), pg_am(), pg_class(), pg_index()};
    return all;
}

const SystemTable* find_system_table(Oid oid) {
    const auto all = system_tables();
    const auto found =
        std::ranges::find(all, oid, [](const SystemTable& table) { return table.definition->oid; });
    return found == all.end() ? nullptr : &*found;
}

TablePtr define_system_table(Oid oid, std::string_view name,
                             std::initializer_list<SystemColumn> columns) {
    TableDefinition table;
    table.oid = oid;
    table.name = name;
    for (const SystemColumn& column : columns) {
        const bool lacking = column.type == TypeId::none;
        table.columns.push_back({.name = std::string(column.name),
                                 .type = {lacking ? TypeId::text : column.type},
                                 .dropped = lacking});
    }
    return std::make_shared<const TableDefinition>(std::move(table));
}

std::string role_name(std::int64_t role) {
    constexpr std::int64_t database_owner_role = 6171;
    if (role == superuser_role) return "postgres";
    if (role == atlas_role) return "atlas";
    if (role == database_owner_role) return "pg_database_owner";
    return fmt::format("unknown (OID={})", role);
}

}  // namespace atlas::sim::models::postgres

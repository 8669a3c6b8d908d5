#pragma once
// The relations of pg_catalog whose rows follow from the definitions of tables: what they look
// like, and how their rows are computed.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/models/postgres/catalog/catalog.hpp"
#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

struct SystemTable {
    TablePtr definition;
    std::vector<Row> (*rows)(const CatalogView& catalog);
};

/// All of them. A column that the model has no values for is marked as dropped, under its own name.
std::span<const SystemTable> system_tables();

/// Null if it is none of them.
const SystemTable* find_system_table(Oid oid);

/// A column of a relation of pg_catalog; of type none if the model has no values for it.
struct SystemColumn {
    std::string_view name;
    TypeId type = TypeId::none;
};

TablePtr define_system_table(Oid oid, std::string_view name,
                             std::initializer_list<SystemColumn> columns);

/// The schemas, roles and access methods that rows refer to.
inline constexpr std::int64_t pg_catalog_schema = 11;
inline constexpr std::int64_t public_schema = 2200;
inline constexpr std::int64_t superuser_role = 10;
/// Who has made all tables: the model does not keep apart who owns what.
inline constexpr std::int64_t atlas_role = 16384;
inline constexpr std::int64_t heap_method = 2;
inline constexpr std::int64_t btree_method = 403;

/// pg_get_userbyid.
std::string role_name(std::int64_t role);

/// Of one file each.
SystemTable pg_namespace();
SystemTable pg_am();
SystemTable pg_class();
SystemTable pg_index();

}  // namespace atlas::sim::models::postgres

#pragma once
// The relations of pg_catalog that the model has, and the functions that give rows of several
// columns: what they look like, and how their rows are computed when they are read.

#include <string>
#include <string_view>
#include <vector>

#include "sim/models/postgres/catalog/catalog.hpp"
#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

class Engine;

/// What rows may follow from.
struct SystemState {
    const CatalogView& catalog;
    const Engine& engine;
};

/// A column that the model has no values for is marked as dropped, under its own name.
struct SystemTable {
    TablePtr definition;
    std::vector<Row> (*rows)(const SystemState& state);
};

/// A relation of that name; null if the model has none.
TablePtr find_system_relation(std::string_view name);
/// The same for functions without arguments.
TablePtr find_system_function(std::string_view name);
/// Either; null if it is none of them.
const SystemTable* find_system_table(Oid oid);
bool is_system_relation(Oid oid);

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
/// pg_class itself, where dependencies name what kind of thing depends.
inline constexpr std::int64_t pg_class_oid = 1259;
inline constexpr std::int64_t heap_method = 2;
inline constexpr std::int64_t btree_method = 403;

/// The rows of pg_namespace, and of pg_roles (name, oid).
std::vector<Row> all_schemas();
std::vector<Row> all_roles();

/// The collation that columns of a type have: 0 for none.
std::int64_t collation_of(std::int64_t type);
std::vector<Row> no_rows(const SystemState& state);

SystemTable pg_namespace();
SystemTable pg_am();
SystemTable pg_roles();
SystemTable pg_class();
SystemTable pg_index();
SystemTable pg_attribute();
SystemTable pg_attrdef();
SystemTable pg_constraint();
SystemTable pg_sequence();
SystemTable pg_depend();
SystemTable pg_type();
SystemTable pg_collation();
/// Of what the model never has.
SystemTable pg_inherits();
SystemTable pg_policy();
SystemTable pg_publication();
SystemTable pg_publication_namespace();
SystemTable pg_publication_rel();
SystemTable pg_statistic_ext();
SystemTable pg_trigger();
/// Of how the server is doing.
SystemTable pg_prepared_xacts();
SystemTable pg_replication_slots();
SystemTable pg_stat_replication();
SystemTable pg_stat_wal_receiver();
/// Functions.
SystemTable pg_control_checkpoint();
SystemTable pg_control_system();

}  // namespace atlas::sim::models::postgres

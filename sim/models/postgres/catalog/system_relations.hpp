#pragma once
// The relations of pg_catalog that the model has: views whose rows are computed when they are read.
// The rows are the executor's business; here is what analysis must know of them.

#include <string_view>

#include "sim/models/postgres/catalog/table.hpp"

namespace atlas::sim::models::postgres {

enum class SystemRelation : Oid {
    pg_control_checkpoint = 3442,  ///< A function; the number is its own.
    pg_control_system = 3441,      ///< The same.
    pg_prepared_xacts = 12073,
    pg_stat_replication = 12223,
    pg_stat_wal_receiver = 12232,
    pg_replication_slots = 12238,
};

/// Null if the model has none of that name.
TablePtr find_system_relation(std::string_view name);

/// The same for functions without arguments that give one row of several columns.
TablePtr find_system_function(std::string_view name);

/// Whether a number is that of one of them.
bool is_system_relation(Oid oid);

}  // namespace atlas::sim::models::postgres

#pragma once
// regclass, regtype, regnamespace: OIDs that are written as names.

#include <string>

#include "sim/models/postgres/catalog/catalog.hpp"

namespace atlas::sim::models::postgres {

/// "-" for none; the number where nothing has it.
std::string named_oid(TypeId type, std::int64_t oid, const CatalogView& catalog);

/// pg_get_userbyid.
std::string role_name(std::int64_t role);

/// format_type: by its name in SQL, with its modifier, if one is given: -1 says that it has none.
std::string format_type(std::int64_t oid, std::optional<std::int32_t> modifier);

}  // namespace atlas::sim::models::postgres

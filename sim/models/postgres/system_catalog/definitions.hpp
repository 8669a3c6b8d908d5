#pragma once
// Constraints and indexes as the statements that would make them again.

#include <optional>
#include <string>

#include "sim/models/postgres/catalog/catalog.hpp"
#include "sim/models/postgres/failure.hpp"

namespace atlas::sim::models::postgres {

/// pg_get_indexdef: with a column, that key alone. No value if there is no such index; errors:
/// 0A000 (deparse.hpp).
Checked<std::optional<std::string>> index_definition(Oid index, std::int64_t column, bool pretty,
                                                     const CatalogView& catalog);

/// pg_get_constraintdef: "CHECK (...)", "FOREIGN KEY (...) REFERENCES ...". The same errors.
Checked<std::optional<std::string>> constraint_definition(Oid constraint, bool pretty,
                                                          const CatalogView& catalog);

}  // namespace atlas::sim::models::postgres

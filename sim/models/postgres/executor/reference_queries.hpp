#pragma once
// The queries of the triggers by which PostgreSQL keeps a foreign key. The model does not run them:
// an error in what it does in their place names them as its context.

#include <string>

#include "sim/models/postgres/catalog/table.hpp"
#include "sim/models/postgres/failure.hpp"

namespace atlas::sim::models::postgres {

/// Is there the row that a new one refers to?
std::string referenced_row_query(const TableDefinition& referring, const ForeignKey& key,
                                 const TableDefinition& referenced);

/// NO ACTION: has another row taken over the key that went away?
std::string same_key_query(const ForeignKey& key, const TableDefinition& referenced);

/// NO ACTION and RESTRICT: does a row refer to it?
std::string referring_row_query(const Reference& reference, const TableDefinition& referenced);

/// CASCADE, SET NULL and SET DEFAULT.
std::string change_query(const Reference& reference, const TableDefinition& referenced,
                         ReferentialAction action, bool deleted);

/// The error, in that query.
std::unexpected<Failure> in_query(Failure failure, std::string_view query);

}  // namespace atlas::sim::models::postgres

#pragma once
// A decoration of the SQL driver that changes one statement's text: what sabotages of a single word
// are made of.

#include <string>

#include "properties/sabotage/decorated_connection.hpp"
#include "properties/sabotage/sabotage.hpp"

namespace atlas::properties {

/// Every query with `from` in it has `to` in its place. The ledger outlives it.
DriverDecoration rewritten_query(std::string from, std::string to, SabotageLedger& ledger);

/// For clients of the database that are no API nodes: what the sabotage changes in their
/// statements; nothing where it is another's.
DriverDecoration decoration_of_sql_clients(Sabotage sabotage, SabotageLedger& ledger);

}  // namespace atlas::properties

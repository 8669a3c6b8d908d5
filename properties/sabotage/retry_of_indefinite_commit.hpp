#pragma once
// Sabotage over the SQL driver: a COMMIT whose answer is lost is reported as rolled back, so that
// the transaction is run again.

#include "properties/sabotage/decorated_connection.hpp"
#include "properties/sabotage/sabotage.hpp"

namespace atlas::properties {

/// The ledger outlives it.
DriverDecoration retry_of_indefinite_commit(SabotageLedger& ledger);

}  // namespace atlas::properties

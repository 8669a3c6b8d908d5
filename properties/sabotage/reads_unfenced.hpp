#pragma once
// Sabotage over the SQL connection: the fence behind strong reads commits nothing, so that it
// stands wherever there is a server that takes itself for the primary.

#include "properties/sabotage/decorated_connection.hpp"
#include "properties/sabotage/sabotage.hpp"

namespace atlas::properties {

/// The ledger outlives it.
DriverDecoration reads_unfenced(SabotageLedger& ledger);

}  // namespace atlas::properties

#pragma once
// Sabotage over the SQL driver: sessions begin without any time limit.

#include "properties/sabotage/decorated_connection.hpp"
#include "properties/sabotage/sabotage.hpp"

namespace atlas::properties {

/// The ledger outlives it.
DriverDecoration session_timeouts_unset(SabotageLedger& ledger);

}  // namespace atlas::properties

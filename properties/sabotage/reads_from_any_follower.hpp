#pragma once
// Sabotage over the SQL connection: every follower says that it has all there is, so that a session
// reads from one however far behind that is.

#include "properties/sabotage/decorated_connection.hpp"
#include "properties/sabotage/sabotage.hpp"

namespace atlas::properties {

/// The ledger outlives it.
DriverDecoration reads_from_any_follower(SabotageLedger& ledger);

}  // namespace atlas::properties

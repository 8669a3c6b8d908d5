#pragma once
// Sabotage over the SQL driver: a COMMIT that takes its time is cancelled, as any other statement
// would be, and taken for one that did not happen.

#include "properties/sabotage/decorated_connection.hpp"
#include "properties/sabotage/sabotage.hpp"
#include "system/host/host.hpp"

namespace atlas::properties {

/// Host and ledger outlive it.
DriverDecoration commit_cancelled_at_deadline(host::Host& host, SabotageLedger& ledger);

}  // namespace atlas::properties

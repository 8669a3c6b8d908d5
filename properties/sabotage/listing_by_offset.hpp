#pragma once
// Sabotage: a page of the listing begins after so many rows, not after a user. The cursor carries
// that number where it carried an id, and the statement passes over as many rows.

#include "properties/sabotage/decorated_connection.hpp"
#include "properties/sabotage/sabotage.hpp"
#include "system/http/handler.hpp"

namespace atlas::properties {

/// Over the SQL driver. The ledger outlives it.
DriverDecoration listing_by_offset(SabotageLedger& ledger);

/// Over the HTTP handler: makes the cursors that the statement above understands.
http::Handler cursors_by_offset(http::Handler inner);

}  // namespace atlas::properties

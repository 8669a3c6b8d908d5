#pragma once
// Sabotage over the HTTP handler: what cannot be done now is reported as a bug of the server.

#include "properties/sabotage/sabotage.hpp"
#include "system/http/handler.hpp"

namespace atlas::properties {

/// The ledger outlives the handler's calls. Counted are the answers that say so.
http::Handler unavailable_as_500(http::Handler inner, SabotageLedger& ledger);

}  // namespace atlas::properties

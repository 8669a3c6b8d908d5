#pragma once
// Sabotage over the HTTP handler: what a session has seen is forgotten from request to request.

#include "properties/sabotage/sabotage.hpp"
#include "system/http/handler.hpp"

namespace atlas::properties {

/// The ledger outlives the handler's calls.
http::Handler session_token_dropped(http::Handler inner, SabotageLedger& ledger);

}  // namespace atlas::properties

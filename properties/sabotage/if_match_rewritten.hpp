#pragma once
// Sabotage over the HTTP handler: conditional changes lose their condition.

#include "properties/sabotage/sabotage.hpp"
#include "system/http/handler.hpp"

namespace atlas::properties {

/// The ledger outlives the handler's calls.
http::Handler if_match_rewritten(http::Handler inner, SabotageLedger& ledger);

}  // namespace atlas::properties

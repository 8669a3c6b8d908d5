#pragma once
// Sabotage over the HTTP handler: a user is shown with a column that is nobody's business.

#include "properties/sabotage/sabotage.hpp"
#include "system/http/handler.hpp"

namespace atlas::properties {

/// The ledger outlives the handler's calls. Counted are the answers that show it.
http::Handler folded_email_shown(http::Handler inner, SabotageLedger& ledger);

}  // namespace atlas::properties

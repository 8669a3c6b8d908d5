#pragma once
// Sabotage over the HTTP handler: a repeated request is taken for another one.

#include "properties/sabotage/sabotage.hpp"
#include "system/host/host.hpp"
#include "system/http/handler.hpp"

namespace atlas::properties {

/// Each request gets a key that no other has, in place of its own: without any, the API would
/// refuse it. Ledger outlives the handler's calls. Counted are the keys that were replaced.
http::Handler idempotency_key_stripped(http::Handler inner, host::Host& host,
                                       SabotageLedger& ledger);

}  // namespace atlas::properties

#pragma once
// Sabotage over the HTTP handler: users are read from a cache that no change invalidates.

#include "properties/sabotage/sabotage.hpp"
#include "system/host/host.hpp"
#include "system/http/handler.hpp"

namespace atlas::properties {

/// Host and ledger outlive the handler's calls. Counted are the answers that come from the cache.
http::Handler cached_get(http::Handler inner, host::Host& host, SabotageLedger& ledger);

}  // namespace atlas::properties

#pragma once
// The lease store over HTTP:
//
//     GET    /v1/keys?prefix=P             200 {"revision": N, "entries": [...]}
//     PUT    /v1/keys/KEY                  {"value": "...", "if_revision": N, "time_to_live_ms": N}
//                                          200 the entry; the last two may be left out
//     DELETE /v1/keys/KEY?if_revision=N    204; the condition may be left out
//
// Failures are problem details: 400, 404, 409 when the condition does not hold, 507 when there is
// no room, 503 "not started" and "outcome unknown".
//
// Every answer says in a field which store it is from (store_mark.hpp); a request that says which
// one it is for is refused with 412 by any other, and by one that has lost what was seen of it.

#include "system/http/handler.hpp"
#include "system/http/problem.hpp"
#include "system/lease_store/lease_store.hpp"

namespace atlas::lease_store {

inline constexpr http::ProblemType revision_mismatch{"urn:atlas:problem:revision-mismatch",
                                                     "The key is at another revision", 409};

inline constexpr http::ProblemType other_store{"urn:atlas:problem:other-lease-store",
                                               "This is not the lease store that was known", 412};
inline constexpr http::ProblemType no_room{"urn:atlas:problem:no-room-for-key",
                                           "There is no room for the key", 507};

/// `store` outlives it.
http::Handler make_handler(LeaseStore& store);

}  // namespace atlas::lease_store

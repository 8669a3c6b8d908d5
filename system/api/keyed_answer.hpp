#pragma once
// What a request that takes effect once is answered: the first time, and every time it is repeated.

#include "system/http/problem.hpp"
#include "system/store/idempotency.hpp"

namespace atlas::api {

/// The answer as it is kept.
store::Answer to_answer(http::Response response);

/// The kept answer; or 409 with Retry-After while a request of the key is under way, and 422 when
/// the key belongs to another request.
http::Response to_response(store::KeyedAnswer done, const host::Context& context);

}  // namespace atlas::api

#pragma once
// From an error of the service to the answer that tells the client what it may do next.

#include "system/host/error.hpp"
#include "system/http/problem.hpp"

namespace atlas::api {

/// 503 "outcome unknown" for an indefinite error, 503 "not started" with Retry-After for a definite
/// one, 500 for corrupted data and for statements that PostgreSQL refused. What it said stays in
/// the log.
http::Response to_response(const host::Error& error, const host::Context& context);

}  // namespace atlas::api

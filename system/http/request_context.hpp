#pragma once
// From a request's fields to the context of its work: deadline and trace id.

#include <expected>

#include "system/host/host.hpp"
#include "system/http/problem.hpp"

namespace atlas::http {

/// `Atlas-Timeout-Ms` (whole milliseconds, at least 1) shortens `longest`, never lengthens it; a
/// `traceparent` is taken over, and a trace begun when there is none. A duration, not a moment, is
/// on the wire: the clocks of two machines need not agree.
std::expected<host::Context, Problem> make_context(const Request& request, host::TimePoint received,
                                                   host::Duration longest,
                                                   host::RandomSource& random);

}  // namespace atlas::http

#pragma once
// Problem details (RFC 9457), the body of every error answer, and the registry of their types.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system/host/context.hpp"
#include "system/http/message.hpp"

namespace atlas::http {

/// What went wrong with one member of the request.
struct ProblemItem {
    std::string pointer;  ///< JSON Pointer (RFC 6901) into the request's body; "" is the whole.
    std::string detail;
};

/// A kind of problem: `type` is a stable URI that clients compare, never fetch.
struct ProblemType {
    std::string_view uri;
    std::string_view title;
    int status;
};

struct Problem {
    ProblemType type;
    std::string detail = {};
    std::vector<ProblemItem> errors = {};
    std::optional<std::chrono::seconds> retry_after = {};
    Headers headers = {};  ///< Beside Content-Type and Retry-After; such as Allow.
};

Response to_response(const Problem& problem, const host::TraceId& trace_id);

/// Every type that an Atlas answer can carry.
namespace problems {

// The request as HTTP.
inline constexpr ProblemType malformed_request{"urn:atlas:problem:malformed-request",
                                               "The request is malformed", 400};
inline constexpr ProblemType request_timeout{"urn:atlas:problem:request-timeout",
                                             "The request did not arrive in time", 408};
inline constexpr ProblemType length_required{"urn:atlas:problem:length-required",
                                             "The request needs a body", 411};
inline constexpr ProblemType content_too_large{"urn:atlas:problem:content-too-large",
                                               "The body is too large", 413};
inline constexpr ProblemType target_too_long{"urn:atlas:problem:target-too-long",
                                             "The request target is too long", 414};
inline constexpr ProblemType unsupported_media_type{"urn:atlas:problem:unsupported-media-type",
                                                    "The body's media type is not supported", 415};
inline constexpr ProblemType expectation_failed{"urn:atlas:problem:expectation-failed",
                                                "The expectation cannot be met", 417};
inline constexpr ProblemType header_too_large{"urn:atlas:problem:header-too-large",
                                              "The header is too large", 431};
inline constexpr ProblemType not_implemented{"urn:atlas:problem:not-implemented",
                                             "The transfer coding is not supported", 501};
inline constexpr ProblemType version_not_supported{"urn:atlas:problem:version-not-supported",
                                                   "The HTTP version is not supported", 505};

// The request as a call of the API.
inline constexpr ProblemType invalid_request{"urn:atlas:problem:invalid-request",
                                             "The request is not valid", 400};
inline constexpr ProblemType not_found{"urn:atlas:problem:not-found", "There is no such resource",
                                       404};
inline constexpr ProblemType method_not_allowed{"urn:atlas:problem:method-not-allowed",
                                                "The resource does not have that method", 405};
inline constexpr ProblemType idempotency_key_missing{"urn:atlas:problem:idempotency-key-missing",
                                                     "Idempotency-Key is required", 400};
inline constexpr ProblemType request_in_progress{"urn:atlas:problem:request-in-progress",
                                                 "A request of that key is under way", 409};
inline constexpr ProblemType idempotency_key_reused{"urn:atlas:problem:idempotency-key-reused",
                                                    "The key belongs to another request", 422};
inline constexpr ProblemType email_taken{"urn:atlas:problem:email-taken",
                                         "Another user has that e-mail address", 409};
inline constexpr ProblemType version_mismatch{"urn:atlas:problem:version-mismatch",
                                              "The resource has another version", 412};
inline constexpr ProblemType precondition_required{"urn:atlas:problem:precondition-required",
                                                   "If-Match is required", 428};

inline constexpr ProblemType internal_error{"urn:atlas:problem:internal-error",
                                            "The service failed", 500};

// This server, now. The first is definite: nothing happened, the same request may be sent again.
// The second is not: it may have taken effect.
inline constexpr ProblemType not_started{"urn:atlas:problem:not-started",
                                         "The request was not started", 503};
inline constexpr ProblemType outcome_unknown{"urn:atlas:problem:outcome-unknown",
                                             "The request may have taken effect", 503};

}  // namespace problems

}  // namespace atlas::http

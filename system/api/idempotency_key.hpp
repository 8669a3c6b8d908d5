#pragma once
// The field Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): a string in quotes
// (RFC 8941 section 3.3.3), or the same without them, as many clients send it.

#include <optional>
#include <string>
#include <string_view>

namespace atlas::api {

/// The key itself: the same quoted or bare. Nothing when the field is malformed, empty, or longer
/// than 255 characters; a bare key has neither spaces nor quotes.
std::optional<std::string> parse_idempotency_key(std::string_view field);

}  // namespace atlas::api

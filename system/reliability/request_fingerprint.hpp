#pragma once
// What makes two requests the same: a keyed HMAC of method, path and body. Keyed, because bodies
// hold passwords, and the fingerprint is stored: without the secret nobody can try out guesses
// against it.

#include <string>
#include <string_view>

namespace atlas::reliability {

/// HMAC-SHA-256 in 64 hexadecimal digits. Method and path have no line feed. All nodes of a
/// service share the secret.
std::string request_fingerprint(std::string_view secret, std::string_view method,
                                std::string_view path, std::string_view body);

}  // namespace atlas::reliability

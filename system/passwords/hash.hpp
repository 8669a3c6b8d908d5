#pragma once
// Password hashes: Argon2id (RFC 9106) in the encoded form that carries its own parameters,
// "$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>".

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "system/passwords/cost.hpp"

namespace atlas::passwords {

/// RFC 9106 section 3.1: 16 bytes, unique for each password.
using Salt = std::array<std::byte, 16>;

/// Pure, and slow on purpose (cost.estimate()): call it off the loop. Nothing when the memory that
/// the cost names cannot be had.
std::optional<std::string> hash_password(std::string_view password, Salt salt, Argon2Cost cost);

}  // namespace atlas::passwords

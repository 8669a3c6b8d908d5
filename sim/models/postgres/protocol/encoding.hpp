#pragma once
// The check that PostgreSQL makes of all text that a client sends: it must be valid in the
// database's encoding, which is UTF-8 here, and hold no NUL.

#include <optional>
#include <string_view>

#include "sim/models/postgres/session.hpp"

namespace atlas::sim::models::postgres::protocol {

/// The error (22021) for the first sequence that is not valid; nothing when all is.
std::optional<ServerMessage> check_encoding(std::string_view text);

}  // namespace atlas::sim::models::postgres::protocol

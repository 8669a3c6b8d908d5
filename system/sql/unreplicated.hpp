#pragma once
// The warning that comes with a commit whose wait for a standby was cut short.

#include <optional>
#include <string_view>

#include "system/sql/connection.hpp"

namespace atlas::sql {

/// Such a commit stands on the server that was asked, which may even say "COMMIT"; whether it
/// outlives a failover nobody knows. So a driver that hears of it gives up the connection with this
/// error, which is indefinite, whatever else the server says. nullopt for all other notices.
std::optional<Error> unreplicated_commit(std::string_view sqlstate, std::string_view message);

}  // namespace atlas::sql

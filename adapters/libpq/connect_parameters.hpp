#pragma once
// What libpq is told when it connects.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "system/sql/connection.hpp"

namespace atlas::adapters::libpq {

/// Keywords and values for PQconnectStartParams. What decides how the connection is made is always
/// given, so that the PG... variables of the environment change nothing of it.
std::vector<std::pair<std::string, std::string>> connect_parameters(
    const sql::ConnectionTarget& target);

/// The backend's command-line switches "-c name=value" for these settings, with white space and
/// backslashes escaped as the server undoes it.
std::string backend_options(const std::vector<std::pair<std::string, std::string>>& settings);

/// The error in libpq's verbose text of a failed connect: the server's, with SQLSTATE, when the
/// server refused the session; cannot_connect otherwise.
sql::Error parse_connect_failure(std::string_view text);

}  // namespace atlas::adapters::libpq

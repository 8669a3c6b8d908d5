#pragma once
// The start-up parameter `options`: command-line switches for the backend, as libpq sends them for
// its connection option of that name and for PGOPTIONS.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/models/postgres/session.hpp"

namespace atlas::sim::models::postgres::protocol {

/// Reads "-c name=value", "-cname=value" and "--name=value", separated by white space; a backslash
/// makes the next character part of the word. In "--name" a hyphen stands for an underscore.
/// Any other switch is refused, as PostgreSQL refuses those that it does not know.
Outcome<std::vector<std::pair<std::string, std::string>>> parse_startup_options(
    std::string_view options);

}  // namespace atlas::sim::models::postgres::protocol

#pragma once
// "10.0.0.7:5432", "[::1]:80": an endpoint as an operator writes it.

#include <optional>
#include <string>
#include <string_view>

#include "system/host/network.hpp"

namespace atlas::adapters {

/// Nullopt if that is no numeric address with a port.
std::optional<host::Endpoint> parse_endpoint(std::string_view text);

}  // namespace atlas::adapters

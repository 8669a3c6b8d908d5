#pragma once
// "10.0.0.7:5432", "[::1]:80": an endpoint as an operator writes it.

#include <expected>
#include <string>
#include <string_view>

#include "system/host/network.hpp"

namespace atlas::adapters {

/// Of a numeric address, and a port that may be 0. The error is a clause: "has no port".
std::expected<host::Endpoint, std::string> parse_endpoint(std::string_view text);

/// For CLI11's check(): empty when the text is such an endpoint, or what is wrong with it.
std::string check_endpoint(const std::string& text);

}  // namespace atlas::adapters

#pragma once
// Regular expressions, as far as psql writes them for the names that its commands take: characters,
// ".", brackets, groups, alternatives, "*", "+", "?", and the anchors.

#include <string_view>

#include "sim/models/postgres/failure.hpp"

namespace atlas::sim::models::postgres {

/// Whether it occurs anywhere in the text. Errors: 2201B, 0A000.
Checked<bool> matches_pattern(std::string_view text, std::string_view pattern);

}  // namespace atlas::sim::models::postgres

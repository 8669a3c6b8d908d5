#pragma once
// Where a listing goes on: opaque to clients, so that what it is made of may change.

#include <optional>
#include <string>
#include <string_view>

#include "system/domain/uuid.hpp"

namespace atlas::api {

/// For a listing by id: the last one that was shown. 24 characters that need no encoding in a URL.
std::string format_cursor(const domain::Uuid& last_shown);

/// Nothing for what format_cursor does not make.
std::optional<domain::Uuid> parse_cursor(std::string_view text);

}  // namespace atlas::api

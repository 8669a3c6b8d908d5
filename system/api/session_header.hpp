#pragma once
// The headers by which a client's requests belong together: Atlas-Consistency says how new its
// reads have to be, Atlas-Session how far its requests have seen. docs/consistency.md tells clients
// of them.

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "system/http/problem.hpp"
#include "system/sql/session.hpp"

namespace atlas::api {

/// As opaque text with a version. There is one shard, of the number 0.
std::string format_session(sql::LogPosition seen);

/// Nothing when the text is no such.
std::optional<sql::LogPosition> parse_session(std::string_view text);

/// What the request says of it; a strong session that has seen nothing when it says nothing.
std::expected<sql::Session, http::Problem> read_session(const http::Headers& headers);

}  // namespace atlas::api

#pragma once
// Moments as Atlas stores and shows them: microseconds, as PostgreSQL's timestamptz holds.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace atlas::domain {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// RFC 3339 in UTC with six decimals: "2026-11-22T10:59:45.000123Z". Years 0 to 9999.
std::string to_rfc3339(Timestamp moment);

/// RFC 3339 in UTC, and what PostgreSQL writes with TimeZone UTC ("2026-11-22 10:59:45.1+00"): up
/// to six decimals. Nothing for anything else.
std::optional<Timestamp> parse_timestamp(std::string_view text);

}  // namespace atlas::domain

#pragma once
// What a program says of itself: a level, a constant message, and typed fields. The message never
// carries data (fields do), so that logs can be searched and counted by it.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "system/host/context.hpp"

namespace atlas::host {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

std::string_view name(LogLevel level) noexcept;

struct LogField {
    std::string_view key;  ///< A literal: lower case, words joined by underscores.
    std::variant<std::int64_t, bool, std::string> value;
};

struct LogRecord {
    LogLevel level;
    std::string_view message;  ///< A literal.
    std::vector<LogField> fields = {};
    TraceId trace_id{};
};

}  // namespace atlas::host

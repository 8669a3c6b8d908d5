#pragma once
// JSON (RFC 8259) whose values know the line they stand on, so that a message about a scenario can
// point at it. Object members keep their order; a name that comes twice is an error.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "system/host/error.hpp"

namespace atlas::sim::scenario {

struct JsonValue {
    enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

    Kind kind = Kind::null;
    unsigned line = 0;  ///< From 1. Of a member, the line of its name. 0 when it was not read.
    bool boolean = false;
    std::string text = {};  ///< A string's content, or a number as it is written.
    std::vector<JsonValue> items = {};
    std::vector<std::pair<std::string, JsonValue>> members = {};

    static JsonValue of(bool value);
    static JsonValue of(std::uint64_t value);
    static JsonValue of(std::string value);
    static JsonValue array() { return {.kind = Kind::array}; }
    static JsonValue object() { return {.kind = Kind::object}; }

    /// Null when there is no such member.
    const JsonValue* find(std::string_view name) const;
    /// The member of that name, made if it is not there. Of an object.
    JsonValue& member(std::string_view name);
};

/// "true or false", "a number", "a text", ...
std::string_view name(JsonValue::Kind kind) noexcept;

/// Errors: invalid_argument, the detail begins with "line N: ". Nesting of more than 32 is refused.
host::Result<JsonValue> parse_json(std::string_view text);

/// Indented by two; what fits on a line stands on one.
std::string to_text(const JsonValue& value);

}  // namespace atlas::sim::scenario

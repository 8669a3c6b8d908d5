#pragma once
// A jsonb value taken apart: what its operators and functions work on. As a value of the model it
// is its canonical text.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace atlas::sim::models::postgres {

struct JsonValue {
    enum class Kind { null, string, number, boolean, array, object };

    Kind kind = Kind::null;
    /// Of a string its characters; of a number its digits; "true" or "false".
    std::string scalar = {};
    std::vector<JsonValue> elements = {};
    using Member = std::pair<std::string, JsonValue>;
    /// In jsonb's order: by length, then by byte.
    std::vector<Member> members = {};

    bool is_scalar() const { return kind != Kind::array && kind != Kind::object; }
    const JsonValue* find(std::string_view key) const;
    /// From the end if negative; null if there is none.
    const JsonValue* at(std::int64_t place) const;
    /// Of an object: in the place of what has that key, if there is such.
    void put(std::string key, JsonValue value);
};

/// The place in an array that a step of a path names; nullopt if it is no number.
std::optional<std::int32_t> place_of(std::string_view step);

/// Of text that canonical_json() has made.
JsonValue read_json(std::string_view canonical);
std::string write_json(const JsonValue& value);

/// As it shows as text: a string without its quotes.
std::string json_as_text(const JsonValue& value);

/// jsonb's order: object > array > boolean > number > string > null; then by size, then by what is
/// inside. Numbers by value.
std::strong_ordering compare_json(const JsonValue& left, const JsonValue& right);

/// left @> right
bool json_contains(const JsonValue& left, const JsonValue& right);

}  // namespace atlas::sim::models::postgres

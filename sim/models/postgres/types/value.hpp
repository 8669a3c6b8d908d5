#pragma once
// A value of any of the model's types. Which type it has is known from the analysed tree, so the
// value does not carry it; int2, int4, int8, oid and the time stamps share one representation.

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace atlas::sim::models::postgres {

using Uuid = std::array<std::uint8_t, 16>;

/// Kept apart, as PostgreSQL does: a month has no fixed number of days, nor a day of hours.
struct Interval {
    std::int32_t months = 0;
    std::int32_t days = 0;
    std::int64_t microseconds = 0;
};

struct Array;
class Numeric;
struct Null {
    friend constexpr bool operator==(Null, Null) = default;
};

/// bool: bool; int2, int4, int8, oid, regclass (an OID): int64; text, varchar, char(n) (with the
/// spaces that fill it), name, bytea (raw bytes), json, jsonb (canonical text), unknown: string;
/// timestamp, timestamptz: int64 microseconds since 2000-01-01; date: int64 days since then;
/// numeric: Numeric.
using Value = std::variant<Null, bool, std::int64_t, std::string, Uuid, Interval,
                           std::shared_ptr<const Array>, std::shared_ptr<const Numeric>>;

/// One-dimensional, with subscripts from 1.
struct Array {
    std::vector<Value> elements;
};

using Row = std::vector<Value>;

inline bool is_null(const Value& value) {
    return std::holds_alternative<Null>(value);
}

/// Orders two values of one type as its btree operator class does (text by byte: collation C). A
/// NULL is after all others and equal to another NULL, as in ORDER BY.
std::strong_ordering compare(const Value& left, const Value& right);

/// Lexicographic; a prefix is before what it begins.
std::strong_ordering compare(const Row& left, const Row& right);

}  // namespace atlas::sim::models::postgres

#pragma once
// A part of an index: what a scan looks at, and where an insertion would have changed what it saw.

#include <optional>

#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

struct KeyBound {
    Value value;
    bool inclusive = true;

    friend bool operator==(const KeyBound& left, const KeyBound& right) {
        return left.inclusive == right.inclusive &&
               compare(left.value, right.value) == std::strong_ordering::equal;
    }
};

/// All keys that begin with these values and whose next one, if there is a bound, is within it;
/// NULL is within none.
struct KeyRange {
    Row prefix = {};
    std::optional<KeyBound> from = {};
    std::optional<KeyBound> to = {};

    bool contains(const Row& key) const;
    /// Of a key that begins with the prefix: it is behind the last.
    bool is_before(const Row& key) const;

    friend bool operator==(const KeyRange& left, const KeyRange& right) {
        return compare(left.prefix, right.prefix) == std::strong_ordering::equal &&
               left.from == right.from && left.to == right.to;
    }
};

}  // namespace atlas::sim::models::postgres

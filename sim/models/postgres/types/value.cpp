#include "sim/models/postgres/types/value.hpp"

#include <algorithm>

#include "sim/models/postgres/types/numeric.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {
namespace {

// PostgreSQL compares intervals with 30 days a month and 24 hours a day.
__int128 length_of(const Interval& interval) {
    constexpr __int128 day = __int128{86'400'000'000};
    return (__int128{interval.months} * 30 + interval.days) * day + interval.microseconds;
}

struct CompareSameType {
    std::strong_ordering operator()(Null, Null) const { return std::strong_ordering::equal; }
    std::strong_ordering operator()(const Interval& left, const Interval& right) const {
        return length_of(left) <=> length_of(right);
    }
    std::strong_ordering operator()(const std::shared_ptr<const Array>& left,
                                    const std::shared_ptr<const Array>& right) const {
        return compare(left->elements, right->elements);
    }
    std::strong_ordering operator()(const std::shared_ptr<const Numeric>& left,
                                    const std::shared_ptr<const Numeric>& right) const {
        return *left <=> *right;
    }
    template <typename T>
    std::strong_ordering operator()(const T& left, const T& right) const {
        return left <=> right;
    }
    template <typename T, typename U>
    std::strong_ordering operator()(const T&, const U&) const {
        ATLAS_CHECK(false, "analysis lets only values of one type be compared");
    }
};

}  // namespace

std::strong_ordering compare(const Value& left, const Value& right) {
    if (is_null(left) || is_null(right)) return is_null(left) <=> is_null(right);
    // The common cases without std::visit's table.
    if (const auto* number = std::get_if<std::int64_t>(&left)) {
        if (const auto* other = std::get_if<std::int64_t>(&right)) return *number <=> *other;
    }
    return std::visit(CompareSameType{}, left, right);
}

std::strong_ordering compare(const Row& left, const Row& right) {
    const std::size_t common = std::min(left.size(), right.size());
    for (std::size_t i = 0; i < common; ++i) {
        const std::strong_ordering order = compare(left[i], right[i]);
        if (order != std::strong_ordering::equal) return order;
    }
    return left.size() <=> right.size();
}

}  // namespace atlas::sim::models::postgres

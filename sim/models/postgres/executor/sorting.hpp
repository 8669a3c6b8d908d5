#pragma once
// The order of rows by the keys of ORDER BY, and the default order of values and rows.

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "sim/models/postgres/analysis/query.hpp"
#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

struct ValueOrder {
    bool operator()(const Value& left, const Value& right) const {
        return compare(left, right) < 0;
    }
};

/// NULLs are equal to each other, as in GROUP BY and DISTINCT.
struct RowOrder {
    bool operator()(const Row& left, const Row& right) const { return compare(left, right) < 0; }
};

/// Of two rows' keys, one value for each of the sort keys.
inline std::strong_ordering compare_keys(std::span<const SortKey> order,
                                         std::span<const Value> left,
                                         std::span<const Value> right) {
    for (std::size_t i = 0; i < order.size(); ++i) {
        const bool left_null = is_null(left[i]);
        if (left_null != is_null(right[i])) {
            return left_null == order[i].nulls_first ? std::strong_ordering::less
                                                     : std::strong_ordering::greater;
        }
        const std::strong_ordering found = compare(left[i], right[i]);
        if (found == std::strong_ordering::equal) continue;
        if (!order[i].descending) return found;
        return found < 0 ? std::strong_ordering::greater : std::strong_ordering::less;
    }
    return std::strong_ordering::equal;
}

/// The places 0, 1, ... in the order of what is at them; equal ones stay as they are.
template <typename Compare>
std::vector<std::size_t> sorted_places(std::size_t count, Compare&& compare_places) {
    std::vector<std::size_t> places(count);
    std::iota(places.begin(), places.end(), std::size_t{0});
    std::ranges::sort(places, [&](std::size_t left, std::size_t right) {
        const std::strong_ordering order = compare_places(left, right);
        return order == std::strong_ordering::equal ? left < right : order < 0;
    });
    return places;
}

}  // namespace atlas::sim::models::postgres

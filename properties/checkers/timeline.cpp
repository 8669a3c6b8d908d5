#include "properties/checkers/timeline.hpp"

#include <algorithm>
#include <functional>
#include <queue>

#include "system/host/check.hpp"

namespace atlas::properties {

Timeline::Timeline(std::span<const Interval> intervals) {
    calls_.reserve(intervals.size());
    for (const Interval& interval : intervals) {
        ATLAS_CHECK(calls_.empty() || calls_.back() < interval.call,
                    "the operations of a partition are in order of their calls");
        ATLAS_CHECK(interval.call < interval.end, "an operation ends after it was called");
        if (!interval.is_open()) by_end_.push_back(static_cast<std::uint32_t>(calls_.size()));
        calls_.push_back(interval.call);
    }
    std::sort(by_end_.begin(), by_end_.end(), [&](std::uint32_t a, std::uint32_t b) {
        return intervals[a].end < intervals[b].end;
    });
    for (const std::uint32_t operation : by_end_)
        ends_.push_back(intervals[operation].end);
    assign_lanes();
}

void Timeline::assign_lanes() {
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free;
    lanes_.resize(calls_.size());
    std::size_t ended = 0;
    for (std::uint32_t operation = 0; operation < calls_.size(); ++operation) {
        for (; ended < ends_.size() && ends_[ended] < calls_[operation]; ++ended) {
            free.push(lanes_[by_end_[ended]]);
        }
        if (free.empty()) {
            lanes_[operation] = static_cast<std::uint32_t>(lane_count_++);
        } else {
            lanes_[operation] = free.top();
            free.pop();
        }
    }
}

}  // namespace atlas::properties

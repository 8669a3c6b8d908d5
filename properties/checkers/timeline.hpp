#pragma once
// The real-time order of a partition's operations, prepared for the search.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "properties/checkers/model.hpp"

namespace atlas::properties {

/// Operations are numbered in order of their calls.
class Timeline {
  public:
    /// The intervals are in order of their calls.
    explicit Timeline(std::span<const Interval> intervals);

    std::size_t size() const { return calls_.size(); }
    std::uint64_t call(std::uint32_t operation) const { return calls_[operation]; }

    /// How many operations have ended; the others are open.
    std::size_t ended() const { return by_end_.size(); }
    /// The n-th operation to end, and the line of its end.
    std::uint32_t nth_to_end(std::size_t n) const { return by_end_[n]; }
    std::uint64_t nth_end(std::size_t n) const { return ends_[n]; }

    /// A small number that no operation under way at the same time shares.
    std::uint32_t lane(std::uint32_t operation) const { return lanes_[operation]; }
    /// How many lanes there are: the greatest number of operations under way at once.
    std::size_t lanes() const { return lane_count_; }

  private:
    void assign_lanes();

    std::vector<std::uint64_t> calls_;
    std::vector<std::uint32_t> by_end_;
    std::vector<std::uint64_t> ends_;
    std::vector<std::uint32_t> lanes_;
    std::size_t lane_count_ = 0;
};

}  // namespace atlas::properties

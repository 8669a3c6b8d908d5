#pragma once
// How long things took: counted in buckets that grow with the value, so that a percentile of
// millions of them costs a few kilobytes and is wrong by less than one part in a hundred (the idea
// of HdrHistogram).

#include <cstdint>
#include <vector>

#include "system/host/time.hpp"

namespace atlas::load {

class Latencies {
  public:
    Latencies();

    /// Never negative.
    void record(host::Duration latency);

    /// What so many of a thousand took at most: 500 is the median, 999 the slowest of a thousand.
    /// Rounded up, and never above the longest; zero when nothing was recorded.
    host::Duration at_most(std::uint64_t per_thousand) const;

    host::Duration longest() const { return longest_; }
    std::uint64_t count() const { return count_; }

  private:
    std::vector<std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    host::Duration longest_{};
};

}  // namespace atlas::load

#pragma once
// What became of the latest calls: of the last so many, or of those of the last so long. The two
// windows of Resilience4j's CircuitBreaker ("Count-based sliding window", "Time-based sliding
// window"): a ring of parts and a running total, so that a look costs nothing and a record little.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "system/host/time.hpp"

namespace atlas::reliability {

struct SlidingWindowOptions {
    enum class Kind : std::uint8_t { count, time };
    Kind kind = Kind::time;
    /// By count: how many calls.
    std::size_t calls = 100;
    /// By time: how long. It moves on by tenths.
    host::Duration time = std::chrono::seconds{10};
};

struct CallCounts {
    std::uint32_t calls = 0;
    std::uint32_t failed = 0;
    std::uint32_t slow = 0;

    friend bool operator==(const CallCounts&, const CallCounts&) = default;
};

class SlidingWindow {
  public:
    explicit SlidingWindow(SlidingWindowOptions options);

    /// `now` never goes back.
    void record(host::TimePoint now, bool failed, bool slow) noexcept;
    const CallCounts& counts(host::TimePoint now) noexcept;
    void clear() noexcept;

  private:
    void move_to(host::TimePoint now) noexcept;
    void move_on() noexcept;

    std::vector<CallCounts> parts_;
    host::Duration part_time_;  ///< Zero in a window by count.
    std::size_t newest_ = 0;
    std::int64_t newest_number_ = 0;  ///< The newest part's, counted from the clock's epoch.
    CallCounts total_;
};

}  // namespace atlas::reliability

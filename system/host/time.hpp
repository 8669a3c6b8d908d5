#pragma once
// Points in time and deadlines. Integer nanoseconds everywhere; no clock can be read from here
// (the types below have no `now`): time is only ever asked of a host's Clock.

#include <chrono>
#include <compare>
#include <cstdint>

namespace atlas::host {

using Duration = std::chrono::nanoseconds;

/// Tags: which clock a point belongs to, so that the two cannot be mixed.
struct Monotonic {};
struct Utc {};

template <typename Tag>
struct BasicTimePoint {
    Duration since_epoch{};

    static constexpr BasicTimePoint max() { return {Duration::max()}; }

    friend constexpr auto operator<=>(BasicTimePoint, BasicTimePoint) = default;
    friend constexpr BasicTimePoint operator+(BasicTimePoint point, Duration step) {
        // Saturates: "now + for ever" is for ever, not a moment in the past.
        if (step > Duration::zero() && point.since_epoch > Duration::max() - step) return max();
        return {point.since_epoch + step};
    }
    friend constexpr BasicTimePoint operator-(BasicTimePoint point, Duration step) {
        return {point.since_epoch - step};
    }
    friend constexpr Duration operator-(BasicTimePoint a, BasicTimePoint b) {
        return a.since_epoch - b.since_epoch;
    }
};

/// Never goes back; its epoch means nothing outside the process.
using TimePoint = BasicTimePoint<Monotonic>;

/// Nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted. May be wrong, jump or go back.
using UtcTime = BasicTimePoint<Utc>;

/// The latest moment at which an answer is still of use.
class Deadline {
  public:
    static constexpr Deadline never() { return Deadline{TimePoint::max()}; }
    static constexpr Deadline at(TimePoint point) { return Deadline{point}; }

    constexpr TimePoint point() const { return point_; }
    constexpr bool is_never() const { return point_ == TimePoint::max(); }
    constexpr bool passed(TimePoint now) const { return now >= point_; }
    /// Never negative.
    constexpr Duration remaining(TimePoint now) const {
        if (is_never()) return Duration::max();
        return passed(now) ? Duration::zero() : point_ - now;
    }
    constexpr Deadline earlier_of(Deadline other) const {
        return point_ < other.point_ ? *this : other;
    }

    friend constexpr bool operator==(Deadline, Deadline) = default;

  private:
    constexpr explicit Deadline(TimePoint point) : point_(point) {}
    TimePoint point_;
};

}  // namespace atlas::host

#pragma once
// The clock of the real world's durations and deadlines: it goes on while the machine is suspended
// (clock_gettime(2), CLOCK_BOOTTIME). By one that stands still then, as std::chrono::steady_clock
// does, whoever holds a lease would wake up and believe that it has its whole time left.

#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>

#include "system/host/time.hpp"

namespace atlas::adapters {

struct BootClock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;

    static time_point now() noexcept;
};

/// One that is due when the machine wakes up goes off with the next event or, at the latest, when
/// it would have without the suspension.
using BootTimer = boost::asio::basic_waitable_timer<BootClock>;

inline host::TimePoint boot_now() noexcept {
    return {BootClock::now().time_since_epoch()};
}

inline BootClock::time_point to_boot_time(host::Deadline deadline) noexcept {
    return BootClock::time_point(deadline.point().since_epoch);
}

}  // namespace atlas::adapters

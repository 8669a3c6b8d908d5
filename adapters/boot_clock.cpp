#include "adapters/boot_clock.hpp"

#include <ctime>

#include "system/host/check.hpp"

namespace atlas::adapters {

BootClock::time_point BootClock::now() noexcept {
    timespec now{};
    const int read = ::clock_gettime(CLOCK_BOOTTIME, &now);
    ATLAS_CHECK(read == 0, "Linux has had CLOCK_BOOTTIME since 2.6.39");
    return time_point(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace atlas::adapters

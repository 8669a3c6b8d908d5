// That it is the clock that counts a suspension, as far as can be seen without one.

#include "adapters/boot_clock.hpp"

#include <gtest/gtest.h>

#include <ctime>

#include "adapters/asio_host.hpp"

namespace atlas::adapters {
namespace {

host::TimePoint kernel_boot_time() {
    timespec now{};
    EXPECT_EQ(::clock_gettime(CLOCK_BOOTTIME, &now), 0);
    return {std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec)};
}

TEST(BootClock, IsTheHostsClock) {
    AsioHost host({.machine_name = "test"});
    const host::TimePoint before = kernel_boot_time();
    const host::TimePoint now = host.clock().now();
    const host::TimePoint after = kernel_boot_time();
    EXPECT_LE(before, now);
    EXPECT_LE(now, after);
}

host::Task<> sleep_and_look(host::Host& host, host::Duration& slept) {
    const host::TimePoint before = host.clock().now();
    co_await host::sleep_for(host, std::chrono::milliseconds{20});
    slept = host.clock().now() - before;
}

TEST(BootClock, ItsTimersAreNeverEarly) {
    AsioHost host({.machine_name = "test"});
    host::Duration slept{};
    host.run(sleep_and_look(host, slept));
    EXPECT_GE(slept, std::chrono::milliseconds{20});
    EXPECT_LT(slept, std::chrono::seconds{10});
}

}  // namespace
}  // namespace atlas::adapters

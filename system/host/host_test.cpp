// What every host promises beside its network and its disk: sleeping, computing, random numbers.

#include "system/host/host.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <vector>

#include "properties/contracts/both_worlds.hpp"
#include "system/host/task_group.hpp"

namespace atlas::host {
namespace {

using namespace std::chrono_literals;

class HostTest : public properties::BothWorlds {};

TEST_P(HostTest, ASleepEndsAtItsMomentAndNotBefore) {
    run([](Host& host) -> Task<> {
        const TimePoint start = host.clock().now();
        co_await sleep_for(host, 3ms);
        EXPECT_GE(host.clock().now(), start + 3ms);
        co_await sleep_until(host, start);
        co_await sleep_for(host, Duration{-5});
    });
}

Task<> note_when_awake(Host& host, Duration time, std::vector<Duration>& order) {
    co_await sleep_for(host, time);
    order.push_back(time);
}

TEST_P(HostTest, SleepersWakeInTheOrderOfTheirMoments) {
    run([](Host& host) -> Task<> {
        std::vector<Duration> order;
        TaskGroup tasks(host);
        for (const Duration time : {9ms, 3ms, 6ms, 1ms})
            tasks.spawn(note_when_awake(host, time, order));
        co_await tasks.join();
        EXPECT_TRUE(std::ranges::is_sorted(order));
        EXPECT_EQ(order.size(), 4u);
    });
}

TEST_P(HostTest, AComputationGivesItsValueBack) {
    run([](Host& host) -> Task<> {
        const Result<int> sum = co_await compute(host, 1ms, [numbers = std::vector{1, 2, 3}] {
            int total = 0;
            for (const int number : numbers)
                total += number;
            return total;
        });
        EXPECT_EQ(sum, 6);
    });
}

Task<> count_computation(Host& host, int& refused, int& ran) {
    const Result<int> done = co_await compute(host, 1us, [] { return 1; });
    if (done) {
        ran += *done;
    } else {
        EXPECT_EQ(done.error().code, ErrorCode::resource_exhausted);
        ++refused;
    }
}

TEST_P(HostTest, ComputationsBeyondTheQueueAreRefusedAndNoneIsLost) {
    run([](Host& host) -> Task<> {
        constexpr int many = 20'000;
        int refused = 0;
        int ran = 0;
        TaskGroup tasks(host);
        for (int i = 0; i < many; ++i)
            tasks.spawn(count_computation(host, refused, ran));
        co_await tasks.join();
        EXPECT_EQ(refused + ran, many);
        EXPECT_GT(ran, 0);
        EXPECT_GT(refused, 0) << "a queue without a bound is a queue that kills";
    });
}

TEST_P(HostTest, ACancelledComputationHarmsNobody) {
    run([](Host& host) -> Task<> {
        int refused = 0;
        int ran = 0;
        TaskGroup tasks(host);
        for (int i = 0; i < 20; ++i)
            tasks.spawn(count_computation(host, refused, ran));
        co_await sleep_for(host, 1us);
        co_await tasks.stop();
        const Result<int> after = co_await compute(host, 1us, [] { return 7; });
        EXPECT_EQ(after, 7);
    });
}

TEST_P(HostTest, RandomSourcesOfDifferentNamesAndInstancesDiffer) {
    run([](Host& host) -> Task<> {
        std::set<std::uint64_t> draws;
        for (std::uint64_t instance = 0; instance < 50; ++instance) {
            for (const char* name : {"a", "b", "ab", ""})
                draws.insert(host.random(name, instance).next());
        }
        EXPECT_EQ(draws.size(), 200u);
        EXPECT_EQ(host.random("a", 1).next(), host.random("a", 1).next());
        co_return;
    });
}

TEST_P(HostTest, EntropyDoesNotRepeat) {
    run([](Host& host) -> Task<> {
        std::set<std::array<std::byte, 32>> seen;
        for (int i = 0; i < 100; ++i) {
            std::array<std::byte, 32> bytes{};
            host.entropy(bytes);
            seen.insert(bytes);
        }
        EXPECT_EQ(seen.size(), 100u);
        host.entropy({});
        co_return;
    });
}

Task<> park_at(Host& host, Parked& place, Deadline deadline, std::vector<Wake>& wakes) {
    const Wake wake = co_await host.park(place, deadline);
    wakes.push_back(wake);
}

TEST_P(HostTest, UnparkWakesWhoIsParkedAndNobodyElse) {
    run([](Host& host) -> Task<> {
        Parked place;
        std::vector<Wake> wakes;
        host.unpark(place);
        EXPECT_FALSE(place.is_parked());
        TaskGroup tasks(host);
        for (const Deadline deadline : {Deadline::never(), deadline_after(host, 1h)}) {
            tasks.spawn(park_at(host, place, deadline, wakes));
            co_await sleep_for(host, 1us);
            EXPECT_TRUE(place.is_parked());
            host.unpark(place);
            host.unpark(place);
            EXPECT_FALSE(place.is_parked()) << "the place is free as soon as its task is woken";
            co_await tasks.join();
        }
        EXPECT_EQ(wakes, std::vector<Wake>(2, Wake::notified));
    });
}

ATLAS_IN_BOTH_WORLDS(HostTest);

}  // namespace
}  // namespace atlas::host

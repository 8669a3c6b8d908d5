#include "system/reliability/bulkhead.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "sim/kernel/isolated_host.hpp"

namespace atlas::reliability {
namespace {

using host::ErrorCode;
using host::Task;
using namespace std::chrono_literals;

/// A bulkhead, and what became of those who came to it.
struct World {
    explicit World(BulkheadOptions options) : bulkhead(process.host(), options) {}

    host::TimePoint now() { return process.host().clock().now(); }

    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    Bulkhead bulkhead;
    std::size_t inside = 0;
    std::size_t most_inside = 0;
    std::size_t entered = 0;
    std::map<ErrorCode, std::size_t> failed;
    std::vector<host::Duration> waits;  ///< Of those who entered, in that order.
};

/// Comes at a moment, waits at most for `patience`, stays for a time.
struct Visit {
    host::Duration arrival;
    host::Duration patience;
    host::Duration stay;
};

Task<> visit(World& world, Visit plan) {
    host::Host& host = world.process.host();
    co_await host::sleep_until(host, host::TimePoint{plan.arrival});
    const host::TimePoint came = world.now();
    const host::Result<Bulkhead::Permit> permit =
        co_await world.bulkhead.enter(host::deadline_after(host, plan.patience));
    const host::Duration waited = world.now() - came;
    EXPECT_LE(waited, plan.patience);
    if (!permit) {
        ++world.failed[permit.error().code];
        EXPECT_EQ(permit.error().certainty, host::Certainty::definite);
        co_return;
    }
    ++world.entered;
    world.waits.push_back(waited);
    world.most_inside = std::max(world.most_inside, ++world.inside);
    co_await host::sleep_for(host, plan.stay);
    --world.inside;
}

void run(World& world, const std::vector<Visit>& visits) {
    for (const Visit& each : visits)
        world.process.tasks().spawn(visit(world, each));
    world.kernel.run_until(host::TimePoint{24h});
    EXPECT_EQ(world.process.tasks().size(), 0u);
}

RC_GTEST_PROP(Bulkhead, KeepsItsLimitsAndLosesNobody, ()) {
    BulkheadOptions options;
    options.at_once = *rc::gen::inRange<std::size_t>(1, 5);
    options.waiting = *rc::gen::inRange<std::size_t>(0, 10);
    options.delay.target = std::chrono::milliseconds(*rc::gen::inRange(1, 50));
    options.delay.interval = options.delay.target * *rc::gen::inRange(1, 20);
    std::vector<Visit> visits;
    const auto count = *rc::gen::inRange(0, 60);
    for (int i = 0; i < count; ++i) {
        const auto arrival = std::chrono::milliseconds(*rc::gen::inRange(0, 500));
        const auto patience = std::chrono::milliseconds(*rc::gen::inRange(1, 500));
        const auto stay = std::chrono::milliseconds(*rc::gen::inRange(0, 200));
        visits.push_back({arrival, patience, stay});
    }
    World world(options);
    run(world, visits);

    RC_ASSERT(world.most_inside <= options.at_once);
    RC_ASSERT(world.bulkhead.inside() == 0u);
    RC_ASSERT(world.bulkhead.waiting() == 0u);
    for (const host::Duration wait : world.waits)
        RC_ASSERT(wait <= options.delay.interval);
    const BulkheadCounters& counters = world.bulkhead.counters();
    RC_ASSERT(counters.entered == world.entered);
    RC_ASSERT(counters.turned_away + counters.shed == world.failed[ErrorCode::resource_exhausted]);
    RC_ASSERT(counters.out_of_time == world.failed[ErrorCode::deadline_exceeded]);
    RC_ASSERT(counters.entered + counters.turned_away + counters.shed + counters.out_of_time ==
              visits.size());
}

constexpr ControlledDelayOptions delay{.target = 10ms, .interval = 100ms};

TEST(Bulkhead, ABurstMayWaitForAnInterval) {
    World world({.at_once = 1, .waiting = 100, .delay = delay});
    // Nine times ten milliseconds: the last of them waits for ninety, and that is no reason to go.
    run(world, std::vector<Visit>(10, {1s, 10s, 10ms}));
    EXPECT_EQ(world.entered, 10u);
}

/// Five times as many as there is room for, for five seconds: each stays ten milliseconds.
std::vector<Visit> overload() {
    std::vector<Visit> visits;
    for (int i = 0; i < 2500; ++i)
        visits.push_back({1s + i * 2ms, 10s, 10ms});
    return visits;
}

TEST(Bulkhead, AStandingLineShedsSoonAndThroughputStays) {
    World world({.at_once = 1, .waiting = 1000, .delay = delay});
    run(world, overload());
    // The room is hardly ever idle meanwhile: five seconds hold five hundred stays.
    EXPECT_GE(world.entered, 495u);
    EXPECT_EQ(world.failed.size(), 1u);
    EXPECT_EQ(world.failed[ErrorCode::resource_exhausted], 2500 - world.entered);
    // Once the line is known to stand, nobody is served late.
    for (std::size_t i = world.waits.size() / 2; i < world.waits.size(); ++i)
        EXPECT_LE(world.waits[i], 10ms);
}

TEST(Bulkhead, AfterAPauseTheLineIsGoodAgain) {
    World world({.at_once = 1, .waiting = 1000, .delay = delay});
    std::vector<Visit> visits = overload();
    for (int i = 0; i < 10; ++i)
        visits.push_back({10s, 10s, 10ms});
    run(world, visits);
    EXPECT_EQ(*std::max_element(world.waits.end() - 10, world.waits.end()), 90ms);
}

TEST(Bulkhead, SaysWhoseTimeWasUp) {
    World world({.at_once = 1, .waiting = 1, .delay = delay});
    run(world, {{0s, 10s, 10s}, {1s, 50ms, 0s}, {2s, 10s, 0s}, {3s, 10s, 0s}, {3s, 10s, 0s}});
    const BulkheadCounters& counters = world.bulkhead.counters();
    EXPECT_EQ(counters.entered, 1u);
    EXPECT_EQ(counters.out_of_time, 1u);
    EXPECT_EQ(counters.shed, 2u);
    EXPECT_EQ(counters.turned_away, 1u);
}

TEST(Bulkhead, WhoIsCancelledInTheLineTakesNothingWithHim) {
    World world({.at_once = 1, .waiting = 10, .delay = delay});
    const auto body = [](World& w) -> Task<> {
        host::TaskGroup waiting(w.process.host());
        const host::Result<Bulkhead::Permit> held =
            co_await w.bulkhead.enter(host::Deadline::never());
        EXPECT_TRUE(held);
        for (int i = 0; i < 5; ++i)
            waiting.spawn(visit(w, {0s, 10s, 1s}));
        co_await host::sleep_for(w.process.host(), 1ms);
        EXPECT_EQ(w.bulkhead.waiting(), 5u);
        co_await waiting.stop();
        EXPECT_EQ(w.bulkhead.waiting(), 0u);
    };
    world.process.tasks().spawn(body(world));
    world.kernel.run_until(host::TimePoint{1h});
    EXPECT_EQ(world.bulkhead.inside(), 0u);
}

}  // namespace
}  // namespace atlas::reliability

#include "system/reliability/circuit_breaker.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <vector>

#include "sim/kernel/isolated_host.hpp"

namespace atlas::reliability {
namespace {

using namespace std::chrono_literals;
using Call = CircuitBreaker::Call;
using Kind = SlidingWindowOptions::Kind;

/// A breaker and the virtual time that it reads.
struct World {
    explicit World(CircuitBreakerOptions options) : breaker(process.host().clock(), options) {}

    void pass(host::Duration time) {
        now = now + time;
        kernel.run_until(now);
    }
    void call(bool fails, host::Duration took = 0s) {
        std::optional<Call> admitted = breaker.admit();
        if (!admitted) return;
        fails ? admitted->failed(took) : admitted->succeeded(took);
    }
    void calls(int count, bool fails, host::Duration took = 0s) {
        for (int i = 0; i < count; ++i)
            call(fails, took);
    }

    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    host::TimePoint now{};
    CircuitBreaker breaker;
};

CircuitBreakerOptions by_count(std::size_t calls, std::uint32_t minimum) {
    return {.window = {.kind = Kind::count, .calls = calls},
            .minimum_calls = minimum,
            .open_time = 5s,
            .probes = 2};
}

TEST(CircuitBreaker, OpensAtItsThresholdAndNotWithoutEvidence) {
    World world(by_count(10, 4));
    world.calls(3, true);
    EXPECT_EQ(world.breaker.state(), CircuitState::closed);
    world.call(false);
    EXPECT_EQ(world.breaker.state(), CircuitState::open);

    World healthy(by_count(10, 4));
    healthy.calls(6, false);
    healthy.calls(4, true);
    EXPECT_EQ(healthy.breaker.state(), CircuitState::closed);
    // The first success has left the window.
    healthy.call(true);
    EXPECT_EQ(healthy.breaker.state(), CircuitState::open);
}

TEST(CircuitBreaker, OpensForSlowCallsThoughTheySucceed) {
    World world(by_count(10, 5));
    world.calls(1, false, 1999ms);
    world.calls(3, false, 2s);
    EXPECT_EQ(world.breaker.state(), CircuitState::closed);
    world.call(false, 2s);
    EXPECT_EQ(world.breaker.state(), CircuitState::open);
    EXPECT_EQ(world.breaker.counters().slow, 4u);
    EXPECT_EQ(world.breaker.counters().failed, 0u);
}

TEST(CircuitBreaker, ByTimeForgetsWhatIsLongAgo) {
    World world({.window = {.kind = Kind::time, .time = 10s}, .minimum_calls = 4});
    world.calls(3, true);
    world.pass(10s);
    world.calls(3, true);
    EXPECT_EQ(world.breaker.state(), CircuitState::closed);
    world.call(true);
    EXPECT_EQ(world.breaker.state(), CircuitState::open);
}

TEST(CircuitBreaker, OpenRefusesForItsTimeThenLetsOnlyProbesIn) {
    World world(by_count(10, 1));
    world.call(true);
    world.pass(5s - 1ns);
    EXPECT_FALSE(world.breaker.admit());
    world.pass(1ns);
    {
        std::optional<Call> first = world.breaker.admit();
        std::optional<Call> second = world.breaker.admit();
        EXPECT_TRUE(first && second);
        EXPECT_FALSE(world.breaker.admit());
        EXPECT_TRUE(world.breaker.refuses());
        EXPECT_EQ(world.breaker.state(), CircuitState::half_open);
        first->succeeded(0s);
        second->succeeded(0s);
    }
    EXPECT_EQ(world.breaker.state(), CircuitState::closed);
}

TEST(CircuitBreaker, OneFailedProbeOfTwoOpensItAgain) {
    World world(by_count(10, 1));
    world.call(true);
    world.pass(5s);
    world.call(true);
    EXPECT_EQ(world.breaker.state(), CircuitState::open);
    EXPECT_FALSE(world.breaker.admit());
    world.pass(5s);
    world.calls(2, false);
    EXPECT_EQ(world.breaker.state(), CircuitState::closed);
    EXPECT_EQ(world.breaker.counters().probed, 2u);
}

TEST(CircuitBreaker, AProbeThatToldNothingGivesItsPlaceBack) {
    World world(by_count(10, 1));
    world.call(true);
    world.pass(5s);
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(world.breaker.admit());
    EXPECT_EQ(world.breaker.state(), CircuitState::half_open);
    EXPECT_EQ(world.breaker.counters().ignored, 10u);
}

TEST(CircuitBreaker, CallsOfAnEarlierStateDecideNothing) {
    World world(by_count(10, 1));
    std::vector<Call> late;
    for (int i = 0; i < 5; ++i)
        late.push_back(std::move(*world.breaker.admit()));
    world.call(true);
    world.pass(5s);
    std::optional<Call> probe = world.breaker.admit();
    ASSERT_TRUE(probe);
    for (Call& call : late)
        call.failed(0s);
    late.clear();
    EXPECT_EQ(world.breaker.state(), CircuitState::half_open);
    EXPECT_EQ(world.breaker.counters().outdated, 5u);
}

TEST(CircuitBreaker, TheWorstPartOfACallIsItsOutcome) {
    World world(by_count(10, 1));
    {
        std::optional<Call> call = world.breaker.admit();
        call->succeeded(3s);
        call->failed(1s);
        call->succeeded(0s);
        const Call moved = std::move(*call);
    }
    EXPECT_EQ(world.breaker.counters().failed, 1u);
    EXPECT_EQ(world.breaker.counters().slow, 1u);
    EXPECT_EQ(world.breaker.counters().succeeded, 0u);
}

CircuitBreakerOptions any_options() {
    CircuitBreakerOptions options;
    options.window.kind = *rc::gen::element(Kind::count, Kind::time);
    options.window.calls = *rc::gen::inRange(1u, 30u);
    options.window.time = std::chrono::milliseconds(*rc::gen::inRange(10, 5000));
    options.minimum_calls = *rc::gen::inRange(1u, 30u);
    if (options.window.kind == Kind::count && options.minimum_calls > options.window.calls) {
        options.minimum_calls = static_cast<std::uint32_t>(options.window.calls);
    }
    options.failures_per_thousand = *rc::gen::inRange(1u, 1001u);
    options.slow_per_thousand = *rc::gen::inRange(1u, 1001u);
    options.open_time = std::chrono::milliseconds(*rc::gen::inRange(1, 3000));
    options.probes = *rc::gen::inRange(1u, 5u);
    return options;
}

// Offered without end, a dead server gets what it takes to notice, then its probes: whoever calls,
// however calls overlap.
RC_GTEST_PROP(CircuitBreaker, OffersADeadServerBoundedWork, ()) {
    World world(any_options());
    const CircuitBreakerOptions& options = world.breaker.options();
    const auto at_once = *rc::gen::inRange<std::size_t>(1, 10);
    std::deque<Call> under_way;
    std::uint64_t admitted = 0;
    for (int step = 0; step < 500; ++step) {
        world.pass(std::chrono::milliseconds(*rc::gen::inRange(0, 20)));
        if (std::optional<Call> call = world.breaker.admit()) {
            ++admitted;
            under_way.push_back(std::move(*call));
        }
        if (under_way.size() < at_once && *rc::gen::inRange(0, 4) != 0) continue;
        if (under_way.empty()) continue;
        under_way.front().failed(1ms);
        under_way.pop_front();
    }
    const CircuitBreakerCounters& counters = world.breaker.counters();
    const auto most_probed = world.now.since_epoch / options.open_time;
    RC_ASSERT(counters.probed <= static_cast<std::uint64_t>(most_probed));
    if (counters.opened == 0) return;
    // Before it first opened: no more than one could count, and those under way beside them. A
    // window by time may lose calls while it waits for its minimum, so only one by count is
    // bounded.
    if (options.window.kind == Kind::time) return;
    RC_ASSERT(admitted <= options.minimum_calls + at_once + counters.probed * options.probes);
}

// Whatever happens to it, its parts agree.
RC_GTEST_PROP(CircuitBreaker, CountsEveryCallOnceAndNeverLosesAProbe, ()) {
    World world(any_options());
    std::deque<Call> under_way;
    std::uint64_t admitted = 0;
    std::uint64_t refused = 0;
    const auto steps =
        *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
    for (const std::uint8_t step : steps) {
        if (step % 4 == 0) world.pass(std::chrono::milliseconds(step * 4));
        if (step % 4 == 1 && !under_way.empty()) {
            if (step % 3 == 0) under_way.front().failed(std::chrono::milliseconds(step * 20));
            if (step % 3 == 1) under_way.front().succeeded(std::chrono::milliseconds(step * 20));
            under_way.pop_front();
        }
        if (step % 4 >= 2) {
            std::optional<Call> call = world.breaker.admit();
            ++(call ? admitted : refused);
            if (call) under_way.push_back(std::move(*call));
        }
    }
    under_way.clear();
    const CircuitBreakerCounters& counters = world.breaker.counters();
    RC_ASSERT(counters.succeeded + counters.failed + counters.ignored == admitted);
    RC_ASSERT(counters.refused == refused);
    // Nobody is under way: after its open time at the latest it lets somebody in.
    world.pass(world.breaker.options().open_time);
    RC_ASSERT(world.breaker.admit().has_value());
}

}  // namespace
}  // namespace atlas::reliability

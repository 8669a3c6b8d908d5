// The pool as the guard of its server: what a dead one is offered, and who is told so at once.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sim/kernel/isolated_host.hpp"
#include "system/sql/fake_driver.hpp"
#include "system/sql/pool.hpp"

namespace atlas::sql {
namespace {

using host::Task;
using reliability::CircuitState;
using namespace std::chrono_literals;

constexpr Statement some{"some", "SELECT 1"};

/// Callers that come all the time, each with one statement, and what became of them.
struct World {
    explicit World(PoolOptions options) : pool(process.host(), driver, std::move(options)) {}
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    /// The pool outlives its leases.
    ~World() {
        kernel.run_until(kernel.now() + 1min);
        EXPECT_EQ(process.tasks().size(), 0u);
    }

    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    FakeServer server;
    FakeDriver driver{process.host(), server};
    Pool pool;
    std::size_t answered = 0;
    std::size_t turned_away = 0;
    host::Duration longest_refusal{};
};

Task<> call(World& world, host::Duration time) {
    host::Host& host = world.process.host();
    const host::TimePoint came = host.clock().now();
    const host::Context context{.deadline = host::deadline_after(host, time)};
    Result<Lease> lease = co_await world.pool.acquire(context);
    if (!lease) {
        if (lease.error().kind != ErrorKind::turned_away) co_return;
        ++world.turned_away;
        world.longest_refusal = std::max(world.longest_refusal, host.clock().now() - came);
        co_return;
    }
    const Result<QueryResult> result = co_await lease->execute(context, some, {});
    if (result) ++world.answered;
}

Task<> keep_calling(World& world, host::Duration every, host::Duration time) {
    host::TaskGroup callers(world.process.host());
    const host::TimePoint end = world.process.host().clock().now() + time;
    while (world.process.host().clock().now() < end) {
        callers.spawn(call(world, 4s));
        co_await host::sleep_for(world.process.host(), every);
    }
    co_await callers.join();
}

void run(World& world, host::Duration every, host::Duration time) {
    world.process.tasks().spawn(keep_calling(world, every, time));
    world.kernel.run_until(world.process.host().clock().now() + time);
}

enum class Death : std::uint8_t { refuses, hangs, drops_connections, is_in_trouble };

void die(FakeServer& server, Death death) {
    if (death == Death::hangs) server.latency = 1h;
    server.fail = [death](const std::string& asked) -> std::optional<Error> {
        if (death == Death::refuses) return Error{.kind = ErrorKind::cannot_connect};
        if (death == Death::hangs || asked == "connect") return std::nullopt;
        if (death == Death::drops_connections) return Error{.kind = ErrorKind::connection_lost};
        return Error{.kind = ErrorKind::server, .sqlstate = "53100"};
    };
}

void recover(FakeServer& server) {
    server.latency = 1ms;
    server.fail = {};
}

RC_GTEST_PROP(PoolGuard, OffersADeadServerBoundedWorkAndComesBack, ()) {
    const Death death = *rc::gen::element(Death::refuses, Death::hangs, Death::drops_connections,
                                          Death::is_in_trouble);
    const host::Duration every = std::chrono::milliseconds(*rc::gen::inRange(5, 100));
    PoolOptions options;
    options.size = *rc::gen::inRange<std::size_t>(3, 12);
    options.breaker = {.minimum_calls = 3};
    World world(options);
    run(world, every, 5s);
    RC_ASSERT(world.pool.breaker().state() == CircuitState::closed);

    die(world.server, death);
    run(world, every, 30s);
    // By now it is known; from here on there are probes alone, each of three requests at most.
    RC_ASSERT(world.pool.breaker().counters().opened >= 1u);
    const std::size_t asked_before = world.server.asked.size();
    const std::uint64_t probed_before = world.pool.breaker().counters().probed;
    run(world, every, 60s);
    const std::uint64_t probed = world.pool.breaker().counters().probed - probed_before;
    const std::size_t asked = world.server.asked.size() - asked_before;
    const auto open_times = static_cast<std::uint64_t>(60s / options.breaker.open_time);
    RC_ASSERT(probed <= open_times + 1);
    RC_ASSERT(asked <= (probed + 1) * options.breaker.probes * 3);
    RC_ASSERT(world.longest_refusal <= options.delay.interval);

    recover(world.server);
    run(world, every, 15s);
    RC_ASSERT(world.pool.breaker().state() == CircuitState::closed);
    const std::size_t answered_before = world.answered;
    const std::size_t turned_away_before = world.turned_away;
    run(world, every, 10s);
    RC_ASSERT(world.turned_away == turned_away_before);
    RC_ASSERT(world.answered - answered_before >= static_cast<std::size_t>(9s / every));
}

TEST(PoolGuard, ACallersOwnErrorsOpenNothing) {
    World world({.target = {}, .breaker = {.minimum_calls = 1, .failures_per_thousand = 1}});
    world.server.fail = [](const std::string& asked) -> std::optional<Error> {
        if (asked != "execute some") return std::nullopt;
        return Error{.kind = ErrorKind::server, .sqlstate = "23505"};
    };
    run(world, 10ms, 10s);
    EXPECT_EQ(world.pool.breaker().state(), CircuitState::closed);
    EXPECT_EQ(world.pool.breaker().counters().failed, 0u);
    EXPECT_GT(world.pool.breaker().counters().succeeded, 900u);
}

Task<> call_at_once(World& world, std::size_t callers, host::Duration time) {
    host::TaskGroup group(world.process.host());
    for (std::size_t i = 0; i < callers; ++i)
        group.spawn(call(world, time));
    co_await group.join();
}

TEST(PoolGuard, CallersInAHurryAreNoEvidence) {
    // One attempt has failed; who has no time for the next adds nothing to that.
    World world(
        {.target = {}, .breaker = {.minimum_calls = 2}, .reconnect = {.base = 1h, .cap = 1h}});
    world.server.fail = [](const std::string&) { return Error{.kind = ErrorKind::cannot_connect}; };
    world.process.tasks().spawn(call_at_once(world, 1, 1s));
    world.kernel.run_until(host::TimePoint{1s});
    for (int i = 0; i < 20; ++i)
        world.process.tasks().spawn(call_at_once(world, 1, 10ms));
    world.kernel.run_until(host::TimePoint{5s});
    EXPECT_EQ(world.pool.breaker().counters().failed, 1u);
    EXPECT_EQ(world.pool.breaker().counters().ignored, 20u);
    EXPECT_EQ(world.pool.breaker().state(), CircuitState::closed);
    EXPECT_EQ(world.turned_away, 0u);
}

TEST(PoolGuard, WhoWaitedAsLongAsASlowCallTakesIsEvidence) {
    // Each waits for the attempt of the first, which hangs, to his own deadline.
    World world({.target = {}, .breaker = {.minimum_calls = 100}, .connect_timeout = 1h});
    world.server.fail = [](const std::string&) { return Error{.kind = ErrorKind::cannot_connect}; };
    world.process.tasks().spawn(call_at_once(world, 1, 1ms * 5));
    world.kernel.run_until(host::TimePoint{4s});
    EXPECT_EQ(world.pool.breaker().counters().failed, 1u);
    world.server.latency = 1h;
    world.process.tasks().spawn(call_at_once(world, 4, 3s));
    world.kernel.run_until(host::TimePoint{8s});
    EXPECT_EQ(world.pool.breaker().counters().failed, 5u);
}

TEST(PoolGuard, ACrawlingServerIsLeftInPeaceThoughItAnswers) {
    World world({.target = {}, .breaker = {.minimum_calls = 5}});
    run(world, 50ms, 5s);
    world.server.latency = 2500ms;
    run(world, 50ms, 60s);
    EXPECT_GE(world.pool.breaker().counters().opened, 1u);
    EXPECT_GT(world.pool.breaker().counters().slow, 0u);
    EXPECT_GT(world.turned_away, 500u);
}

TEST(PoolGuard, NobodyStandsInLineForAServerThatIsNotToBeAsked) {
    // Probes that hang take all places: who comes then would stand in line, but for the circuit.
    World world({.target = {}, .size = 2, .breaker = {.minimum_calls = 2, .probes = 2}});
    run(world, 50ms, 1s);
    die(world.server, Death::hangs);
    run(world, 50ms, 10s);
    EXPECT_GE(world.pool.breaker().counters().opened, 1u);
    world.longest_refusal = {};
    const std::size_t turned_away_before = world.turned_away;
    run(world, 50ms, 20s);
    EXPECT_GT(world.turned_away - turned_away_before, 300u);
    EXPECT_EQ(world.longest_refusal, 0s);
}

TEST(PoolGuard, WhatTheCircuitDoesIsLogged) {
    World world({.target = {}, .breaker = {.minimum_calls = 5}});
    std::vector<std::string> states;
    world.process.hooks().log_level = host::LogLevel::info;
    world.process.hooks().on_log = [&](const sim::kernel::Process&, const host::LogRecord& record) {
        states.push_back(std::get<std::string>(record.fields.at(0).value));
    };
    die(world.server, Death::drops_connections);
    run(world, 100ms, 3s);
    recover(world.server);
    run(world, 100ms, 5s);
    ASSERT_GE(states.size(), 2u);
    EXPECT_EQ(states.front(), "open");
    EXPECT_EQ(states.back(), "closed");
}

}  // namespace
}  // namespace atlas::sql

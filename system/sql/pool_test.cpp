#include "system/sql/pool.hpp"

#include <gtest/gtest.h>

#include "sim/kernel/isolated_host.hpp"
#include "system/sql/fake_driver.hpp"

namespace atlas::sql {
namespace {

using host::Host;
using host::Task;
using namespace std::chrono_literals;

constexpr Statement some{"some", "SELECT 1"};

/// For tests of what the pool does by itself: nobody has waited too long, and no circuit opens.
constexpr reliability::ControlledDelayOptions unhurried{.target = 1h, .interval = 1h};
constexpr reliability::CircuitBreakerOptions never_opens{.minimum_calls = 1'000'000};

/// A pool over a fake server, in a process that is alone in its world.
struct World {
    explicit World(PoolOptions options = {.target = {},
                                          .size = 2,
                                          .waiting = 2,
                                          .delay = unhurried,
                                          .breaker = never_opens})
        : driver(process.host(), server), pool(process.host(), driver, options) {}

    Host& host() { return process.host(); }
    host::Context within(host::Duration time) {
        return {.deadline = host::deadline_after(host(), time)};
    }

    template <typename... Arguments>
    void run(Task<> (*body)(World&, Arguments...), Arguments... arguments) {
        process.tasks().spawn(body(*this, arguments...));
        kernel.run_until(host::TimePoint{24h});
        EXPECT_EQ(process.tasks().size(), 0u);
    }

    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    FakeServer server;
    FakeDriver driver;
    Pool pool;
};

Task<> hold(World& world, host::Duration time, int& served) {
    Result<Lease> lease = co_await world.pool.acquire(world.within(10s));
    if (!lease) co_return;
    ++served;
    co_await host::sleep_for(world.host(), time);
}

TEST(Pool, IsBoundedAndItsLineIsToo) {
    World world;
    world.run(+[](World& w) -> Task<> {
        int served = 0;
        host::TaskGroup group(w.host());
        for (int i = 0; i < 5; ++i)
            group.spawn(hold(w, 1s, served));
        co_await host::sleep_for(w.host(), 500ms);
        // Two hold, two wait, one was turned away.
        EXPECT_EQ(served, 2);
        EXPECT_EQ(group.size(), 4u);
        EXPECT_EQ(w.pool.waiting(), 2u);
        co_await group.join();
        EXPECT_EQ(served, 4);
        EXPECT_EQ(w.server.most_open, 2u);
        EXPECT_EQ(w.pool.idle(), 2u);
        EXPECT_EQ(w.pool.leased(), 0u);
    });
}

TEST(Pool, WaitsForAConnectionOnlyUntilTheDeadline) {
    World world({.target = {}, .size = 1});
    world.run(+[](World& w) -> Task<> {
        const Result<Lease> held = co_await w.pool.acquire(w.within(1s));
        EXPECT_TRUE(held);
        const host::TimePoint start = w.host().clock().now();
        const Result<Lease> late = co_await w.pool.acquire(w.within(300ms));
        EXPECT_FALSE(late);
        // The server was not asked, so nothing is to be held against it.
        if (!late) EXPECT_EQ(late.error().kind, ErrorKind::turned_away);
        EXPECT_EQ(w.host().clock().now() - start, 300ms);
    });
}

TEST(Pool, SetsTheTimeoutsOfEverySession) {
    World world;
    world.run(+[](World& w) -> Task<> {
        (void)co_await w.pool.acquire(w.within(1s));
        using Setting = std::pair<std::string, std::string>;
        EXPECT_EQ(w.driver.last_target.session_settings,
                  (std::vector<Setting>{{"statement_timeout", "3000"},
                                        {"lock_timeout", "1500"},
                                        {"idle_in_transaction_session_timeout", "5000"}}));
    });
}

TEST(Pool, ALockIsWaitedForNoLongerThanMakesASlowCall) {
    const auto lock_timeout = [](std::chrono::milliseconds set, host::Duration slow_call) {
        World world({.target = {}, .breaker = {.slow_call = slow_call}, .lock_timeout = set});
        return world.pool.options().lock_timeout;
    };
    EXPECT_LT(PoolOptions{}.lock_timeout, PoolOptions{}.breaker.slow_call);
    EXPECT_EQ(lock_timeout(1500ms, 2s), 1500ms);
    EXPECT_EQ(lock_timeout(3000ms, 2s), 1500ms);
    EXPECT_EQ(lock_timeout(0ms, 2s), 1500ms);
    EXPECT_EQ(lock_timeout(1500ms, 400ms), 300ms);
    EXPECT_EQ(lock_timeout(1500ms, 1ms), 1ms);
}

TEST(Pool, PreparesAStatementOnceForEachConnection) {
    World world({.target = {}, .size = 1, .statements = 2});
    world.run(+[](World& w) -> Task<> {
        Result<Lease> lease = co_await w.pool.acquire(w.within(1s));
        for (const char* name : {"a", "b", "a", "c", "a", "b"}) {
            (void)co_await lease->execute(w.within(1s), {name, "SELECT 1"}, {});
        }
        EXPECT_EQ(w.server.asked, (std::vector<std::string>{
                                      "connect", "prepare a", "execute a", "prepare b", "execute b",
                                      "execute a", "deallocate b", "prepare c", "execute c",
                                      "execute a", "deallocate c", "prepare b", "execute b"}));
    });
}

TEST(Pool, DropsAConnectionThatIsNotClean) {
    World world;
    world.run(+[](World& w) -> Task<> {
        {
            Result<Lease> lease = co_await w.pool.acquire(w.within(1s));
            (void)co_await lease->query(w.within(1s), "BEGIN");
        }
        EXPECT_EQ(w.pool.idle(), 0u);
        {
            Result<Lease> lease = co_await w.pool.acquire(w.within(1s));
            w.server.fail = [](const std::string&) {
                return Error{.kind = ErrorKind::connection_lost};
            };
            (void)co_await lease->execute(w.within(1s), some, {});
            w.server.fail = {};
        }
        EXPECT_EQ(w.pool.idle(), 0u);
        EXPECT_EQ(w.server.open, 0u);
    });
}

Task<> query_once(World& world) {
    Result<Lease> lease = co_await world.pool.acquire(world.within(10s));
    (void)co_await lease->execute(world.within(10s), some, {});
}

TEST(Pool, DropsAConnectionWhoseTaskWasCancelledInMidOperation) {
    World world;
    world.server.latency = 1s;
    world.run(+[](World& w) -> Task<> {
        host::TaskGroup group(w.host());
        group.spawn(query_once(w));
        co_await host::sleep_for(w.host(), 1500ms);  // Connected, and preparing.
        co_await group.stop();
        EXPECT_EQ(w.server.asked.back(), "prepare some");
        EXPECT_EQ(w.server.open, 0u);
        EXPECT_EQ(w.pool.leased(), 0u);
    });
}

TEST(Pool, ReplacesAConnectionAtTheEndOfItsLife) {
    World world({.target = {}, .max_lifetime = 60s});
    world.run(+[](World& w) -> Task<> {
        (void)co_await w.pool.acquire(w.within(1s));
        co_await host::sleep_for(w.host(), 40s);
        (void)co_await w.pool.acquire(w.within(1s));
        EXPECT_EQ(w.server.count("connect"), 1u);
        co_await host::sleep_for(w.host(), 30s);
        (void)co_await w.pool.acquire(w.within(1s));
        EXPECT_EQ(w.server.count("connect"), 2u);
        EXPECT_EQ(w.server.open, 1u);
    });
}

TEST(Pool, SpacesItsAttemptsWhileTheServerIsDown) {
    World world;
    world.server.fail = [](const std::string&) { return Error{.kind = ErrorKind::cannot_connect}; };
    world.run(+[](World& w) -> Task<> {
        const host::TimePoint start = w.host().clock().now();
        while (w.host().clock().now() - start < 60s) {
            const Result<Lease> lease = co_await w.pool.acquire(w.within(5s));
            EXPECT_FALSE(lease);
        }
        // Waits drawn from up to two seconds: about one attempt a second, not a thousand.
        EXPECT_LT(w.server.count("connect"), 120u);
        EXPECT_GT(w.server.count("connect"), 30u);
        w.server.fail = {};
        const Result<Lease> lease = co_await w.pool.acquire(w.within(5s));
        EXPECT_TRUE(lease);
    });
}

TEST(Pool, OneDeadIdleConnectionCondemnsTheOthers) {
    World world;
    world.run(+[](World& w) -> Task<> {
        {
            const Result<Lease> a = co_await w.pool.acquire(w.within(1s));
            const Result<Lease> b = co_await w.pool.acquire(w.within(1s));
        }
        EXPECT_EQ(w.pool.idle(), 2u);
        Result<Lease> lease = co_await w.pool.acquire(w.within(1s));
        w.server.fail = [](const std::string&) {
            return Error{.kind = ErrorKind::connection_lost};
        };
        (void)co_await lease->execute(w.within(1s), some, {});
        w.server.fail = {};
        EXPECT_EQ(w.pool.idle(), 0u);
    });
}

TEST(Pool, AnIdleConnectionThatTheServerEndedCondemnsTheOthersToo) {
    World world;
    world.run(+[](World& w) -> Task<> {
        const auto fail_with = [](World& on, Error error) -> Task<> {
            {
                const Result<Lease> a = co_await on.pool.acquire(on.within(1s));
                const Result<Lease> b = co_await on.pool.acquire(on.within(1s));
            }
            EXPECT_EQ(on.pool.idle(), 2u);
            on.server.fail = [error](const std::string&) { return error; };
            Result<Lease> lease = co_await on.pool.acquire(on.within(1s));
            (void)co_await lease->execute(on.within(1s), some, {});
            on.server.fail = {};
        };
        co_await fail_with(w, {.kind = ErrorKind::server, .sqlstate = "57P01", .fatal = true});
        EXPECT_EQ(w.pool.idle(), 0u);
        // That the caller had no time left says nothing about the server.
        co_await fail_with(w, {.kind = ErrorKind::deadline_exceeded});
        EXPECT_EQ(w.pool.idle(), 1u);
    });
}

TEST(Pool, ACallerWithoutTimeDoesNotCountForTheBackOff) {
    World world;
    world.server.latency = 100ms;
    world.run(+[](World& w) -> Task<> {
        for (int i = 0; i < 20; ++i) {
            const Result<Lease> hasty = co_await w.pool.acquire(w.within(10ms));
            EXPECT_FALSE(hasty);
        }
        EXPECT_EQ(w.server.count("connect"), 20u);
        const host::TimePoint start = w.host().clock().now();
        const Result<Lease> patient = co_await w.pool.acquire(w.within(5s));
        EXPECT_TRUE(patient);
        EXPECT_EQ(w.host().clock().now() - start, 100ms);
    });
}

TEST(Pool, AConnectThatTakesTooLongCountsForTheBackOff) {
    World world;
    world.server.latency = 60s;
    world.run(+[](World& w) -> Task<> {
        const host::TimePoint start = w.host().clock().now();
        while (w.host().clock().now() - start < 60s)
            (void)co_await w.pool.acquire(w.within(10s));
        // Three seconds each and a pause of up to two between.
        EXPECT_LT(w.server.count("connect"), 19u);
    });
}

TEST(Pool, OneTaskAtATimeTriesWhileTheServerIsDown) {
    World world({.target = {}, .size = 8, .waiting = 8});
    world.server.fail = [](const std::string&) { return Error{.kind = ErrorKind::cannot_connect}; };
    world.run(+[](World& w) -> Task<> {
        {
            const Result<Lease> first = co_await w.pool.acquire(w.within(1s));
            EXPECT_FALSE(first);
        }
        w.server.latency = 500ms;
        w.server.asked.clear();
        int served = 0;
        host::TaskGroup group(w.host());
        for (int i = 0; i < 8; ++i)
            group.spawn(hold(w, 1s, served));
        co_await host::sleep_for(w.host(), 400ms);
        EXPECT_EQ(w.server.count("connect"), 1u);
        w.server.fail = {};
        co_await group.join();
        // As soon as one has come through, all may.
        EXPECT_EQ(served, 8);
        EXPECT_EQ(w.server.count("connect"), 8u);
    });
}

TEST(Pool, AConnectionThatComesBackEndsTheWaitForANewOne) {
    World world;
    world.run(+[](World& w) -> Task<> {
        int served = 0;
        host::TaskGroup group(w.host());
        group.spawn(hold(w, 1s, served));
        co_await host::sleep_for(w.host(), 100ms);
        w.server.fail = [](const std::string&) { return Error{.kind = ErrorKind::cannot_connect}; };
        while (true) {
            const host::TimePoint start = w.host().clock().now();
            const Result<Lease> lease = co_await w.pool.acquire(w.within(10s));
            if (!lease) continue;
            EXPECT_LE(w.host().clock().now(), host::TimePoint{1002ms});
            EXPECT_GT(w.host().clock().now(), start);
            break;
        }
        co_await group.join();
    });
}

TEST(Pool, TurnsAwayBeyondItsLine) {
    World world({.target = {}, .size = 1, .waiting = 0});
    world.run(+[](World& w) -> Task<> {
        const Result<Lease> held = co_await w.pool.acquire(w.within(1s));
        const Result<Lease> refused = co_await w.pool.acquire(w.within(1s));
        EXPECT_FALSE(refused);
        if (!refused) EXPECT_EQ(refused.error().kind, ErrorKind::turned_away);
    });
}

TEST(Pool, AClosedPoolKeepsNothing) {
    World world;
    world.run(+[](World& w) -> Task<> {
        {
            const Result<Lease> lease = co_await w.pool.acquire(w.within(1s));
            w.pool.close();
        }
        EXPECT_EQ(w.server.open, 0u);
        const Result<Lease> refused = co_await w.pool.acquire(w.within(1s));
        EXPECT_FALSE(refused);
    });
}

}  // namespace
}  // namespace atlas::sql

// Which statements are cancelled when they are given up, and how many requests are sent at once.

#include "system/sql/cancel_queue.hpp"

#include <gtest/gtest.h>

#include "sim/kernel/isolated_host.hpp"
#include "system/sql/fake_driver.hpp"
#include "system/sql/pool.hpp"

namespace atlas::sql {
namespace {

using host::Task;
using namespace std::chrono_literals;

constexpr Statement some{"some", "SELECT 1"};

/// A pool over a fake server, and the task that sends its requests.
struct World {
    explicit World(PoolOptions options = {.target = {}, .size = 12})
        : pool(process.host(), driver, std::move(options)) {
        process.tasks().spawn(pool.cancels().send_until_closed());
    }

    host::Host& host() { return process.host(); }
    host::Context within(host::Duration time) {
        return {.deadline = host::deadline_after(host(), time)};
    }
    const CancelCounters& counters() { return pool.cancels().counters(); }

    void run(Task<> (*body)(World&)) {
        process.tasks().spawn(body(*this));
        kernel.run_until(host::TimePoint{1h});
        pool.close();
        kernel.run_until(host::TimePoint{2h});
        EXPECT_EQ(process.tasks().size(), 0u);
        EXPECT_EQ(server.open, 0u);
    }

    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    FakeServer server;
    FakeDriver driver{process.host(), server};
    Pool pool;
};

std::vector<std::string> begin() {
    return {"BEGIN"};
}

Task<Lease> lease_in_transaction(World& w) {
    Result<Lease> lease = co_await w.pool.acquire(w.within(1s));
    (void)co_await lease->execute_all(w.within(1s), begin(), {});
    co_return std::move(*lease);
}

/// Until the request to cancel has had time to arrive; the server answers again.
Task<> go_on(World& w) {
    w.server.latency = 1ms;
    co_await host::sleep_for(w.host(), 100ms);
}

TEST(CancelQueue, AStatementGivenUpInATransactionIsCancelled) {
    World world;
    world.run(+[](World& w) -> Task<> {
        {
            Lease lease = co_await lease_in_transaction(w);
            w.server.latency = 1h;
            const host::TimePoint start = w.host().clock().now();
            const Result<QueryResult> late = co_await lease.execute(w.within(50ms), some, {});
            EXPECT_FALSE(late.has_value());
            EXPECT_EQ(w.host().clock().now() - start, 50ms);
        }
        EXPECT_EQ(w.server.count("cancel"), 0u) << "whoever gives up does not wait for it";
        co_await go_on(w);
        EXPECT_EQ(w.server.count("cancel"), 1u);
        EXPECT_EQ(w.counters().sent, 1u);
        EXPECT_EQ(w.server.open, 0u);
        EXPECT_EQ(w.pool.idle(), 0u);
    });
}

TEST(CancelQueue, SoIsTheOneThatBeginsIt) {
    World world;
    world.run(+[](World& w) -> Task<> {
        {
            Result<Lease> lease = co_await w.pool.acquire(w.within(1s));
            w.server.latency = 1h;
            std::vector<Call> calls;
            calls.push_back({some, {}});
            (void)co_await lease->execute_all(w.within(50ms), begin(), std::move(calls));
        }
        co_await go_on(w);
        EXPECT_EQ(w.counters().sent, 1u);
    });
}

/// The server hangs by then, for all that began together.
Task<> update(World& w, host::Duration time) {
    Lease lease = co_await lease_in_transaction(w);
    co_await host::sleep_for(w.host(), 100ms);
    w.server.latency = 1h;
    (void)co_await lease.execute(w.within(time), some, {});
}

TEST(CancelQueue, SoIsTheOneWhoseTaskIsCancelled) {
    World world;
    world.run(+[](World& w) -> Task<> {
        host::TaskGroup group(w.host());
        group.spawn(update(w, 10s));
        co_await host::sleep_for(w.host(), 1s);
        w.server.latency = 1ms;
        co_await group.stop();
        co_await go_on(w);
        EXPECT_EQ(w.server.asked.back(), "cancel");
        EXPECT_EQ(w.counters().sent, 1u);
    });
}

TEST(CancelQueue, ACommitIsNot) {
    World world;
    world.run(+[](World& w) -> Task<> {
        {
            Lease lease = co_await lease_in_transaction(w);
            w.server.latency = 1h;
            const Result<QueryResult> late = co_await lease.query(w.within(50ms), "COMMIT");
            EXPECT_FALSE(late.has_value());
        }
        co_await go_on(w);
        EXPECT_EQ(w.server.asked.back(), "query COMMIT");
        EXPECT_EQ(w.server.open, 0u);
    });
}

TEST(CancelQueue, NorWhatCommitsItselfUnlessItOnlyReads) {
    World world;
    world.run(+[](World& w) -> Task<> {
        {
            Result<Lease> lease = co_await w.pool.acquire(w.within(1s));
            w.server.latency = 1h;
            (void)co_await lease->execute(w.within(50ms), some, {});
        }
        co_await go_on(w);
        EXPECT_EQ(w.server.count("cancel"), 0u);
        {
            Result<Lease> lease = co_await w.pool.acquire(w.within(1s));
            w.server.latency = 1h;
            (void)co_await lease->read(w.within(50ms), some, {});
        }
        co_await go_on(w);
        EXPECT_EQ(w.counters().sent, 1u);
    });
}

TEST(CancelQueue, NorWhatTheServerHasAnswered) {
    World world;
    world.run(+[](World& w) -> Task<> {
        for (const char* sqlstate : {"57014", "55P03", "26000"}) {
            Lease lease = co_await lease_in_transaction(w);
            w.server.fail = [sqlstate](const std::string&) {
                return Error{.kind = ErrorKind::server, .sqlstate = sqlstate};
            };
            (void)co_await lease.execute(w.within(1s), some, {});
            w.server.fail = {};
        }
        {
            // Given back between two statements.
            const Lease lease = co_await lease_in_transaction(w);
        }
        co_await go_on(w);
        EXPECT_EQ(w.server.count("cancel"), 0u);
    });
}

TEST(CancelQueue, AsManyMayBeGivenUpInOneInstant) {
    World world;
    world.run(+[](World& w) -> Task<> {
        host::TaskGroup group(w.host());
        for (int i = 0; i < 10; ++i)
            group.spawn(update(w, 10s));
        co_await host::sleep_for(w.host(), 1s);
        w.server.latency = 1ms;
        co_await group.stop();
        co_await go_on(w);
        EXPECT_EQ(w.counters().sent, 8u);
        EXPECT_EQ(w.counters().dropped, 2u);
    });
}

TEST(CancelQueue, AFewAreUnderWayAndTheRestIsLeftToTheServersLimits) {
    World world;
    world.run(+[](World& w) -> Task<> {
        host::TaskGroup group(w.host());
        for (int i = 0; i < 10; ++i)
            group.spawn(update(w, 1s + i * 1ms));
        co_await group.join();
        co_await host::sleep_for(w.host(), 500ms);
        EXPECT_EQ(w.server.count("cancel"), 4u);
        EXPECT_EQ(w.counters().dropped, 2u);
        // The server hangs: each has a second.
        co_await host::sleep_for(w.host(), 1s);
        EXPECT_EQ(w.server.count("cancel"), 8u);
        EXPECT_EQ(w.counters().failed, 4u);
        co_await host::sleep_for(w.host(), 1s);
        EXPECT_EQ(w.counters().failed, 8u);
        EXPECT_EQ(w.counters().sent, 0u);
    });
}

TEST(CancelQueue, NothingIsSentWhileTheCircuitIsOpen) {
    World world({.target = {}, .breaker = {.minimum_calls = 1}});
    world.run(+[](World& w) -> Task<> {
        {
            Lease given_up = co_await lease_in_transaction(w);
            {
                Lease lost = co_await lease_in_transaction(w);
                w.server.fail = [](const std::string&) {
                    return Error{.kind = ErrorKind::connection_lost};
                };
                (void)co_await lost.execute(w.within(1s), some, {});
                w.server.fail = {};
            }
            EXPECT_EQ(w.pool.breaker().state(), reliability::CircuitState::open);
            w.server.latency = 1h;
            (void)co_await given_up.execute(w.within(50ms), some, {});
        }
        co_await go_on(w);
        EXPECT_EQ(w.server.count("cancel"), 0u);
    });
}

TEST(CancelQueue, WhatWaitsWhenItIsClosedIsSent) {
    World world;
    world.run(+[](World& w) -> Task<> {
        host::TaskGroup group(w.host());
        for (int i = 0; i < 4; ++i)
            group.spawn(update(w, 10s));
        co_await host::sleep_for(w.host(), 1s);
        w.server.latency = 1ms;
        co_await group.stop();
        w.pool.close();
        co_await host::sleep_for(w.host(), 1s);
        EXPECT_EQ(w.counters().sent, 4u);
        EXPECT_EQ(w.process.tasks().size(), 1u) << "this one";
    });
}

}  // namespace
}  // namespace atlas::sql

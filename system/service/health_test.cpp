#include "system/service/health.hpp"

#include <gtest/gtest.h>

#include "sim/kernel/isolated_host.hpp"
#include "system/sql/fake_driver.hpp"

namespace atlas::service {
namespace {

using namespace std::chrono_literals;

struct World {
    explicit World(sql::PoolOptions options = {})
        : driver(process.host(), server),
          pool(process.host(), driver, std::move(options)),
          database{process.host(), pool, {}, process.host().random("retry")},
          database_ready(process.host()),
          health(database, database_ready) {
        process.tasks().spawn(health.probe_for_ever());
    }

    HealthStatus after(host::Duration time) {
        kernel.run_until(host::TimePoint{time});
        return health.status();
    }

    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    sql::FakeServer server;
    sql::FakeDriver driver;
    sql::Pool pool;
    sql::Database database;
    host::Event database_ready;
    Health health;
};

TEST(Health, IsUnhealthyUntilTheFirstAnswer) {
    World world;
    EXPECT_EQ(world.health.status(), HealthStatus::unhealthy);
    EXPECT_EQ(world.health.dependencies().at(0).error, "not probed yet");
    EXPECT_EQ(world.after(1s), HealthStatus::healthy);
    const DependencyHealth postgresql = world.health.dependencies().at(0);
    EXPECT_EQ(postgresql.name, "postgresql");
    EXPECT_EQ(postgresql.error, "");
    EXPECT_GT(postgresql.latency, 0s);
}

TEST(Health, SlowAnswersDegrade) {
    World world;
    world.server.latency = 200ms;  // To connect, to prepare, to execute.
    EXPECT_EQ(world.after(4s), HealthStatus::degraded);
    EXPECT_EQ(world.health.dependencies().at(0).error, "");
    world.server.latency = 1ms;
    EXPECT_EQ(world.after(9s), HealthStatus::healthy);
}

TEST(Health, OneFailureDegradesAndSeveralAreUnhealthy) {
    World world;
    EXPECT_EQ(world.after(1s), HealthStatus::healthy);
    world.server.fail = [](const std::string&) {
        return sql::Error{.kind = sql::ErrorKind::cannot_connect};
    };
    EXPECT_EQ(world.after(9s), HealthStatus::degraded);
    EXPECT_NE(world.health.dependencies().at(0).error, "");
    EXPECT_EQ(world.after(14s), HealthStatus::degraded);
    EXPECT_EQ(world.after(19s), HealthStatus::unhealthy);
    world.server.fail = {};
    EXPECT_EQ(world.after(29s), HealthStatus::healthy);
}

TEST(Health, AProbeThatHangsEndsAtItsDeadline) {
    World world;
    EXPECT_EQ(world.after(1s), HealthStatus::healthy);
    world.server.latency = 1h;
    EXPECT_EQ(world.after(9s), HealthStatus::degraded);
    EXPECT_EQ(world.health.dependencies().at(0).latency, 1s);
}

TEST(Health, AnOpenCircuitIsToldFromAServerThatWasAsked) {
    World world({.target = {}, .breaker = {.minimum_calls = 1, .open_time = 1min}});
    world.server.fail = [](const std::string&) {
        return sql::Error{.kind = sql::ErrorKind::cannot_connect};
    };
    EXPECT_EQ(world.after(1s), HealthStatus::unhealthy);
    const std::size_t asked = world.server.asked.size();
    EXPECT_EQ(world.after(30s), HealthStatus::unhealthy);
    EXPECT_EQ(world.server.asked.size(), asked);
    EXPECT_EQ(world.health.dependencies().at(0).error, "it was not asked: it failed a moment ago");
}

/// Has the only connection nearly all the time, for that long, and uses it or not.
host::Task<> hold_the_connection(World& world, host::Duration time, bool uses_it) {
    host::Host& host = world.process.host();
    const host::TimePoint end = host.clock().now() + time;
    while (host.clock().now() < end) {
        auto lease = co_await world.pool.acquire({});
        EXPECT_TRUE(lease);
        co_await host::sleep_for(host, uses_it ? host::Duration{900ms} : time);
        if (uses_it) (void)co_await lease->query({}, "SELECT 2");
    }
}

TEST(Health, AFullLineSaysNothingAboutAServerThatAnswersOthers) {
    World world({.target = {}, .size = 1, .waiting = 0});
    EXPECT_EQ(world.after(2s), HealthStatus::healthy);
    world.process.tasks().spawn(hold_the_connection(world, 60s, true));
    EXPECT_EQ(world.after(61s), HealthStatus::healthy);
    EXPECT_EQ(world.health.dependencies().at(0).error,
              "it was not asked: all connections are in use");
    EXPECT_EQ(world.after(70s), HealthStatus::healthy);
    EXPECT_EQ(world.health.dependencies().at(0).error, "");
}

// All connections hang in a network that swallows what is sent.
TEST(Health, AFullLineBehindWhichNobodyIsAnsweredIsAFailure) {
    World world({.target = {}, .size = 1, .waiting = 0});
    EXPECT_EQ(world.after(2s), HealthStatus::healthy);
    world.process.tasks().spawn(hold_the_connection(world, 60s, false));
    EXPECT_EQ(world.after(30s), HealthStatus::unhealthy);
    EXPECT_EQ(world.after(70s), HealthStatus::healthy);
}

host::Task<> fail_once(World& world) {
    auto lease = co_await world.pool.acquire({});
    EXPECT_TRUE(lease);
    if (lease) (void)co_await lease->query({}, "SELECT 1");
}

TEST(Health, AnOpenCircuitIsAFailureToo) {
    World world({.target = {}, .breaker = {.minimum_calls = 1, .open_time = 5min}});
    EXPECT_EQ(world.after(1s), HealthStatus::healthy);
    world.server.fail = [](const std::string&) {
        return sql::Error{.kind = sql::ErrorKind::connection_lost};
    };
    world.process.tasks().spawn(fail_once(world));
    EXPECT_EQ(world.after(4s), HealthStatus::healthy);
    EXPECT_EQ(world.after(7s), HealthStatus::degraded);
    EXPECT_EQ(world.after(1min), HealthStatus::unhealthy);
    EXPECT_EQ(world.health.dependencies().at(0).error, "it was not asked: it failed a moment ago");
    world.server.fail = {};
    EXPECT_EQ(world.after(6min), HealthStatus::healthy);
}

}  // namespace
}  // namespace atlas::service

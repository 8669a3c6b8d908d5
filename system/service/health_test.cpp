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
    EXPECT_EQ(world.health.dependencies().at(0).error,
              "it was not asked: all connections are in use, or it failed a moment ago");
}

}  // namespace
}  // namespace atlas::service

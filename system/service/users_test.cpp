#include "system/service/users.hpp"

#include <gtest/gtest.h>

#include <map>

#include "sim/kernel/isolated_host.hpp"
#include "system/sql/fake_driver.hpp"

namespace atlas::service {
namespace {

using host::ErrorCode;
using host::Task;
using namespace std::chrono_literals;

struct World {
    explicit World(PasswordHashing hashing)
        : driver(process.host(), server),
          pool(process.host(), driver, {}),
          database{process.host(), pool, {}, process.host().random("retry")},
          users(process.host(), database, hashing) {
        server.answer = [](const std::string& asked, const sql::Parameters&) {
            sql::QueryResult result;
            if (asked.ends_with("_insert")) result.command_tag = "INSERT 0 1";
            return result;
        };
    }

    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    sql::FakeServer server;
    sql::FakeDriver driver;
    sql::Pool pool;
    sql::Database database;
    Users users;
    std::map<ErrorCode, int> failed;
    int created = 0;
};

Task<> create(World& world, host::Duration time) {
    const host::Context context{.deadline = host::deadline_after(world.process.host(), time)};
    store::KeyedRequest request{"key", "fingerprint"};
    const auto user =
        co_await world.users.create(context, {"a@b.c", "A", "12345678"}, std::move(request),
                                    [](const domain::User*) { return store::Answer{201}; });
    if (user) {
        ++world.created;
    } else {
        ++world.failed[user.error().code];
        EXPECT_EQ(user.error().certainty, host::Certainty::definite);
    }
}

/// 8 KiB and one pass; said to take 23 microseconds.
constexpr passwords::Argon2Cost cheap{.memory_kib = 8, .iterations = 1};

TEST(Users, OnlySoManyWaitForTheirPasswordsHash) {
    World world({.cost = cheap, .at_once = 1, .waiting = 2});
    for (int i = 0; i < 5; ++i)
        world.process.tasks().spawn(create(world, 10s));
    world.kernel.run_until(host::TimePoint{1h});
    EXPECT_EQ(world.created, 3);
    EXPECT_EQ(world.failed, (std::map<ErrorCode, int>{{ErrorCode::resource_exhausted, 2}}));
}

TEST(Users, WhoWaitsForAHashLeavesAtHisDeadline) {
    World world({.cost = cheap, .at_once = 1, .waiting = 64});
    for (int i = 0; i < 10; ++i)
        world.process.tasks().spawn(create(world, 10s));
    for (int i = 0; i < 10; ++i)
        world.process.tasks().spawn(create(world, 10us));
    world.kernel.run_until(host::TimePoint{1h});
    EXPECT_EQ(world.created, 10);
    EXPECT_EQ(world.failed, (std::map<ErrorCode, int>{{ErrorCode::deadline_exceeded, 10}}));
    EXPECT_EQ(world.server.count("execute users_insert"), 10u);
}

TEST(Users, WhoIsCancelledWhileWaitingGivesHisPlaceBack) {
    World world({.cost = cheap, .at_once = 1, .waiting = 1});
    host::Host& host = world.process.host();
    const auto body = [](World& w, host::Host& on) -> Task<> {
        host::TaskGroup impatient(on);
        impatient.spawn(create(w, 10s));
        impatient.spawn(create(w, 10s));
        co_await host::sleep_for(on, 1us);
        co_await impatient.stop();
        co_await create(w, 10s);
    };
    world.process.tasks().spawn(body(world, host));
    world.kernel.run_until(host::TimePoint{1h});
    EXPECT_EQ(world.created, 1);
    EXPECT_TRUE(world.failed.empty());
}

TEST(Users, AStatementThatPostgresqlRefusesIsLoggedAsAnError) {
    World world({.cost = cheap});
    std::vector<host::LogLevel> levels;
    world.process.hooks().on_log = [&](const sim::kernel::Process&, const host::LogRecord& record) {
        levels.push_back(record.level);
    };
    world.server.fail = [](const std::string& asked) -> std::optional<sql::Error> {
        if (asked != "execute users_insert") return {};
        return sql::Error{.kind = sql::ErrorKind::server, .sqlstate = "42P01"};
    };
    world.process.tasks().spawn(create(world, 10s));
    world.kernel.run_until(host::TimePoint{1h});
    EXPECT_EQ(world.failed, (std::map<ErrorCode, int>{{ErrorCode::invalid_argument, 1}}));
    EXPECT_EQ(levels, std::vector<host::LogLevel>{host::LogLevel::error});
}

}  // namespace
}  // namespace atlas::service

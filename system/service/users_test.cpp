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
    int still_running = 0;
    int repeated = 0;
    int keys = 0;
};

Task<> create(World& world, host::Duration time, std::string key = {}) {
    const host::Context context{.deadline = host::deadline_after(world.process.host(), time)};
    if (key.empty()) key = "key " + std::to_string(world.keys++);
    store::KeyedRequest request{std::move(key), "fingerprint"};
    const auto user =
        co_await world.users.create(context, {"a@b.c", "A", "12345678"}, std::move(request),
                                    [](const domain::User*) { return store::Answer{201}; });
    if (user) {
        using enum store::KeyedOutcome;
        ++(user->outcome == first           ? world.created
           : user->outcome == still_running ? world.still_running
                                            : world.repeated);
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
    EXPECT_EQ(world.users.hashing_counters().hashed, 3u);
    EXPECT_EQ(world.users.hashing_counters().turned_away, 2u);
}

TEST(Users, WhoWaitsForAHashLeavesAtHisDeadline) {
    World world({.cost = cheap, .at_once = 1, .waiting = 64});
    world.server.latency = 0s;  // The look for the key takes none of their time.
    for (int i = 0; i < 10; ++i)
        world.process.tasks().spawn(create(world, 10s));
    for (int i = 0; i < 10; ++i)
        world.process.tasks().spawn(create(world, 10us));
    world.kernel.run_until(host::TimePoint{1h});
    EXPECT_EQ(world.created, 10);
    EXPECT_EQ(world.failed, (std::map<ErrorCode, int>{{ErrorCode::deadline_exceeded, 10}}));
    EXPECT_EQ(world.users.hashing_counters().out_of_time, 10u);
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

TEST(Users, AReplayIsAnsweredFromTheStoreAndCostsNoHash) {
    // Nobody gets a turn to hash.
    World world({.cost = cheap, .at_once = 0, .waiting = 0});
    world.server.answer = [](const std::string& asked, const sql::Parameters&) {
        sql::QueryResult result;
        if (asked != "execute idempotency_keys_select") return result;
        result.rows.push_back({"fingerprint", "201", "", "made"});
        return result;
    };
    world.process.tasks().spawn(create(world, 10s));
    world.kernel.run_until(host::TimePoint{1h});
    EXPECT_EQ(world.repeated, 1);
    EXPECT_TRUE(world.failed.empty());
    EXPECT_EQ(world.server.count("query BEGIN"), 0u);
}

TEST(Users, RepetitionsOfARunningRequestTakeNoConnections) {
    World world({.cost = cheap, .at_once = 8});
    world.server.latency = 300ms;
    for (int i = 0; i < 20; ++i)
        world.process.tasks().spawn(create(world, 10s, "key"));
    world.kernel.run_until(host::TimePoint{1500ms});
    EXPECT_EQ(world.server.most_open, 1u);
    // Those beyond the line at once, those in it after a second.
    EXPECT_EQ(world.still_running, 19);
    world.kernel.run_until(host::TimePoint{1h});
    EXPECT_EQ(world.created, 1);
}

TEST(Users, ARepetitionWithLittleTimeIsToldInTimeThatTheOtherIsUnderWay) {
    World world({.cost = cheap});
    world.server.latency = 300ms;
    world.process.tasks().spawn(create(world, 10s, "key"));
    world.kernel.run_until(host::TimePoint{1ms});
    world.process.tasks().spawn(create(world, 500ms, "key"));
    world.kernel.run_until(host::TimePoint{400ms});
    EXPECT_EQ(world.still_running, 1);
    world.kernel.run_until(host::TimePoint{1h});
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

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "properties/history/watched_driver.hpp"
#include "properties/invariants/invariants.hpp"
#include "sim/kernel/isolated_host.hpp"
#include "system/sql/fake_driver.hpp"
#include "system/sql/transaction.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Kind = reliability::SlidingWindowOptions::Kind;

/// Eleven failures outweigh ten good calls, four may be under way, three are probes every two
/// seconds. Of the budget, five retries; the four under way may have filled it a little.
RunRecord silent_for(host::Duration time) {
    RunRecord run;
    run.facts.guard = {.pool_size = 4,
                       .breaker = {.window = {.kind = Kind::count, .calls = 10},
                                   .minimum_calls = 4,
                                   .open_time = 2s,
                                   .probes = 3},
                       .budget = {.tokens = 10},
                       .request_time = 10s};
    run.database = {{.node = "api-1", .began = 1s}};
    run.database[0].operations = {{.began = 99s, .ended = 100s},
                                  {.began = 100s, .ended = 100s + time}};
    return run;
}

/// While the database is silent.
void add_failures(RunRecord& run, std::size_t count, DatabaseOperation failure) {
    std::vector<DatabaseOperation>& operations = run.database[0].operations;
    operations.insert(operations.end() - 1, count, failure);
}

void add_requests(RunRecord& run, std::size_t count) {
    run.database[0].requests.insert(run.database[0].requests.end(), count, 95s);
}

const DatabaseOperation refused{100s, 100s + 1ms, DatabaseAnswer::none, true};
const DatabaseOperation refused_migration{100s, 100s + 1ms, DatabaseAnswer::none, false};

Verdict verdict_of(const RunRecord& run) {
    return check_dead_database(run).verdict;
}

TEST(DeadDatabase, IsAskedOnlyUntilTheBreakerHasNoticed) {
    RunRecord run = silent_for(1s);
    add_requests(run, 1000);
    add_failures(run, 11 + 4 + 3, refused);
    EXPECT_EQ(verdict_of(run), Verdict::valid);
    add_failures(run, 1, refused);
    const Judgement judgement = check_dead_database(run);
    EXPECT_EQ(judgement.verdict, Verdict::invalid);
    EXPECT_THAT(
        judgement.prose,
        HasSubstr("gave api-1 no answer from 100.000000 s on, for 1.000000 s, and was asked "
                  "19 times by calls that failed: at most 18 by the circuit breaker"));
}

TEST(DeadDatabase, IsProbedOnceInEachOpenTime) {
    RunRecord run = silent_for(60s);
    add_requests(run, 1000);
    add_failures(run, 11 + 4 + 31 * 3, refused);
    EXPECT_EQ(verdict_of(run), Verdict::valid);
    add_failures(run, 1, refused);
    EXPECT_EQ(verdict_of(run), Verdict::invalid);
}

TEST(DeadDatabase, IsAskedAgainOnlyAsFarAsTheBudgetGoes) {
    RunRecord run = silent_for(1s);
    add_requests(run, 3);
    add_failures(run, 3 + 5 + 4, refused);
    EXPECT_EQ(verdict_of(run), Verdict::valid);
    // What the node asks of its own accord is not a request's.
    add_failures(run, 1, refused_migration);
    EXPECT_EQ(verdict_of(run), Verdict::valid);
    add_failures(run, 1, refused);
    const Judgement judgement = check_dead_database(run);
    EXPECT_EQ(judgement.verdict, Verdict::invalid);
    EXPECT_THAT(judgement.prose, HasSubstr("asked 13 times by calls that failed: at most 12 by the "
                                           "retry budget"));
}

TEST(DeadDatabase, IsAliveWhenItAnswers) {
    RunRecord run = silent_for(1s);
    add_requests(run, 1000);
    add_failures(run, 18, refused);
    add_failures(run, 1, {.began = 100s, .ended = 100s + 2ms});
    add_failures(run, 18, refused);
    EXPECT_EQ(verdict_of(run), Verdict::valid);
}

TEST(DeadDatabase, IsOneOfSeveralServersEachAskedByTwoPools) {
    RunRecord run = silent_for(1s);
    add_requests(run, 1000);
    run.facts.guard->pools = 2;
    const host::Endpoint other{"postgres-1", 5432};
    DatabaseOperation refused_by_other = refused;
    refused_by_other.server = other;
    run.database[0].operations.insert(run.database[0].operations.begin(),
                                      {.began = 99s, .ended = 100s, .server = other});
    add_failures(run, 2 * 18, refused_by_other);
    add_failures(run, 2 * 18, refused);
    EXPECT_EQ(verdict_of(run), Verdict::valid);
    // That another server answers is no answer of this one.
    add_failures(run, 1, {.began = 100s, .ended = 100s + 2ms});
    add_failures(run, 1, refused_by_other);
    EXPECT_EQ(verdict_of(run), Verdict::invalid);
}

TEST(DeadDatabase, MayStaySilentUntilTheNodeEnds) {
    RunRecord run = silent_for(1s);
    run.database[0].operations.pop_back();
    run.database[0].operations.insert(run.database[0].operations.end(), 100, refused);
    EXPECT_EQ(verdict_of(run), Verdict::invalid);
}

TEST(DeadDatabase, IsNotBlamedForCallersInAHurry) {
    RunRecord run = silent_for(5s);
    add_requests(run, 1000);
    add_failures(run, 1000, {100s, 102s - 1ns, DatabaseAnswer::out_of_time, true});
    EXPECT_EQ(verdict_of(run), Verdict::valid);
    add_failures(run, 1000, {100s, 102s, DatabaseAnswer::out_of_time, true});
    EXPECT_EQ(verdict_of(run), Verdict::invalid);
}

TEST(DeadDatabase, IsNotJudgedWhereNobodyWatched) {
    RunRecord run = silent_for(1s);
    add_failures(run, 1000, refused);
    run.facts.guard.reset();
    EXPECT_EQ(verdict_of(run), Verdict::valid);
}

/// A real pool and its retries, over a server that dies and comes back, with everything written
/// down.
struct World {
    World(sql::PoolOptions pool_options, reliability::RetryPolicy retry,
          reliability::RetryBudgetOptions budget)
        : pool(process.host(), driver, std::move(pool_options)),
          database{process.host(), pool, retry, process.host().random("retry"),
                   reliability::RetryBudget(budget)} {}
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World() { EXPECT_EQ(process.tasks().size(), 0u); }

    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    sql::FakeServer server;
    DatabaseLog log{[this] { return kernel.now().since_epoch; }};
    WatchedDriver driver{std::make_unique<sql::FakeDriver>(process.host(), server), log, "api-1"};
    sql::Pool pool;
    sql::Database database;
};

constexpr host::Duration request_time = 5s;

host::Task<> read(World& world) {
    world.log.request_came(0);
    host::Context context{.deadline = host::deadline_after(world.process.host(), request_time)};
    context.trace_id[0] = 1;
    (void)co_await sql::run_read(world.database, context, {"some", "SELECT 1"}, {});
}

host::Task<> keep_reading(World& world, host::Duration every, host::Duration time) {
    host::TaskGroup readers(world.process.host());
    const host::TimePoint end = world.process.host().clock().now() + time;
    while (world.process.host().clock().now() < end) {
        readers.spawn(read(world));
        co_await host::sleep_for(world.process.host(), every);
    }
    co_await readers.join();
}

enum class Death : std::uint8_t { none, refuses, hangs, drops_connections };

void become(sql::FakeServer& server, Death death) {
    server.latency = death == Death::hangs ? host::Duration{1h} : host::Duration{1ms};
    server.fail = {};
    if (death == Death::refuses) {
        server.fail = [](const std::string& asked) -> std::optional<sql::Error> {
            const bool connects = asked == "connect";
            return sql::Error{.kind = connects ? sql::ErrorKind::cannot_connect
                                               : sql::ErrorKind::connection_lost};
        };
    } else if (death == Death::drops_connections) {
        server.fail = [](const std::string& asked) -> std::optional<sql::Error> {
            if (asked == "connect") return std::nullopt;
            return sql::Error{.kind = sql::ErrorKind::connection_lost};
        };
    }
}

struct Episode {
    Death death;
    host::Duration time;
};

Judgement judge_episodes(World& world, host::Duration every, const DatabaseGuard& guard,
                         const std::vector<Episode>& episodes) {
    for (const Episode& episode : episodes) {
        become(world.server, episode.death);
        world.process.tasks().spawn(keep_reading(world, every, episode.time));
        world.kernel.run_until(world.kernel.now() + episode.time);
    }
    become(world.server, Death::none);
    world.kernel.run_until(world.kernel.now() + 1min);
    RunRecord run;
    run.facts.guard = guard;
    run.database = world.log.conversations();
    return check_dead_database(run);
}

RC_GTEST_PROP(DeadDatabase, IsLeftInPeaceByEveryPoolThatKeepsItsPromises, ()) {
    sql::PoolOptions options;
    options.size = *rc::gen::inRange<std::size_t>(1, 12);
    options.breaker.window.kind = *rc::gen::element(Kind::count, Kind::time);
    // Where there are never calls enough for the breaker, the budget is alone.
    options.breaker.minimum_calls =
        *rc::gen::oneOf(rc::gen::inRange(1u, 41u), rc::gen::inRange(5'000u, 10'000u));
    options.breaker.window.calls = std::max(100u, options.breaker.minimum_calls);
    options.breaker.failures_per_thousand = *rc::gen::inRange(100u, 900u);
    options.breaker.open_time = std::chrono::milliseconds(*rc::gen::inRange(500, 4000));
    options.breaker.probes = *rc::gen::inRange(1u, 6u);
    // Hasty, so that it is the breaker and the budget that keep the promise.
    options.reconnect = {.base = 1ms, .cap = 1ms};
    const reliability::RetryPolicy retry{.max_attempts = 20, .base = 1ms, .cap = 1ms};
    const reliability::RetryBudgetOptions budget{.tokens = *rc::gen::inRange(2u, 201u)};
    const host::Duration every = std::chrono::milliseconds(*rc::gen::inRange(5, 200));
    std::vector<Episode> episodes;
    for (int i = 0; i < 8; ++i) {
        const Death death =
            *rc::gen::element(Death::none, Death::refuses, Death::hangs, Death::drops_connections);
        episodes.push_back({death, std::chrono::milliseconds(*rc::gen::inRange(100, 15'000))});
    }
    World world(options, retry, budget);
    const DatabaseGuard guard{options.size, options.breaker, budget, request_time};
    const Judgement judgement = judge_episodes(world, every, guard, episodes);
    RC_LOG() << judgement.prose;
    RC_ASSERT(judgement.verdict == Verdict::valid);
}

TEST(DeadDatabase, IsNotLeftInPeaceWithoutBreakerAndBudget) {
    sql::PoolOptions options;
    options.reconnect = {.base = 1ms, .cap = 1ms};
    const DatabaseGuard promised{options.size, options.breaker, {}, request_time};
    options.breaker.minimum_calls = 1'000'000;
    World world(options, {.max_attempts = 20, .base = 1ms, .cap = 1ms},
                {.tokens = 1000, .given_back_per_thousand = 1'000'000});
    const Judgement judgement =
        judge_episodes(world, 100ms, promised, {{Death::none, 5s}, {Death::refuses, 5s}});
    EXPECT_EQ(judgement.verdict, Verdict::invalid);
    EXPECT_THAT(judgement.prose, HasSubstr("by the circuit breaker"));
    EXPECT_THAT(judgement.prose, HasSubstr("by the retry budget"));
}

}  // namespace
}  // namespace atlas::properties

// How often a keyed request is tried, how long it waits and what it makes of the answers, against a
// server that fails as the test says. What PostgreSQL makes of the SQL is the contract tests'
// business.

#include "system/store/idempotency.hpp"

#include <gtest/gtest.h>

#include "sim/kernel/isolated_host.hpp"
#include "system/sql/fake_driver.hpp"

namespace atlas::store {
namespace {

using host::Certainty;
using host::Task;
using namespace std::chrono_literals;

struct World {
    explicit World(reliability::RetryPolicy retry = {}, reliability::RetryBudgetOptions budget = {})
        : database{process.host(), pool, retry, process.host().random("retry"),
                   reliability::RetryBudget(budget)} {
        server.answer = [](const std::string& asked, const sql::Parameters&) {
            sql::QueryResult result;
            if (asked == "execute idempotency_keys_insert") result.command_tag = "INSERT 0 1";
            return result;
        };
    }

    host::Result<KeyedAnswer> run(host::Duration time = 10s) {
        host::Result<KeyedAnswer> outcome;
        process.tasks().spawn(run_into(time, outcome));
        kernel.run_until(kernel.now() + 1h);
        EXPECT_EQ(process.tasks().size(), 0u);
        return outcome;
    }

    void always_fail(std::string what, sql::Error error) {
        server.fail = [what, error](const std::string& asked) {
            return asked == what ? std::optional{error} : std::nullopt;
        };
    }

    Task<> run_into(host::Duration time, host::Result<KeyedAnswer>& outcome) {
        const host::Context context{.deadline = host::deadline_after(process.host(), time)};
        outcome = co_await run_keyed(
            database, context, {.key = "k", .fingerprint = "f"},
            [](sql::Transaction&) -> Task<sql::Result<Answer>> { co_return Answer{201}; });
    }

    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    sql::FakeServer server;
    sql::FakeDriver driver{process.host(), server};
    sql::Pool pool{process.host(), driver, {}};
    sql::Database database;
};

const sql::Error lost{.kind = sql::ErrorKind::connection_lost};
const sql::Error lock_timeout{.kind = sql::ErrorKind::server, .sqlstate = "55P03"};

TEST(KeyedRequests, ALostCommitTakesNoMoreAttemptsThanAnyOther) {
    World world({.max_attempts = 4});
    int begun = 0;
    // Each transaction also fails at its beginning, every other time.
    world.server.fail = [&](const std::string& asked) -> std::optional<sql::Error> {
        if (asked == "query BEGIN" && ++begun % 2 == 1) return lost;
        return asked == "query COMMIT" ? std::optional{lost} : std::nullopt;
    };
    const auto outcome = world.run();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().certainty, Certainty::indefinite);
    EXPECT_EQ(world.server.count("query BEGIN"), 4u);
}

TEST(KeyedRequests, ALostCommitIsRepeatedOnlyWithinTheBudget) {
    World world({.max_attempts = 10}, {.tokens = 6});
    world.always_fail("query COMMIT", lost);
    const auto outcome = world.run();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().certainty, Certainty::indefinite);
    EXPECT_EQ(world.server.count("query COMMIT"), 3u);
    EXPECT_EQ(world.database.budget.counters().retries_refused, 1u);
}

TEST(KeyedRequests, OnlyTheKeysOwnLockMeansThatARequestIsUnderWay) {
    World of_the_key;
    of_the_key.always_fail("execute idempotency_keys_insert", lock_timeout);
    const auto busy = of_the_key.run();
    ASSERT_TRUE(busy);
    EXPECT_EQ(busy->outcome, KeyedOutcome::still_running);

    World of_the_table;
    of_the_table.always_fail("execute idempotency_keys_lock", lock_timeout);
    const auto locked = of_the_table.run();
    ASSERT_FALSE(locked);
    EXPECT_EQ(locked.error().code, host::ErrorCode::deadline_exceeded);
    EXPECT_EQ(locked.error().certainty, Certainty::definite);
}

TEST(KeyedRequests, WhoWaitsForTheKeyHasTimeLeftToBeToldSo) {
    World patient;
    EXPECT_TRUE(patient.run(10s));
    EXPECT_EQ(patient.server.count("execute idempotency_keys_lock_timeout"), 0u);

    World hasty;
    std::vector<sql::Parameters> limits;
    hasty.server.answer = [&, answer = hasty.server.answer](const std::string& asked,
                                                            const sql::Parameters& parameters) {
        if (asked == "execute idempotency_keys_lock_timeout") limits.push_back(parameters);
        return answer(asked, parameters);
    };
    EXPECT_TRUE(hasty.run(800ms));
    // Of the 800 ms, one is gone to connect.
    EXPECT_EQ(limits, (std::vector<sql::Parameters>{{"399"}}));
    // All that takes the key is one round trip.
    EXPECT_EQ(hasty.server.batches.front(), 8u);
}

Task<> find_into(World& world, KeyedRequest request, std::optional<KeyedAnswer>& found) {
    const auto answer = co_await find_keyed(world.database, {}, std::move(request));
    EXPECT_TRUE(answer);
    if (answer) found = *answer;
}

std::optional<KeyedAnswer> find(World& world, KeyedRequest request) {
    std::optional<KeyedAnswer> found;
    world.process.tasks().spawn(find_into(world, std::move(request), found));
    world.kernel.run_until(world.kernel.now() + 1h);
    return found;
}

TEST(KeyedRequests, AreFoundByTheirFingerprintOfTodayOrOfTheSecretBefore) {
    World world;
    EXPECT_EQ(find(world, {.key = "k", .fingerprint = "new"}), std::nullopt);
    world.server.answer = [](const std::string&, const sql::Parameters&) {
        sql::QueryResult result;
        result.rows.push_back({"old", "201", "ETag: \"1\"\n", "made"});
        return result;
    };
    const auto of_another = find(world, {.key = "k", .fingerprint = "new"});
    ASSERT_TRUE(of_another);
    EXPECT_EQ(of_another->outcome, KeyedOutcome::other_request);
    const auto of_before =
        find(world, {.key = "k", .fingerprint = "new", .previous_fingerprint = "old"});
    ASSERT_TRUE(of_before);
    EXPECT_EQ(of_before->outcome, KeyedOutcome::repeated);
    EXPECT_EQ(of_before->answer, (Answer{201, {{"ETag", "\"1\""}}, "made"}));
}

}  // namespace
}  // namespace atlas::store

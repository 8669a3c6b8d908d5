#include "system/sql/transaction.hpp"

#include <gtest/gtest.h>

#include "sim/kernel/isolated_host.hpp"
#include "system/sql/fake_driver.hpp"

namespace atlas::sql {
namespace {

using host::Certainty;
using host::Task;
using namespace std::chrono_literals;

constexpr Statement write{"write", "UPDATE t SET a = 1"};

using Asked = std::vector<std::string>;

/// What a transaction of one statement came to, against a server that fails as the test says.
struct Outcome {
    TransactionResult<QueryResult> result = QueryResult{};
    Asked asked;
    /// How many steps each batch had.
    std::vector<std::size_t> batches = {};
    std::size_t idle = 0;
    host::Duration took{};

    std::size_t count(const std::string& what) const {
        return static_cast<std::size_t>(std::count(asked.begin(), asked.end(), what));
    }
};

using Fail = std::function<std::optional<Error>(const std::string& asked, std::size_t times)>;

Task<> run_it(Database& database, host::Duration time, bool give_up, Outcome& run) {
    const host::TimePoint start = database.host.clock().now();
    const host::Context context{.deadline = host::deadline_after(database.host, time)};
    run.result = co_await run_transaction<QueryResult>(database, context,
                                                       [give_up](Transaction& transaction) {
                                                           if (give_up) transaction.give_up();
                                                           return transaction.execute(write, {});
                                                       });
    run.took = database.host.clock().now() - start;
}

/// `fail` also learns how often it has been asked the same before.
Outcome run(Fail fail, host::Duration time = 10s, bool give_up = false,
            reliability::RetryPolicy retry = {}) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    FakeServer server;
    server.fail = [&](const std::string& asked) {
        return fail ? fail(asked, server.count(asked) - 1) : std::nullopt;
    };
    FakeDriver driver(process.host(), server);
    Pool pool(process.host(), driver, {});
    Database database{process.host(), pool, retry, process.host().random("retry")};
    Outcome outcome;
    process.tasks().spawn(run_it(database, time, give_up, outcome));
    kernel.run_until(host::TimePoint{1h});
    EXPECT_EQ(process.tasks().size(), 0u);
    outcome.asked = server.asked;
    outcome.batches = server.batches;
    outcome.idle = pool.idle();
    return outcome;
}

Fail always(std::string what, Error error) {
    return [what, error](const std::string& asked, std::size_t) {
        return asked == what ? std::optional{error} : std::nullopt;
    };
}

Fail once(std::string what, Error error) {
    return [what, error](const std::string& asked, std::size_t times) {
        return asked == what && times == 0 ? std::optional{error} : std::nullopt;
    };
}

Error server_error(std::string sqlstate, bool fatal = false) {
    return {.kind = ErrorKind::server, .sqlstate = std::move(sqlstate), .fatal = fatal};
}

const Error lost{.kind = ErrorKind::connection_lost};

TEST(Transaction, IsBegunAndCommitted) {
    const Outcome outcome = run({});
    EXPECT_TRUE(outcome.result);
    EXPECT_EQ(outcome.asked,
              (Asked{"connect", "query BEGIN", "prepare write", "execute write", "query COMMIT"}));
    EXPECT_EQ(outcome.idle, 1u);
}

TEST(Transaction, ItsBeginningCostsNoRoundTrip) {
    const Outcome outcome = run({}, 1s);
    EXPECT_EQ(outcome.asked,
              (Asked{"connect", "query BEGIN", "query SET LOCAL statement_timeout = 999",
                     "prepare write", "execute write", "query COMMIT"}));
    EXPECT_EQ(outcome.batches, (std::vector<std::size_t>{4}));
}

/// Runs work of its own kind, and says what was asked.
template <typename Work>
Outcome run_work(Fail fail, Work work) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    FakeServer server;
    server.fail = [&](const std::string& asked) {
        return fail ? fail(asked, server.count(asked) - 1) : std::nullopt;
    };
    FakeDriver driver(process.host(), server);
    Pool pool(process.host(), driver, {});
    Database database{process.host(), pool, {}, process.host().random("retry")};
    Outcome outcome;
    const auto run_it = [&]() -> Task<> {
        const host::Context context{.deadline = host::deadline_after(process.host(), 10s)};
        outcome.result = co_await run_transaction<QueryResult>(database, context, work);
    };
    process.tasks().spawn(run_it());
    kernel.run_until(host::TimePoint{1h});
    outcome.asked = server.asked;
    outcome.batches = server.batches;
    return outcome;
}

TEST(Transaction, ThatAsksNothingCostsNothing) {
    const Outcome outcome =
        run_work({}, [](Transaction&) -> Task<Result<QueryResult>> { co_return QueryResult{}; });
    EXPECT_TRUE(outcome.result);
    EXPECT_EQ(outcome.asked, Asked{"connect"});
}

TEST(Transaction, SeveralStatementsGoTogetherAndAreParsedOnce) {
    const auto twice_and_a_text = [](Transaction& transaction) -> Task<Result<QueryResult>> {
        std::vector<Call> calls;
        calls.push_back({write, {"1"}});
        calls.push_back({write, {"2"}});
        const BatchResult results = co_await transaction.execute_all(std::move(calls));
        EXPECT_TRUE(results.has_value());
        if (results) EXPECT_EQ(results->size(), 2u);
        co_return co_await transaction.query("SELECT 1; SELECT 2");
    };
    const Outcome outcome = run_work({}, twice_and_a_text);
    EXPECT_TRUE(outcome.result);
    EXPECT_EQ(outcome.asked, (Asked{"connect", "query BEGIN", "prepare write", "execute write",
                                    "execute write", "query SELECT 1; SELECT 2", "query COMMIT"}));
    EXPECT_EQ(outcome.batches, (std::vector<std::size_t>{4}));
}

// What the work then does must not run outside a transaction, nor be told as committed.
TEST(Transaction, WorkThatOverlooksThatItHasNotBegunFails) {
    const auto overlook = [](Transaction& transaction) -> Task<Result<QueryResult>> {
        (void)co_await transaction.execute(write, {});
        co_return QueryResult{};
    };
    const Outcome outcome = run_work(always("query BEGIN", server_error("53200")), overlook);
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.result.error().cause.sqlstate, "53200");
    EXPECT_EQ(outcome.result.error().certainty, Certainty::definite);
    EXPECT_EQ(outcome.asked, (Asked{"connect", "query BEGIN"}));
}

TEST(Transaction, ALostCommitIsIndefiniteAndNeverRepeated) {
    for (const Error& error :
         {lost, Error{.kind = ErrorKind::deadline_exceeded}, Error{.kind = ErrorKind::protocol},
          server_error("57P01", true), server_error("08007"), server_error("57014")}) {
        const Outcome outcome = run(always("query COMMIT", error));
        ASSERT_FALSE(outcome.result);
        EXPECT_EQ(outcome.result.error().certainty, Certainty::indefinite) << error.sqlstate;
        EXPECT_EQ(outcome.count("query BEGIN"), 1u);
        EXPECT_EQ(outcome.count("query COMMIT"), 1u);
    }
}

TEST(Transaction, ACommitThatTheServerRefusedIsDefinite) {
    const Outcome outcome = run(always("query COMMIT", server_error("23503")));
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.result.error().certainty, Certainty::definite);
    EXPECT_EQ(outcome.count("query BEGIN"), 1u);
}

TEST(Transaction, ACommitAnsweredByRollbackIsAFailure) {
    // A server whose transaction failed behind the client's back.
    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    FakeServer server;
    server.answer = [](const std::string& asked, const Parameters&) {
        return QueryResult{
            .columns = {}, .rows = {}, .command_tag = asked == "query COMMIT" ? "ROLLBACK" : ""};
    };
    FakeDriver driver(process.host(), server);
    Pool pool(process.host(), driver, {});
    Database database{process.host(), pool, {}, process.host().random("retry")};
    Outcome outcome;
    process.tasks().spawn(run_it(database, 10s, false, outcome));
    kernel.run_until(host::TimePoint{1h});
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.result.error().certainty, Certainty::definite);
}

TEST(Transaction, WhatPostgresqlGaveUpIsTriedAgain) {
    for (const char* sqlstate : {"40001", "40P01"}) {
        const Outcome outcome = run(once("execute write", server_error(sqlstate)));
        EXPECT_TRUE(outcome.result);
        EXPECT_EQ(outcome.count("query ROLLBACK"), 1u);
        EXPECT_EQ(outcome.count("query BEGIN"), 2u);
    }
    const Outcome at_commit = run(once("query COMMIT", server_error("40001")));
    EXPECT_TRUE(at_commit.result);
    const Outcome other = run(always("execute write", server_error("23505")));
    EXPECT_EQ(other.count("query BEGIN"), 1u);
    EXPECT_EQ(other.result.error().certainty, Certainty::definite);
}

TEST(Transaction, StalePreparedStatementsAreMadeAnew) {
    for (const char* sqlstate : {"26000", "0A000"}) {
        const Outcome outcome = run(once("execute write", server_error(sqlstate)));
        EXPECT_TRUE(outcome.result) << sqlstate;
        EXPECT_EQ(outcome.count("prepare write"), 2u) << sqlstate;
    }
}

TEST(Transaction, WhatWouldOnlyFailAgainIsNotTriedAgain) {
    const Error refused{.kind = ErrorKind::cannot_connect, .sqlstate = "28P01"};
    const Outcome outcome = run(always("connect", refused));
    EXPECT_EQ(outcome.count("connect"), 1u);
    EXPECT_FALSE(is_worth_retrying({.kind = ErrorKind::turned_away}));
    EXPECT_EQ(commit_certainty({.kind = ErrorKind::turned_away}), Certainty::definite);
}

TEST(Transaction, AttemptsAreBounded) {
    const Outcome outcome =
        run(always("execute write", server_error("40001")), 10s, false, {.max_attempts = 3});
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.count("execute write"), 3u);
    EXPECT_EQ(outcome.result.error().cause.sqlstate, "40001");
}

Task<> run_one_after_the_other(Database& database, int transactions, int reads) {
    const auto context = [&database] {
        return host::Context{.deadline = host::deadline_after(database.host, 10s)};
    };
    for (int i = 0; i < transactions; ++i) {
        (void)co_await run_transaction<QueryResult>(
            database, context(),
            [](Transaction& transaction) { return transaction.execute(write, {}); });
    }
    for (int i = 0; i < reads; ++i)
        (void)co_await run_read(database, context(), write, {});
}

/// How often a server is asked that answers with the errors one after the other, the last of them
/// again and again; with a budget of ten tokens.
std::size_t times_asked(const std::vector<Error>& errors, int transactions, int reads) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    FakeServer server;
    server.fail = [&](const std::string& asked) -> std::optional<Error> {
        if (asked != "execute write") return std::nullopt;
        return errors[std::min(server.count(asked), errors.size()) - 1];
    };
    FakeDriver driver(process.host(), server);
    Pool pool(process.host(), driver, {});
    Database database{process.host(),
                      pool,
                      {.max_attempts = 10},
                      process.host().random("retry"),
                      reliability::RetryBudget({.tokens = 10})};
    process.tasks().spawn(run_one_after_the_other(database, transactions, reads));
    kernel.run_until(host::TimePoint{1h});
    EXPECT_EQ(process.tasks().size(), 0u);
    return server.count("execute write");
}

TEST(Transaction, TheRetryBudgetIsOneForAllOfThem) {
    // Half the bucket: four failures leave more than half of it.
    const Error conflict = server_error("40001");
    EXPECT_EQ(times_asked({conflict}, 20, 0), 20u + 4u);
    EXPECT_EQ(times_asked({conflict}, 0, 20), 20u + 4u);
    EXPECT_EQ(times_asked({conflict}, 10, 10), 20u + 4u);
    // A caller's own errors are not tried again, and cost nothing.
    std::vector<Error> errors(10, server_error("23505"));
    EXPECT_EQ(times_asked(errors, 20, 0), 20u);
    errors.push_back(conflict);
    EXPECT_EQ(times_asked(errors, 30, 0), 30u + 4u);
}

TEST(Transaction, RetriesEndAtTheDeadline) {
    const Outcome outcome = run(always("execute write", server_error("40001")), 500ms, false,
                                {.max_attempts = 1000, .base = 100ms});
    ASSERT_FALSE(outcome.result);
    EXPECT_LE(outcome.took, 500ms);
    EXPECT_GT(outcome.count("execute write"), 2u);
}

TEST(Transaction, AConnectionLostBeforeCommitIsDefiniteAndTriedAgain) {
    for (const char* moment : {"query BEGIN", "prepare write", "execute write", "connect"}) {
        Error error = lost;
        if (std::string_view{moment} == "connect") error.kind = ErrorKind::cannot_connect;
        const Outcome passing = run(once(moment, error));
        EXPECT_TRUE(passing.result) << moment;
        const Outcome lasting = run(always(moment, error));
        ASSERT_FALSE(lasting.result) << moment;
        EXPECT_EQ(lasting.result.error().certainty, Certainty::definite) << moment;
        EXPECT_EQ(lasting.count("query COMMIT"), 0u) << moment;
    }
}

TEST(Transaction, AShortDeadlineReachesTheServer) {
    const Outcome outcome = run({}, 1s);
    EXPECT_TRUE(outcome.result);
    // One millisecond went by to connect.
    EXPECT_EQ(outcome.count("query SET LOCAL statement_timeout = 999"), 1u);
}

TEST(Transaction, WorkThatGivesUpIsRolledBackAndStillAnswers) {
    const Outcome outcome = run({}, 10s, true);
    EXPECT_TRUE(outcome.result);
    EXPECT_EQ(outcome.count("query COMMIT"), 0u);
    EXPECT_EQ(outcome.count("query ROLLBACK"), 1u);
    EXPECT_EQ(outcome.idle, 1u);
}

}  // namespace
}  // namespace atlas::sql

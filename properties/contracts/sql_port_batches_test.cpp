// The contract of the SQL port: batches, in PostgreSQL's pipeline mode. All of a batch is sent
// before anything of its answer is waited for; it is one transaction, and ends at its first error.

#include "properties/contracts/sql_port_fixture.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using host::Task;
using sql::Batch;
using sql::ErrorKind;
using sql::ExecuteStep;
using sql::PrepareStep;
using sql::QueryStep;
using sql::TransactionStatus;
using sql::Value;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SqlPortBatches : public SqlPort {};

Task<std::vector<sql::QueryResult>> run_batch(SqlCase& sql, SqlCase::Connection& connection,
                                              Batch steps) {
    auto results = co_await connection->run_batch(sql.patient(), std::move(steps));
    if (!results) throw std::runtime_error("batch: " + describe(results.error().cause));
    co_return std::move(*results);
}

Task<sql::BatchError> refuse_batch(SqlCase& sql, SqlCase::Connection& connection, Batch steps) {
    auto results = co_await connection->run_batch(sql.patient(), std::move(steps));
    if (results) throw std::runtime_error("a batch succeeded that must not");
    co_return std::move(results.error());
}

Task<SqlCase::Connection> connect_with_table(SqlCase& sql) {
    auto connection = co_await sql.connect();
    co_await sql.run(connection, "CREATE TABLE t (id int PRIMARY KEY, v text)");
    co_await sql.prepare(connection, "add", "INSERT INTO t VALUES ($1, $2)");
    co_return connection;
}

Task<std::string> count_rows(SqlCase& sql, SqlCase::Connection& connection) {
    const auto counted = co_await sql.run(connection, "SELECT count(*) FROM t");
    co_return counted.rows.front().front().value_or("NULL");
}

TEST_P(SqlPortBatches, AnswerEachStepInOrder) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await connect_with_table(sql);
        const auto results = co_await run_batch(
            sql, connection,
            {ExecuteStep{"add", {"1", "one"}}, PrepareStep{"get", "SELECT v FROM t WHERE id = $1"},
             ExecuteStep{"get", {"1"}}, ExecuteStep{"get", {"2"}},
             QueryStep{"INSERT INTO t VALUES (2, NULL), (3, '')"}, ExecuteStep{"get", {"2"}},
             QueryStep{""}, ExecuteStep{"get", {"3"}}});
        EXPECT_THAT(results, SizeIs(8));
        if (results.size() != 8) co_return;
        EXPECT_EQ(results[0].command_tag, "INSERT 0 1");
        EXPECT_EQ(results[1].command_tag, "");
        EXPECT_THAT(results[2].rows, ElementsAre(ElementsAre(Value("one"))));
        EXPECT_THAT(results[2].columns, ElementsAre(sql::Column{"v", 25}));
        EXPECT_THAT(results[3].rows, IsEmpty());
        EXPECT_THAT(results[3].columns, SizeIs(1));
        EXPECT_EQ(results[4].affected_rows(), 2u);
        EXPECT_THAT(results[5].rows, ElementsAre(ElementsAre(Value())));
        EXPECT_EQ(results[6].command_tag, "");
        EXPECT_THAT(results[7].rows, ElementsAre(ElementsAre(Value(""))));
        EXPECT_EQ(connection->transaction_status(), TransactionStatus::idle);
        // Prepared in a batch or not, a statement is the session's.
        co_await sql.execute(connection, "get", {"1"});
        auto other = co_await sql.connect();
        EXPECT_EQ(co_await count_rows(sql, other), "3");
        EXPECT_THAT(co_await run_batch(sql, connection, {}), IsEmpty());
    });
}

TEST_P(SqlPortBatches, AnErrorUndoesWhatWasBeforeAndSkipsTheRest) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await connect_with_table(sql);
        const auto error = co_await refuse_batch(
            sql, connection,
            {ExecuteStep{"add", {"1", "one"}}, QueryStep{"SELECT v FROM t"},
             ExecuteStep{"add", {"1", "again"}}, ExecuteStep{"add", {"2", "two"}},
             PrepareStep{"late", "SELECT 1"}, QueryStep{"SELECT 1"}});
        EXPECT_EQ(error.cause.sqlstate, "23505");
        EXPECT_EQ(error.cause.constraint, "t_pkey");
        EXPECT_EQ(error.cause.certainty(), host::Certainty::definite);
        EXPECT_THAT(error.before, SizeIs(2));
        if (error.before.size() == 2)
            EXPECT_THAT(error.before[1].rows, ElementsAre(ElementsAre(Value("one"))));
        EXPECT_TRUE(connection->is_usable());
        EXPECT_EQ(connection->transaction_status(), TransactionStatus::idle);
        EXPECT_EQ(co_await count_rows(sql, connection), "0");
        const auto late = co_await connection->execute_prepared(sql.patient(), "late", {});
        EXPECT_FALSE(late.has_value());
        if (!late) EXPECT_EQ(late.error().sqlstate, "26000");
        co_await run_batch(sql, connection, {ExecuteStep{"add", {"1", "one"}}});
        EXPECT_EQ(co_await count_rows(sql, connection), "1");
    });
}

TEST_P(SqlPortBatches, EachWayToFailIsFoundAtItsStep) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await connect_with_table(sql);
        const ExecuteStep good{"add", {"1", "one"}};
        const std::vector<std::pair<sql::Step, std::string>> bad = {
            {QueryStep{"SELEC 1"}, "42601"},
            {PrepareStep{"other", "SELECT * FROM nowhere"}, "42P01"},
            {PrepareStep{"add", "SELECT 1"}, "42P05"},
            {QueryStep{"SELECT 1; SELECT 2"}, "42601"},
            {ExecuteStep{"nothing", {}}, "26000"},
            {ExecuteStep{"add", {"2"}}, "08P01"},
            {ExecuteStep{"add", {"two", "two"}}, "22P02"},
        };
        for (const auto& [step, sqlstate] : bad) {
            Batch steps;
            steps.emplace_back(good);
            steps.push_back(step);
            steps.emplace_back(QueryStep{"SELECT 1"});
            const auto error = co_await refuse_batch(sql, connection, std::move(steps));
            EXPECT_EQ(error.cause.sqlstate, sqlstate);
            EXPECT_THAT(error.before, SizeIs(1)) << sqlstate;
            EXPECT_TRUE(connection->is_usable());
            EXPECT_EQ(co_await count_rows(sql, connection), "0");
        }
    });
}

TEST_P(SqlPortBatches, AnErrorFailsTheBlockAroundIt) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await connect_with_table(sql);
        co_await sql.run(connection, "BEGIN");
        co_await run_batch(sql, connection, {ExecuteStep{"add", {"1", "one"}}});
        EXPECT_EQ(connection->transaction_status(), TransactionStatus::in_transaction);
        auto error = co_await refuse_batch(
            sql, connection, {ExecuteStep{"add", {"2", "two"}}, ExecuteStep{"add", {"1", "one"}}});
        EXPECT_EQ(error.cause.sqlstate, "23505");
        EXPECT_EQ(connection->transaction_status(), TransactionStatus::failed);
        error = co_await refuse_batch(sql, connection, {QueryStep{"SELECT 1"}});
        EXPECT_EQ(error.cause.sqlstate, "25P02");
        EXPECT_THAT(error.before, IsEmpty());
        co_await sql.run(connection, "ROLLBACK");
        EXPECT_EQ(co_await count_rows(sql, connection), "0");
    });
}

TEST_P(SqlPortBatches, ABlockCanBeginInOne) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await connect_with_table(sql);
        const auto results = co_await run_batch(
            sql, connection,
            {QueryStep{"BEGIN"}, QueryStep{"SET LOCAL statement_timeout = 12345"},
             PrepareStep{"show", "SHOW statement_timeout"}, ExecuteStep{"show", {}},
             ExecuteStep{"add", {"1", "one"}}});
        EXPECT_THAT(results, SizeIs(5));
        if (results.size() != 5) co_return;
        EXPECT_EQ(results[0].command_tag, "BEGIN");
        EXPECT_THAT(results[3].rows, ElementsAre(ElementsAre(Value("12345ms"))));
        EXPECT_EQ(connection->transaction_status(), TransactionStatus::in_transaction);
        auto other = co_await sql.connect();
        EXPECT_EQ(co_await count_rows(sql, other), "0");
        const auto committed = co_await sql.run(connection, "COMMIT");
        EXPECT_EQ(committed.command_tag, "COMMIT");
        EXPECT_EQ(co_await count_rows(sql, other), "1");
        const auto shown = co_await sql.run(connection, "SHOW statement_timeout");
        EXPECT_NE(shown.rows.front().front(), Value("12345ms"));
        const auto error = co_await refuse_batch(
            sql, connection, {QueryStep{"BEGIN"}, ExecuteStep{"add", {"1", "one"}}});
        EXPECT_EQ(error.cause.sqlstate, "23505");
        EXPECT_EQ(connection->transaction_status(), TransactionStatus::failed);
        co_await sql.run(connection, "ROLLBACK");
    });
}

// More than the buffers between client and server take, in both directions: a client that only
// wrote, to a server that only wrote, would wait for ever.
TEST_P(SqlPortBatches, MuchCanBeSentAndAnsweredAtOnce) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.prepare(connection, "echo", "SELECT $1::text, repeat($1::text, 2)");
        constexpr std::size_t size = 64 * 1024;
        Batch steps;
        for (std::size_t i = 0; i < 120; ++i)
            steps.emplace_back(ExecuteStep{"echo", {std::string(size, "abcdefghijk"[i % 11])}});
        const auto results = co_await run_batch(sql, connection, steps);
        EXPECT_THAT(results, SizeIs(steps.size()));
        for (std::size_t i = 0; i < results.size(); ++i) {
            const auto& row = results[i].rows.at(0);
            EXPECT_TRUE(row.at(0) == std::get<ExecuteStep>(steps[i]).parameters[0]);
            EXPECT_EQ(row.at(1).value_or("").size(), 2 * size);
        }
        co_await sql.run(connection, "SELECT 1");
    });
}

TEST_P(SqlPortBatches, ManyCanBeInOne) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await connect_with_table(sql);
        Batch steps;
        for (std::size_t i = 0; i < sql::most_batch_steps; ++i)
            steps.emplace_back(ExecuteStep{"add", {std::to_string(i), std::to_string(i)}});
        EXPECT_THAT(co_await run_batch(sql, connection, steps), SizeIs(steps.size()));
        EXPECT_EQ(co_await count_rows(sql, connection), std::to_string(steps.size()));
        steps.emplace_back(QueryStep{"SELECT 1"});
        const auto error = co_await refuse_batch(sql, connection, std::move(steps));
        EXPECT_EQ(error.cause.sqlstate, "54000");
    });
}

TEST_P(SqlPortBatches, SomeAreRefusedUnsent) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await connect_with_table(sql);
        const std::vector<std::pair<sql::Step, std::string>> bad = {
            {QueryStep{"COMMIT"}, "0A000"},
            {QueryStep{" commit "}, "0A000"},
            {PrepareStep{"end", "end"}, "0A000"},
            {QueryStep{"ROLLBACK"}, "0A000"},
            {QueryStep{"COPY t FROM STDIN"}, "0A000"},
            {QueryStep{"COPY t TO STDOUT"}, "0A000"},
            {QueryStep{std::string("SELECT '\0'", 10)}, "22021"},
            {ExecuteStep{"add", {"1", std::string(1, '\0')}}, "22021"},
            {ExecuteStep{"add", {"1", std::string(sql::most_batch_bytes, 'x')}}, "54000"},
        };
        for (const auto& [step, sqlstate] : bad) {
            Batch steps;
            steps.emplace_back(ExecuteStep{"add", {"1", "one"}});
            steps.push_back(step);
            const auto error = co_await refuse_batch(sql, connection, std::move(steps));
            EXPECT_EQ(error.cause.sqlstate, sqlstate);
            EXPECT_EQ(error.cause.certainty(), host::Certainty::definite);
            EXPECT_THAT(error.before, IsEmpty());
        }
        EXPECT_TRUE(connection->is_usable());
        EXPECT_EQ(co_await count_rows(sql, connection), "0");
    });
}

/// A batch whose second step waits for a lock that somebody else holds.
struct WaitingBatch {
    SqlCase::Connection holder;
    SqlCase::Connection waiter;
    Batch steps;
};

Task<WaitingBatch> wait_in_the_middle(SqlCase& sql) {
    WaitingBatch waiting;
    waiting.holder = co_await connect_with_table(sql);
    co_await sql.run(waiting.holder, "INSERT INTO t VALUES (1, 'one')");
    co_await sql.run(waiting.holder, "BEGIN");
    co_await sql.run(waiting.holder, "UPDATE t SET v = 'held' WHERE id = 1");
    waiting.waiter = co_await sql.connect();
    waiting.steps = {QueryStep{"INSERT INTO t VALUES (2, 'two')"},
                     QueryStep{"UPDATE t SET v = 'changed' WHERE id = 1"},
                     QueryStep{"INSERT INTO t VALUES (3, 'three')"}};
    co_return waiting;
}

Task<> run_and_keep(SqlCase& sql, sql::Connection& connection, Batch steps,
                    std::optional<sql::BatchResult>& result, host::Event& ended) {
    result = co_await connection.run_batch(sql.patient(), std::move(steps));
    ended.set();
}

TEST_P(SqlPortBatches, ACancelEndsTheStepUnderWay) {
    run([](SqlCase& sql) -> Task<> {
        WaitingBatch waiting = co_await wait_in_the_middle(sql);
        std::optional<sql::BatchResult> result;
        host::Event ended(sql.host());
        const auto body = [&](host::TaskGroup& tasks) -> Task<> {
            tasks.spawn(run_and_keep(sql, *waiting.waiter, waiting.steps, result, ended));
            co_await sql.let_others_run();
            EXPECT_FALSE(result.has_value());
            (void)co_await waiting.waiter->request_cancel(sql.patient());
            co_await ended.wait();
        };
        co_await host::with_task_group(sql.host(), body);
        EXPECT_FALSE(result->has_value());
        if (!*result) {
            EXPECT_EQ(result->error().cause.sqlstate, "57014");
            EXPECT_THAT(result->error().before, SizeIs(1));
        }
        EXPECT_TRUE(waiting.waiter->is_usable());
        EXPECT_EQ(co_await count_rows(sql, waiting.waiter), "1");
        co_await sql.run(waiting.holder, "COMMIT");
        co_await run_batch(sql, waiting.waiter, waiting.steps);
        EXPECT_EQ(co_await count_rows(sql, waiting.waiter), "3");
    });
}

TEST_P(SqlPortBatches, ATimeLimitIsForEachStep) {
    run([](SqlCase& sql) -> Task<> {
        WaitingBatch waiting = co_await wait_in_the_middle(sql);
        co_await sql.run(waiting.waiter, "SET lock_timeout = '100ms'");
        const auto error = co_await refuse_batch(sql, waiting.waiter, waiting.steps);
        EXPECT_EQ(error.cause.sqlstate, "55P03");
        EXPECT_THAT(error.before, SizeIs(1));
        co_await sql.run(waiting.waiter, "SET statement_timeout = '1500ms'");
        const auto slept =
            co_await run_batch(sql, waiting.waiter,
                               {QueryStep{"SELECT pg_sleep(1)"}, QueryStep{"SELECT pg_sleep(1)"}});
        EXPECT_THAT(slept, SizeIs(2));
    });
}

TEST_P(SqlPortBatches, ADeadlineInTheMiddleIsIndefiniteAndDropsTheConnection) {
    run([](SqlCase& sql) -> Task<> {
        WaitingBatch waiting = co_await wait_in_the_middle(sql);
        auto late = co_await waiting.waiter->run_batch(sql.within(100ms), waiting.steps);
        EXPECT_FALSE(late.has_value());
        if (!late) {
            EXPECT_EQ(late.error().cause.kind, ErrorKind::deadline_exceeded);
            EXPECT_EQ(late.error().cause.certainty(), host::Certainty::indefinite);
        }
        EXPECT_FALSE(waiting.waiter->is_usable());
        late = co_await waiting.waiter->run_batch(sql.patient(), waiting.steps);
        EXPECT_FALSE(late.has_value());
        if (!late) EXPECT_EQ(late.error().cause.kind, ErrorKind::connection_lost);
        auto in_time = co_await sql.connect();
        late = co_await in_time->run_batch(sql.within(0ms), waiting.steps);
        EXPECT_FALSE(late.has_value());
        if (!late) EXPECT_EQ(late.error().cause.kind, ErrorKind::deadline_exceeded);
    });
}

TEST_P(SqlPortBatches, AConnectionClosedInTheMiddleIsIndefinite) {
    run([](SqlCase& sql) -> Task<> {
        WaitingBatch waiting = co_await wait_in_the_middle(sql);
        std::optional<sql::BatchResult> result;
        host::Event ended(sql.host());
        const auto body = [&](host::TaskGroup& tasks) -> Task<> {
            tasks.spawn(run_and_keep(sql, *waiting.waiter, waiting.steps, result, ended));
            co_await sql.let_others_run();
            waiting.waiter->close();
            co_await ended.wait();
        };
        co_await host::with_task_group(sql.host(), body);
        EXPECT_FALSE(result->has_value());
        if (!*result) {
            EXPECT_EQ(result->error().cause.kind, ErrorKind::connection_lost);
            EXPECT_EQ(result->error().cause.certainty(), host::Certainty::indefinite);
        }
        EXPECT_FALSE(waiting.waiter->is_usable());
    });
}

TEST_P(SqlPortBatches, AServerThatDiesInTheMiddleLeavesNothingOfIt) {
    if (!can_crash()) GTEST_SKIP() << "the server lives in the process of its client";
    run([](SqlCase& sql) -> Task<> {
        WaitingBatch waiting = co_await wait_in_the_middle(sql);
        std::optional<sql::BatchResult> result;
        host::Event ended(sql.host());
        const auto body = [&](host::TaskGroup& tasks) -> Task<> {
            tasks.spawn(run_and_keep(sql, *waiting.waiter, waiting.steps, result, ended));
            co_await sql.let_others_run();
            co_await sql.crash_server();
            co_await ended.wait();
        };
        co_await host::with_task_group(sql.host(), body);
        EXPECT_FALSE(result->has_value());
        EXPECT_FALSE(waiting.waiter->is_usable());
        auto after = co_await sql.connect();
        EXPECT_EQ(co_await count_rows(sql, after), "1");
    });
}

// Only PostgreSQL itself has constraints that are checked at the end.
TEST_P(SqlPortBatches, TheCommitAtTheEndMayFail) {
    if (std::get<SqlServer>(GetParam()) == SqlServer::model) {
        GTEST_SKIP() << "the model refuses constraints that are deferred";
    }
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await connect_with_table(sql);
        co_await sql.run(connection,
                         "CREATE TABLE c (id int REFERENCES t DEFERRABLE INITIALLY DEFERRED)");
        const auto error = co_await refuse_batch(
            sql, connection,
            {ExecuteStep{"add", {"1", "one"}}, QueryStep{"INSERT INTO c VALUES (2)"}});
        EXPECT_EQ(error.cause.sqlstate, "23503");
        EXPECT_THAT(error.before, SizeIs(2));
        EXPECT_TRUE(connection->is_usable());
        EXPECT_EQ(connection->transaction_status(), TransactionStatus::idle);
        EXPECT_EQ(co_await count_rows(sql, connection), "0");
        co_await run_batch(sql, connection, {ExecuteStep{"add", {"1", "one"}}});
    });
}

ATLAS_ON_EACH_SQL_PAIR(SqlPortBatches);

}  // namespace
}  // namespace atlas::properties

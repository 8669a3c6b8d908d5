// The contract of the SQL port: two-phase commit. A coordinator relies on that a prepared
// transaction is held, whatever happens to the server, until it says what becomes of it.

#include "properties/contracts/sql_port_fixture.hpp"

namespace atlas::properties {
namespace {

using host::Task;
using sql::TransactionStatus;
using sql::Value;
using testing::ElementsAre;

class SqlPortTwoPhase : public SqlPort {};

Task<> make_table(SqlCase& sql, SqlCase::Connection& connection) {
    co_await sql.run(connection, "CREATE TABLE t (id int PRIMARY KEY, v int)");
    co_await sql.run(connection, "INSERT INTO t VALUES (1, 1), (2, 2)");
}

Task<> prepare(SqlCase& sql, SqlCase::Connection& connection, std::string statement,
               std::string gid) {
    co_await sql.run(connection, "BEGIN");
    if (!statement.empty()) co_await sql.run(connection, statement);
    const auto prepared = co_await sql.run(connection, "PREPARE TRANSACTION '" + gid + "'");
    EXPECT_EQ(prepared.command_tag, "PREPARE TRANSACTION");
    EXPECT_EQ(connection->transaction_status(), TransactionStatus::idle);
}

// Identifiers are the whole server's: each case has its own.
std::string gid_of(SqlCase& sql, std::string_view name) {
    return sql.target().database + "/" + std::string(name);
}

TEST_P(SqlPortTwoPhase, NobodySeesItUntilSomebodyElseCommitsIt) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        auto two = co_await sql.connect();
        co_await make_table(sql, one);
        const std::string gid = gid_of(sql, "a");
        co_await prepare(sql, one, "UPDATE t SET v = 10 WHERE id = 1", gid);
        auto rows = co_await sql.run(one, "SELECT v FROM t ORDER BY id");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("1")), ElementsAre(Value("2"))));
        rows = co_await sql.run(
            two, "SELECT gid, owner FROM pg_prepared_xacts WHERE gid = '" + gid + "'");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value(gid), Value("atlas"))));
        Started waiting = sql.start(two, "UPDATE t SET v = v + 1 WHERE id = 1");
        co_await sql.let_others_run();
        EXPECT_FALSE(waiting.has_ended());
        const auto done = co_await sql.run(one, "COMMIT PREPARED '" + gid + "'");
        EXPECT_EQ(done.command_tag, "COMMIT PREPARED");
        co_await waiting.outcome();
        rows = co_await sql.run(two, "SELECT v FROM t WHERE id = 1");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("11"))));
        rows = co_await sql.run(two, "SELECT gid FROM pg_prepared_xacts WHERE gid = '" + gid + "'");
        EXPECT_TRUE(rows.rows.empty());
    });
}

TEST_P(SqlPortTwoPhase, ARollbackLeavesNothing) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        co_await make_table(sql, one);
        const std::string gid = gid_of(sql, "a");
        co_await prepare(sql, one, "DELETE FROM t", gid);
        const auto done = co_await sql.run(one, "ROLLBACK PREPARED '" + gid + "'");
        EXPECT_EQ(done.command_tag, "ROLLBACK PREPARED");
        const auto rows = co_await sql.run(one, "SELECT count(*) FROM t");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("2"))));
    });
}

TEST_P(SqlPortTwoPhase, OutsideABlockAndInAFailedOneItIsARollback) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        auto result = co_await sql.run(one, "PREPARE TRANSACTION 'none'");
        EXPECT_EQ(result.command_tag, "ROLLBACK");
        co_await sql.run(one, "BEGIN");
        co_await sql.refuse(one, "SELECT 1 / 0");
        result = co_await sql.run(one, "PREPARE TRANSACTION 'none'");
        EXPECT_EQ(result.command_tag, "ROLLBACK");
        EXPECT_EQ(one->transaction_status(), TransactionStatus::idle);
    });
}

TEST_P(SqlPortTwoPhase, WhatHasNotifiedCannotBePrepared) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        for (const std::string statement : {"NOTIFY channel", "LISTEN channel"}) {
            co_await sql.run(one, "BEGIN");
            co_await sql.run(one, statement);
            const auto error =
                co_await sql.refuse(one, "PREPARE TRANSACTION '" + gid_of(sql, "a") + "'");
            EXPECT_EQ(error.sqlstate, "0A000");
            EXPECT_EQ(error.message,
                      "cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY");
            EXPECT_EQ(one->transaction_status(), TransactionStatus::idle);
        }
    });
}

TEST_P(SqlPortTwoPhase, WhoIsPreparedHasItsPlaceInTheOrder) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        auto two = co_await sql.connect();
        co_await make_table(sql, one);
        for (auto* connection : {&one, &two}) {
            co_await sql.run(*connection, "BEGIN ISOLATION LEVEL SERIALIZABLE");
            co_await sql.run(*connection, "SELECT sum(v) FROM t");
        }
        co_await sql.run(one, "UPDATE t SET v = 0 WHERE id = 1");
        co_await sql.run(two, "UPDATE t SET v = 0 WHERE id = 2");
        const std::string gid = gid_of(sql, "a");
        co_await sql.run(one, "PREPARE TRANSACTION '" + gid + "'");
        // Each has read what the other overwrites; the one that is prepared may not fail any more.
        const auto error = co_await sql.refuse(two, "COMMIT");
        EXPECT_EQ(error.sqlstate, "40001");
        co_await sql.run(one, "COMMIT PREPARED '" + gid + "'");
    });
}

TEST_P(SqlPortTwoPhase, EachMistakeHasItsOwnError) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        auto two = co_await sql.connect();
        co_await make_table(sql, one);
        const std::string gid = gid_of(sql, "a");
        co_await prepare(sql, one, "", gid);

        auto error = co_await sql.refuse(one, "COMMIT PREPARED 'nobody'");
        EXPECT_EQ(error.sqlstate, "42704");
        EXPECT_EQ(error.message, "prepared transaction with identifier \"nobody\" does not exist");

        co_await sql.run(two, "BEGIN");
        co_await sql.run(two, "INSERT INTO t VALUES (3, 3)");
        error = co_await sql.refuse(two, "PREPARE TRANSACTION '" + gid + "'");
        EXPECT_EQ(error.sqlstate, "42710");
        EXPECT_EQ(error.message, "transaction identifier \"" + gid + "\" is already in use");
        // The transaction is gone, block and all.
        EXPECT_EQ(two->transaction_status(), TransactionStatus::idle);
        const auto rows = co_await sql.run(two, "SELECT count(*) FROM t");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("2"))));

        co_await sql.run(two, "BEGIN");
        error = co_await sql.refuse(two, "COMMIT PREPARED '" + gid + "'");
        EXPECT_EQ(error.sqlstate, "25001");
        EXPECT_EQ(error.message, "COMMIT PREPARED cannot run inside a transaction block");
        co_await sql.run(two, "ROLLBACK");
        error = co_await sql.refuse(two, "SELECT 1; ROLLBACK PREPARED '" + gid + "'");
        EXPECT_EQ(error.sqlstate, "25001");
        EXPECT_EQ(error.message, "ROLLBACK PREPARED cannot run inside a transaction block");

        co_await sql.run(two, "BEGIN");
        error = co_await sql.refuse(two, "PREPARE TRANSACTION '" + std::string(200, 'x') + "'");
        EXPECT_EQ(error.sqlstate, "22023");
        EXPECT_EQ(two->transaction_status(), TransactionStatus::idle);

        co_await sql.run(two, "SELECT pg_advisory_lock(77)");
        co_await sql.run(two, "BEGIN");
        co_await sql.run(two, "SELECT pg_advisory_xact_lock(77)");
        error = co_await sql.refuse(two, "PREPARE TRANSACTION 'both'");
        EXPECT_EQ(error.sqlstate, "0A000");
        EXPECT_EQ(error.message,
                  "cannot PREPARE while holding both session-level and transaction-level locks on "
                  "the same object");
        co_await sql.run(one, "ROLLBACK PREPARED '" + gid + "'");
    });
}

TEST_P(SqlPortTwoPhase, ACrashDecidesNothing) {
    if (!can_crash()) GTEST_SKIP() << "this server cannot be crashed alone";
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        co_await make_table(sql, one);
        const std::string kept = gid_of(sql, "kept");
        const std::string dropped = gid_of(sql, "dropped");
        co_await prepare(sql, one, "UPDATE t SET v = 10 WHERE id = 1", kept);
        co_await prepare(sql, one, "SELECT v FROM t WHERE id = 2 FOR UPDATE", dropped);
        co_await sql.run(one, "BEGIN");
        co_await sql.run(one, "INSERT INTO t VALUES (3, 3)");
        one.reset();
        co_await sql.crash_server();

        auto two = co_await sql.connect();
        auto three = co_await sql.connect();
        auto rows = co_await sql.run(two, "SELECT id, v FROM t ORDER BY id");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("1"), Value("1")),
                                           ElementsAre(Value("2"), Value("2"))));
        rows = co_await sql.run(two, "SELECT v FROM t ORDER BY id FOR UPDATE SKIP LOCKED");
        EXPECT_TRUE(rows.rows.empty());
        Started waiting = sql.start(three, "UPDATE t SET v = v + 1");
        co_await sql.let_others_run();
        EXPECT_FALSE(waiting.has_ended());
        co_await sql.run(two, "COMMIT PREPARED '" + kept + "'");
        co_await sql.run(two, "ROLLBACK PREPARED '" + dropped + "'");
        co_await waiting.outcome();
        rows = co_await sql.run(two, "SELECT id, v FROM t ORDER BY id");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("1"), Value("11")),
                                           ElementsAre(Value("2"), Value("3"))));
    });
}

TEST_P(SqlPortTwoPhase, ACrashForgetsNothingOfWhatASerializableOneHasRead) {
    if (!can_crash()) GTEST_SKIP() << "this server cannot be crashed alone";
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        co_await make_table(sql, one);
        const std::string gid = gid_of(sql, "a");
        co_await sql.run(one, "BEGIN ISOLATION LEVEL SERIALIZABLE");
        co_await sql.run(one, "SELECT v FROM t WHERE id = 1");
        co_await sql.run(one, "UPDATE t SET v = 0 WHERE id = 2");
        co_await sql.run(one, "PREPARE TRANSACTION '" + gid + "'");
        one.reset();
        co_await sql.crash_server();

        auto two = co_await sql.connect();
        co_await sql.run(two, "BEGIN ISOLATION LEVEL SERIALIZABLE");
        // What it reads the prepared one has overwritten.
        const auto error = co_await sql.refuse(two, "SELECT v FROM t WHERE id = 2");
        EXPECT_EQ(error.sqlstate, "40001");
        EXPECT_EQ(error.detail, "Reason code: Canceled on conflict out to old pivot.");
        co_await sql.run(two, "ROLLBACK");
        co_await sql.run(two, "COMMIT PREPARED '" + gid + "'");
        co_await sql.run(two, "BEGIN ISOLATION LEVEL SERIALIZABLE");
        co_await sql.run(two, "SELECT v FROM t WHERE id = 2");
        co_await sql.run(two, "UPDATE t SET v = 0 WHERE id = 1");
        co_await sql.run(two, "COMMIT");
    });
}

ATLAS_ON_EACH_SQL_PAIR(SqlPortTwoPhase);

}  // namespace
}  // namespace atlas::properties

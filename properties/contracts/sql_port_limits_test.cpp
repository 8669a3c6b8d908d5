// The contract of the SQL port: time limits of the server and of the caller, and cancelling.

#include "properties/contracts/sql_port_fixture.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using host::Task;
using sql::ErrorKind;
using sql::TransactionStatus;

class SqlPortLimits : public SqlPort {};

/// Two sessions, the second of which will have to wait for the first.
struct Blocked {
    SqlCase::Connection holder;
    SqlCase::Connection waiter;
};

const std::string wait_for_row = "UPDATE t SET v = v + 1 WHERE id = 1";

Task<Blocked> hold_a_row(SqlCase& sql, SqlCase::Settings waiter_settings) {
    Blocked blocked;
    blocked.holder = co_await sql.connect();
    co_await sql.run(blocked.holder, "CREATE TABLE t (id int PRIMARY KEY, v int)");
    co_await sql.run(blocked.holder, "INSERT INTO t VALUES (1, 0)");
    co_await sql.run(blocked.holder, "BEGIN");
    co_await sql.run(blocked.holder, "UPDATE t SET v = 10 WHERE id = 1");
    blocked.waiter = co_await sql.connect(std::move(waiter_settings));
    co_return blocked;
}

TEST_P(SqlPortLimits, StatementTimeoutEndsTheStatement) {
    run([](SqlCase& sql) -> Task<> {
        Blocked blocked = co_await hold_a_row(sql, {{"statement_timeout", "100"}});
        const auto error = co_await sql.refuse(blocked.waiter, wait_for_row);
        EXPECT_EQ(error.sqlstate, "57014");
        EXPECT_EQ(error.message, "canceling statement due to statement timeout");
        EXPECT_FALSE(error.fatal);
        EXPECT_TRUE(blocked.waiter->is_usable());
        EXPECT_EQ(blocked.waiter->transaction_status(), TransactionStatus::idle);
    });
}

TEST_P(SqlPortLimits, LockTimeoutEndsTheWait) {
    run([](SqlCase& sql) -> Task<> {
        Blocked blocked = co_await hold_a_row(sql, {{"lock_timeout", "100"}});
        const auto error = co_await sql.refuse(blocked.waiter, wait_for_row);
        EXPECT_EQ(error.sqlstate, "55P03");
        EXPECT_EQ(error.message, "canceling statement due to lock timeout");
        EXPECT_TRUE(blocked.waiter->is_usable());
    });
}

TEST_P(SqlPortLimits, ASettingCanBeOfOneTransactionOnly) {
    run([](SqlCase& sql) -> Task<> {
        Blocked blocked = co_await hold_a_row(sql, {});
        co_await sql.run(blocked.waiter, "BEGIN");
        co_await sql.run(blocked.waiter, "SET LOCAL lock_timeout = '100ms'");
        const auto error = co_await sql.refuse(blocked.waiter, wait_for_row);
        EXPECT_EQ(error.sqlstate, "55P03");
        co_await sql.run(blocked.waiter, "ROLLBACK");
        Started patient = sql.start(blocked.waiter, wait_for_row);
        co_await host::sleep_for(sql.host(), 300ms);
        EXPECT_FALSE(patient.has_ended());
        co_await sql.run(blocked.holder, "COMMIT");
        const auto updated = co_await patient.outcome();
        EXPECT_TRUE(updated.has_value());
    });
}

TEST_P(SqlPortLimits, ASessionIdleInATransactionIsEnded) {
    run([](SqlCase& sql) -> Task<> {
        auto idle = co_await sql.connect({{"idle_in_transaction_session_timeout", "100"}});
        auto other = co_await sql.connect();
        co_await sql.run(other, "CREATE TABLE t (id int PRIMARY KEY, v int)");
        co_await sql.run(other, "INSERT INTO t VALUES (1, 0)");
        co_await sql.run(idle, "BEGIN");
        co_await sql.run(idle, "UPDATE t SET v = 1 WHERE id = 1");
        // Its lock is let go when the server ends it.
        co_await sql.run(other, "UPDATE t SET v = 2 WHERE id = 1");
        co_await sql.let_others_run();
        const auto error = co_await sql.refuse(idle, "COMMIT");
        EXPECT_EQ(error.sqlstate, "25P03");
        EXPECT_EQ(error.message, "terminating connection due to idle-in-transaction timeout");
        EXPECT_TRUE(error.fatal);
        EXPECT_FALSE(idle->is_usable());
    });
}

TEST_P(SqlPortLimits, ADeadlineDropsTheConnection) {
    run([](SqlCase& sql) -> Task<> {
        Blocked blocked = co_await hold_a_row(sql, {});
        const auto late = co_await blocked.waiter->query(sql.within(100ms), wait_for_row);
        EXPECT_FALSE(late.has_value());
        if (!late) {
            EXPECT_EQ(late.error().kind, ErrorKind::deadline_exceeded);
            EXPECT_EQ(late.error().certainty(), host::Certainty::indefinite);
        }
        EXPECT_FALSE(blocked.waiter->is_usable());
        const auto after = co_await blocked.waiter->query(sql.patient(), "SELECT 1");
        EXPECT_FALSE(after.has_value());
        if (!after) EXPECT_EQ(after.error().kind, ErrorKind::connection_lost);
    });
}

TEST_P(SqlPortLimits, ADeadlineThatHasPassedSendsNothing) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        co_await sql.run(one, "CREATE TABLE t (id int)");
        auto two = co_await sql.connect();
        const auto late = co_await two->query(sql.within(0ms), "INSERT INTO t VALUES (1)");
        EXPECT_FALSE(late.has_value());
        if (!late) EXPECT_EQ(late.error().kind, ErrorKind::deadline_exceeded);
        co_await sql.let_others_run();
        const auto rows = co_await sql.run(one, "SELECT id FROM t");
        EXPECT_TRUE(rows.rows.empty());
    });
}

TEST_P(SqlPortLimits, AStatementIsCancelledFromOutside) {
    run([](SqlCase& sql) -> Task<> {
        Blocked blocked = co_await hold_a_row(sql, {});
        Started waiting = sql.start(blocked.waiter, wait_for_row);
        co_await sql.let_others_run();
        EXPECT_FALSE(waiting.has_ended());
        const auto requested = co_await blocked.waiter->request_cancel(sql.patient());
        EXPECT_TRUE(requested.has_value());
        const auto cancelled = co_await waiting.outcome();
        EXPECT_FALSE(cancelled.has_value());
        if (!cancelled) {
            EXPECT_EQ(cancelled.error().sqlstate, "57014");
            EXPECT_EQ(cancelled.error().message, "canceling statement due to user request");
        }
        EXPECT_TRUE(blocked.waiter->is_usable());
        co_await sql.run(blocked.holder, "COMMIT");
        co_await sql.run(blocked.waiter, wait_for_row);
    });
}

TEST_P(SqlPortLimits, CancellingAnIdleSessionDoesNothing) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        const auto requested = co_await connection->request_cancel(sql.patient());
        EXPECT_TRUE(requested.has_value());
        co_await sql.let_others_run();
        co_await sql.run(connection, "SELECT 1");
    });
}

ATLAS_ON_EACH_SQL_PAIR(SqlPortLimits);

}  // namespace
}  // namespace atlas::properties

// The contract of the SQL port: transactions that meet each other. The statements are PostgreSQL's
// business; that they wait, go on and fail as they do there is what the system above relies on.

#include "properties/contracts/sql_port_fixture.hpp"

namespace atlas::properties {
namespace {

using host::Task;
using sql::TransactionStatus;
using sql::Value;
using testing::ElementsAre;

class SqlPortTransactions : public SqlPort {};

Task<> make_accounts(SqlCase& sql, SqlCase::Connection& connection) {
    co_await sql.run(connection, "CREATE TABLE accounts (id int PRIMARY KEY, balance int)");
    co_await sql.run(connection, "INSERT INTO accounts VALUES (1, 100), (2, 100)");
}

TEST_P(SqlPortTransactions, UncommittedWorkIsSeenByNobodyElseAndGoesWithItsConnection) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        auto two = co_await sql.connect();
        co_await make_accounts(sql, one);
        co_await sql.run(one, "BEGIN");
        co_await sql.run(one, "UPDATE accounts SET balance = 0 WHERE id = 1");
        auto seen = co_await sql.run(two, "SELECT balance FROM accounts WHERE id = 1");
        EXPECT_THAT(seen.rows, ElementsAre(ElementsAre(Value("100"))));
        one.reset();
        // Waits, if need be, until the server has noticed.
        co_await sql.run(two, "UPDATE accounts SET balance = balance + 1 WHERE id = 1");
        seen = co_await sql.run(two, "SELECT balance FROM accounts WHERE id = 1");
        EXPECT_THAT(seen.rows, ElementsAre(ElementsAre(Value("101"))));
    });
}

TEST_P(SqlPortTransactions, ReadCommittedLooksAgainAfterAWait) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        auto two = co_await sql.connect();
        co_await make_accounts(sql, one);
        co_await sql.run(one, "BEGIN");
        co_await sql.run(one, "UPDATE accounts SET balance = 30 WHERE id = 1");
        // Takes its snapshot now, waits for the row, and must then judge the new version.
        Started enough =
            sql.start(two, "UPDATE accounts SET balance = balance - 50 WHERE balance >= 50");
        co_await sql.let_others_run();
        EXPECT_FALSE(enough.has_ended());
        co_await sql.run(one, "COMMIT");
        const auto updated = co_await enough.outcome();
        EXPECT_TRUE(updated.has_value());
        if (updated) EXPECT_EQ(updated->command_tag, "UPDATE 1");
        const auto balances = co_await sql.run(one, "SELECT balance FROM accounts ORDER BY id");
        EXPECT_THAT(balances.rows, ElementsAre(ElementsAre(Value("30")), ElementsAre(Value("50"))));
    });
}

TEST_P(SqlPortTransactions, RepeatableReadKeepsItsSnapshotAndTheFirstUpdaterWins) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        auto two = co_await sql.connect();
        co_await make_accounts(sql, one);
        co_await sql.run(two, "BEGIN ISOLATION LEVEL REPEATABLE READ");
        co_await sql.run(two, "SELECT balance FROM accounts WHERE id = 1");
        co_await sql.run(one, "UPDATE accounts SET balance = 1 WHERE id = 1");
        const auto seen = co_await sql.run(two, "SELECT balance FROM accounts WHERE id = 1");
        EXPECT_THAT(seen.rows, ElementsAre(ElementsAre(Value("100"))));
        const auto error =
            co_await sql.refuse(two, "UPDATE accounts SET balance = balance + 1 WHERE id = 1");
        EXPECT_EQ(error.sqlstate, "40001");
        EXPECT_EQ(error.message, "could not serialize access due to concurrent update");
        EXPECT_EQ(two->transaction_status(), TransactionStatus::failed);
        co_await sql.run(two, "ROLLBACK");
    });
}

TEST_P(SqlPortTransactions, AnInserterWaitsForTheOneBeforeIt) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        auto two = co_await sql.connect();
        co_await make_accounts(sql, one);
        for (const std::string end : {"COMMIT", "ROLLBACK"}) {
            co_await sql.run(one, "BEGIN");
            co_await sql.run(one, "INSERT INTO accounts VALUES (3, 1)");
            Started second = sql.start(two, "INSERT INTO accounts VALUES (3, 2)");
            co_await sql.let_others_run();
            EXPECT_FALSE(second.has_ended());
            co_await sql.run(one, end);
            const auto inserted = co_await second.outcome();
            EXPECT_EQ(inserted.has_value(), end == "ROLLBACK");
            if (!inserted) EXPECT_EQ(inserted.error().sqlstate, "23505");
            co_await sql.run(one, "DELETE FROM accounts WHERE id = 3");
        }
    });
}

TEST_P(SqlPortTransactions, OnConflictWaitsToo) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        auto two = co_await sql.connect();
        co_await make_accounts(sql, one);
        co_await sql.run(one, "BEGIN");
        co_await sql.run(one, "INSERT INTO accounts VALUES (3, 1)");
        Started second =
            sql.start(two, "INSERT INTO accounts VALUES (3, 2) ON CONFLICT (id) DO NOTHING");
        co_await sql.let_others_run();
        EXPECT_FALSE(second.has_ended());
        co_await sql.run(one, "COMMIT");
        const auto inserted = co_await second.outcome();
        EXPECT_TRUE(inserted.has_value());
        if (inserted) EXPECT_EQ(inserted->command_tag, "INSERT 0 0");
    });
}

TEST_P(SqlPortTransactions, OneOfADeadlockIsRefusedAndTheOtherGoesOn) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        auto two = co_await sql.connect();
        co_await make_accounts(sql, one);
        co_await sql.run(one, "BEGIN");
        co_await sql.run(two, "BEGIN");
        co_await sql.run(one, "UPDATE accounts SET balance = 1 WHERE id = 1");
        co_await sql.run(two, "UPDATE accounts SET balance = 2 WHERE id = 2");
        Started first = sql.start(one, "UPDATE accounts SET balance = 1 WHERE id = 2");
        Started second = sql.start(two, "UPDATE accounts SET balance = 2 WHERE id = 1");
        // Whichever of the two looks for a deadlock first is the one that is refused; only then can
        // the other go on.
        const auto first_outcome = co_await first.outcome();
        const auto second_outcome = co_await second.outcome();
        EXPECT_NE(first_outcome.has_value(), second_outcome.has_value());
        const auto& refused = first_outcome ? second_outcome : first_outcome;
        auto& loser = first_outcome ? two : one;
        if (!refused) {
            EXPECT_EQ(refused.error().sqlstate, "40P01");
            EXPECT_EQ(refused.error().message, "deadlock detected");
        }
        EXPECT_EQ(loser->transaction_status(), TransactionStatus::failed);
        co_await sql.run(loser, "ROLLBACK");
    });
}

TEST_P(SqlPortTransactions, ARowCanBeLockedForUpdate) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        auto two = co_await sql.connect();
        co_await make_accounts(sql, one);
        co_await sql.run(one, "BEGIN");
        co_await sql.run(one, "SELECT balance FROM accounts WHERE id = 1 FOR UPDATE");
        Started second = sql.start(two, "UPDATE accounts SET balance = balance + 1 WHERE id = 1");
        co_await sql.let_others_run();
        EXPECT_FALSE(second.has_ended());
        co_await sql.run(one, "UPDATE accounts SET balance = 7 WHERE id = 1");
        co_await sql.run(one, "COMMIT");
        const auto updated = co_await second.outcome();
        EXPECT_TRUE(updated.has_value());
        const auto balance = co_await sql.run(one, "SELECT balance FROM accounts WHERE id = 1");
        EXPECT_THAT(balance.rows, ElementsAre(ElementsAre(Value("8"))));
    });
}

ATLAS_ON_EACH_SQL_PAIR(SqlPortTransactions);

}  // namespace
}  // namespace atlas::properties

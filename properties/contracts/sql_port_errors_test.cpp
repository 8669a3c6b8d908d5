// The contract of the SQL port: what a refused statement says, and what it leaves behind.

#include "properties/contracts/sql_port_fixture.hpp"

namespace atlas::properties {
namespace {

using host::Task;
using sql::TransactionStatus;
using sql::Value;
using testing::ElementsAre;

class SqlPortErrors : public SqlPort {};

TEST_P(SqlPortErrors, ADuplicateKeyNamesItsConstraint) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE users (id int PRIMARY KEY, email text)");
        co_await sql.run(connection, "CREATE UNIQUE INDEX users_email_key ON users (email)");
        co_await sql.run(connection, "INSERT INTO users VALUES (1, 'a@example.org')");
        const auto error =
            co_await sql.refuse(connection, "INSERT INTO users VALUES (2, 'a@example.org')");
        EXPECT_EQ(error.sqlstate, "23505");
        EXPECT_EQ(error.constraint, "users_email_key");
        EXPECT_EQ(error.message,
                  "duplicate key value violates unique constraint \"users_email_key\"");
        EXPECT_EQ(error.detail, "Key (email)=(a@example.org) already exists.");
        EXPECT_FALSE(error.fatal);
        EXPECT_EQ(error.certainty(), host::Certainty::definite);
        EXPECT_TRUE(connection->is_usable());
        const auto primary = co_await sql.refuse(connection, "INSERT INTO users VALUES (1, 'b')");
        EXPECT_EQ(primary.sqlstate, "23505");
        EXPECT_EQ(primary.constraint, "users_pkey");
    });
}

TEST_P(SqlPortErrors, OnConflictTurnsADuplicateIntoNothingOrAnUpdate) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE t (id int PRIMARY KEY, v text)");
        co_await sql.run(connection, "INSERT INTO t VALUES (1, 'first')");
        auto result = co_await sql.run(
            connection, "INSERT INTO t VALUES (1, 'second') ON CONFLICT (id) DO NOTHING");
        EXPECT_EQ(result.command_tag, "INSERT 0 0");
        result = co_await sql.run(
            connection,
            "INSERT INTO t VALUES (1, 'third') ON CONFLICT (id) DO UPDATE SET v = excluded.v "
            "RETURNING v");
        EXPECT_EQ(result.command_tag, "INSERT 0 1");
        EXPECT_THAT(result.rows, ElementsAre(ElementsAre(Value("third"))));
        const auto error = co_await sql.refuse(
            connection, "INSERT INTO t VALUES (2, 'x') ON CONFLICT (v) DO NOTHING");
        EXPECT_EQ(error.sqlstate, "42P10");
    });
}

TEST_P(SqlPortErrors, TheServersSettingsAreNotAnybodys) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        auto error = co_await sql.refuse(connection, "ALTER SYSTEM RESET ALL");
        EXPECT_EQ(error.sqlstate, "42501");
        EXPECT_EQ(error.message, "permission denied to perform ALTER SYSTEM RESET ALL");
        error = co_await sql.refuse(connection, "ALTER SYSTEM SET synchronous_standby_names = ''");
        EXPECT_EQ(error.sqlstate, "42501");
        EXPECT_EQ(error.message,
                  "permission denied to set parameter \"synchronous_standby_names\"");
        error = co_await sql.refuse(connection, "CHECKPOINT");
        EXPECT_EQ(error.sqlstate, "42501");
        EXPECT_EQ(error.message,
                  "must be superuser or have privileges of pg_checkpoint to do CHECKPOINT");
    });
}

TEST_P(SqlPortErrors, ACheckpointIsWaitedFor) {
    run([](SqlCase& sql) -> Task<> {
        sql::ConnectionTarget target = sql.target();
        target.user = "postgres";
        auto connection = expect_success(co_await sql.try_connect(std::move(target)), "connect");
        for (const char* statement : {"CHECKPOINT", "CREATE TABLE t (id int)", "CHECKPOINT"}) {
            const auto done = co_await sql.run(connection, statement);
            EXPECT_EQ(done.command_tag, std::string(statement).substr(0, done.command_tag.size()));
        }
        // In a block too, and nothing of it is undone.
        co_await sql.run(connection, "BEGIN READ ONLY");
        co_await sql.run(connection, "CHECKPOINT");
        co_await sql.run(connection, "ROLLBACK");
    });
}

TEST_P(SqlPortErrors, ConstraintsHaveTheirOwnStates) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection,
                         "CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL, "
                         "CONSTRAINT v_is_small CHECK (v < 10))");
        auto error = co_await sql.refuse(connection, "INSERT INTO t VALUES (1, NULL)");
        EXPECT_EQ(error.sqlstate, "23502");
        EXPECT_EQ(error.message,
                  "null value in column \"v\" of relation \"t\" violates not-null constraint");
        error = co_await sql.refuse(connection, "INSERT INTO t VALUES (1, 10)");
        EXPECT_EQ(error.sqlstate, "23514");
        EXPECT_EQ(error.constraint, "v_is_small");
    });
}

TEST_P(SqlPortErrors, ASyntaxErrorSaysWhere) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        auto error = co_await sql.refuse(connection, "SELEC 1");
        EXPECT_EQ(error.sqlstate, "42601");
        EXPECT_EQ(error.message, "syntax error at or near \"SELEC\"");
        EXPECT_EQ(error.position, 1u);
        // Counted in characters, not in bytes.
        error = co_await sql.refuse(connection, "SELECT '\xc3\xbc\xc3\xbc' FROM WHERE");
        EXPECT_EQ(error.sqlstate, "42601");
        EXPECT_EQ(error.position, 18u);
        error = co_await sql.refuse(connection, "SELECT (1");
        EXPECT_EQ(error.message, "syntax error at end of input");
        EXPECT_EQ(error.position, 10u);
    });
}

TEST_P(SqlPortErrors, UnknownNamesAreToldApart) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE t (id int)");
        auto error = co_await sql.refuse(connection, "SELECT * FROM nowhere");
        EXPECT_EQ(error.sqlstate, "42P01");
        EXPECT_EQ(error.message, "relation \"nowhere\" does not exist");
        EXPECT_EQ(error.position, 15u);
        error = co_await sql.refuse(connection, "SELECT nothing FROM t");
        EXPECT_EQ(error.sqlstate, "42703");
        EXPECT_EQ(error.message, "column \"nothing\" does not exist");
        EXPECT_EQ(error.position, 8u);
        error = co_await sql.refuse(connection, "CREATE TABLE t (id int)");
        EXPECT_EQ(error.sqlstate, "42P07");
    });
}

TEST_P(SqlPortErrors, AValueOfTheWrongTypeIsRefused) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE t (id int)");
        co_await sql.prepare(connection, "add", "INSERT INTO t VALUES ($1)");
        auto added = co_await connection->execute_prepared(sql.patient(), "add", {"twelve"});
        EXPECT_FALSE(added);
        if (!added) {
            EXPECT_EQ(added.error().sqlstate, "22P02");
            EXPECT_EQ(added.error().message, "invalid input syntax for type integer: \"twelve\"");
        }
        added = co_await connection->execute_prepared(sql.patient(), "add", {"99999999999"});
        EXPECT_FALSE(added);
        if (!added) EXPECT_EQ(added.error().sqlstate, "22003");
        added = co_await connection->execute_prepared(sql.patient(), "add", {});
        EXPECT_FALSE(added);
        if (!added) EXPECT_EQ(added.error().sqlstate, "08P01");
        EXPECT_EQ(connection->transaction_status(), TransactionStatus::idle);
        EXPECT_TRUE(connection->is_usable());
    });
}

TEST_P(SqlPortErrors, FailTheTransactionAroundThem) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE t (id int PRIMARY KEY)");
        EXPECT_EQ(connection->transaction_status(), TransactionStatus::idle);
        co_await sql.run(connection, "BEGIN");
        EXPECT_EQ(connection->transaction_status(), TransactionStatus::in_transaction);
        co_await sql.run(connection, "INSERT INTO t VALUES (1)");
        co_await sql.refuse(connection, "INSERT INTO t VALUES (1)");
        EXPECT_EQ(connection->transaction_status(), TransactionStatus::failed);
        const auto error = co_await sql.refuse(connection, "SELECT id FROM t");
        EXPECT_EQ(error.sqlstate, "25P02");
        EXPECT_EQ(error.message,
                  "current transaction is aborted, commands ignored until end of transaction "
                  "block");
        const auto commit = co_await sql.run(connection, "COMMIT");
        EXPECT_EQ(commit.command_tag, "ROLLBACK");
        EXPECT_EQ(connection->transaction_status(), TransactionStatus::idle);
        const auto rows = co_await sql.run(connection, "SELECT id FROM t");
        EXPECT_TRUE(rows.rows.empty());
    });
}

TEST_P(SqlPortErrors, AWarningIsNoError) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        const auto rollback = co_await sql.run(connection, "ROLLBACK");
        EXPECT_EQ(rollback.command_tag, "ROLLBACK");
        co_await sql.run(connection, "BEGIN");
        co_await sql.run(connection, "BEGIN");
        co_await sql.run(connection, "COMMIT");
        EXPECT_TRUE(connection->is_usable());
    });
}

ATLAS_ON_EACH_SQL_PAIR(SqlPortErrors);

}  // namespace
}  // namespace atlas::properties

// The contract of the SQL port: values and results.

#include "properties/contracts/sql_port_fixture.hpp"

namespace atlas::properties {
namespace {

using host::Task;
using sql::Value;
using testing::ElementsAre;

constexpr std::uint32_t int4_oid = 23;
constexpr std::uint32_t text_oid = 25;

class SqlPortValues : public SqlPort {};

TEST_P(SqlPortValues, ComeBackAsTheyWentIn) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE notes (id int PRIMARY KEY, body text)");
        co_await sql.prepare(connection, "add", "INSERT INTO notes (id, body) VALUES ($1, $2)");
        const std::vector<Value> bodies = {
            std::nullopt,
            "",
            "NULL",
            "quotes ' \" and \\ backslash",
            "line\nbreak\ttab\r",
            "Grüße, 世界, \xf0\x9f\x90\x98, e\xcc\x81",
            std::string(300'000, 'x') + "\xc3\xbc",
            std::string("\x01\x7f"),
        };
        for (std::size_t i = 0; i < bodies.size(); ++i) {
            const auto added =
                co_await sql.execute(connection, "add", {std::to_string(i), bodies[i]});
            EXPECT_EQ(added.command_tag, "INSERT 0 1");
            EXPECT_EQ(added.affected_rows(), 1u);
        }
        const auto all = co_await sql.run(connection, "SELECT body FROM notes ORDER BY id");
        EXPECT_EQ(all.rows.size(), bodies.size());
        for (std::size_t i = 0; i < all.rows.size(); ++i) {
            EXPECT_TRUE(all.rows[i][0] == bodies[i]) << "body " << i;
        }
        co_await sql.prepare(connection, "get", "SELECT body FROM notes WHERE id = $1");
        const auto one = co_await sql.execute(connection, "get", {"5"});
        EXPECT_THAT(one.rows, ElementsAre(ElementsAre(bodies[5])));
    });
}

TEST_P(SqlPortValues, HaveColumnsWithNamesAndTypes) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE t (id int PRIMARY KEY, name text)");
        const auto result =
            co_await sql.run(connection, "SELECT id, name AS \"A Name\", id FROM t");
        EXPECT_THAT(result.columns,
                    ElementsAre(sql::Column{"id", int4_oid}, sql::Column{"A Name", text_oid},
                                sql::Column{"id", int4_oid}));
        EXPECT_TRUE(result.rows.empty());
        EXPECT_EQ(result.command_tag, "SELECT 0");
    });
}

TEST_P(SqlPortValues, CountWhatAStatementDid) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        auto result = co_await sql.run(connection, "CREATE TABLE t (id int PRIMARY KEY, v int)");
        EXPECT_EQ(result.command_tag, "CREATE TABLE");
        EXPECT_EQ(result.affected_rows(), 0u);
        result = co_await sql.run(connection, "INSERT INTO t VALUES (1, 0), (2, 0), (3, 0)");
        EXPECT_EQ(result.command_tag, "INSERT 0 3");
        EXPECT_EQ(result.affected_rows(), 3u);
        result = co_await sql.run(connection, "UPDATE t SET v = v + 1 WHERE id > 1");
        EXPECT_EQ(result.command_tag, "UPDATE 2");
        result = co_await sql.run(connection, "UPDATE t SET v = v + 1 WHERE id > 9");
        EXPECT_EQ(result.command_tag, "UPDATE 0");
        result = co_await sql.run(connection, "DELETE FROM t WHERE id = 1 RETURNING id, v");
        EXPECT_EQ(result.command_tag, "DELETE 1");
        EXPECT_THAT(result.rows, ElementsAre(ElementsAre(Value("1"), Value("0"))));
        result = co_await sql.run(connection, "SELECT id, v FROM t ORDER BY id DESC");
        EXPECT_EQ(result.command_tag, "SELECT 2");
        EXPECT_EQ(result.affected_rows(), 2u);
    });
}

TEST_P(SqlPortValues, ManyRowsArriveInOrder) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE t (id int PRIMARY KEY, body text)");
        std::string insert = "INSERT INTO t VALUES ";
        for (int i = 0; i < 2000; ++i) {
            if (i > 0) insert += ", ";
            insert += "(" + std::to_string(i) + ", '" + std::string(200, 'a') + "')";
        }
        co_await sql.run(connection, insert);
        const auto all = co_await sql.run(connection, "SELECT id, body FROM t ORDER BY id");
        EXPECT_EQ(all.rows.size(), 2000u);
        for (std::size_t i = 0; i < all.rows.size(); ++i) {
            EXPECT_EQ(all.rows[i][0], std::to_string(i));
        }
    });
}

// More than the buffers between client and server hold, so that sending has to wait.
TEST_P(SqlPortValues, MayBeLargerThanAnyBuffer) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.prepare(connection, "echo", "SELECT $1::text");
        const std::string large(12'000'000, 'x');
        const auto echoed = co_await sql.execute(connection, "echo", {large});
        EXPECT_TRUE(echoed.rows.at(0).at(0) == large);
    });
}

TEST_P(SqlPortValues, AnEmptyStatementHasAnEmptyResult) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        const auto result = co_await sql.run(connection, "");
        EXPECT_EQ(result.command_tag, "");
        EXPECT_TRUE(result.columns.empty());
        EXPECT_TRUE(connection->is_usable());
    });
}

// A value that the protocol or libpq would cut short is refused before anything is sent.
TEST_P(SqlPortValues, ANulIsRefusedAndChangesNothing) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE t (body text)");
        co_await sql.prepare(connection, "add", "INSERT INTO t VALUES ($1)");
        co_await sql.run(connection, "BEGIN");
        const std::string with_nul("a\0b", 3);
        const auto added = co_await connection->execute_prepared(sql.patient(), "add", {with_nul});
        EXPECT_FALSE(added);
        if (!added) {
            EXPECT_EQ(added.error().sqlstate, "22021");
            EXPECT_EQ(added.error().certainty(), host::Certainty::definite);
        }
        const auto error = co_await sql.refuse(connection, std::string("SELECT '\0'", 10));
        EXPECT_EQ(error.sqlstate, "22021");
        EXPECT_EQ(connection->transaction_status(), sql::TransactionStatus::in_transaction);
        co_await sql.run(connection, "COMMIT");
        const auto rows = co_await sql.run(connection, "SELECT body FROM t");
        EXPECT_TRUE(rows.rows.empty());
    });
}

TEST_P(SqlPortValues, TextThatIsNotUtf8IsRefusedByTheServer) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE t (body text)");
        co_await sql.prepare(connection, "add", "INSERT INTO t VALUES ($1)");
        for (const std::string body : {"\xff", "ab\xc3(", "\xed\xa0\x80", "\xf5\x80\x80\x80"}) {
            const auto added = co_await connection->execute_prepared(sql.patient(), "add", {body});
            EXPECT_FALSE(added);
            if (added) continue;
            EXPECT_EQ(added.error().sqlstate, "22021");
            EXPECT_THAT(added.error().message,
                        testing::StartsWith("invalid byte sequence for encoding \"UTF8\": 0x"));
        }
        const auto error = co_await sql.refuse(connection, "SELECT 'ab\xc3('");
        EXPECT_EQ(error.message, "invalid byte sequence for encoding \"UTF8\": 0xc3 0x28");
        EXPECT_TRUE(connection->is_usable());
    });
}

ATLAS_ON_EACH_SQL_PAIR(SqlPortValues);

}  // namespace
}  // namespace atlas::properties

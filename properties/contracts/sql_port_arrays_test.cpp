// The contract of the SQL port, for what the stores ask with arrays as parameters, and for bytes
// and the first row of each group: the same on all four pairs.

#include "properties/contracts/sql_port_fixture.hpp"

namespace atlas::properties {
namespace {

using host::Task;
using sql::Value;
using testing::ElementsAre;

class SqlPortArrays : public SqlPort {};

struct Asked {
    Value array;
    /// The ids of rows whose key is in it.
    std::vector<Value> found;
};

Task<> ask(SqlCase& sql, SqlCase::Connection& connection, std::string statement,
           std::vector<Asked> all) {
    co_await sql.prepare(connection, statement, statement);
    for (const auto& [array, found] : all) {
        const auto result = co_await sql.execute(connection, statement, {array});
        std::vector<Value> ids;
        for (const auto& row : result.rows)
            ids.push_back(row.at(0));
        EXPECT_EQ(ids, found) << statement << " with " << array.value_or("NULL");
    }
}

// NULL is in no array, and "= ANY" of one that has it is NULL where nothing else matches: neither
// found nor, by "<> ALL", missed.
TEST_P(SqlPortArrays, AnyOfAnArrayFindsWhatIsInIt) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE)");
        co_await sql.run(connection,
                         "INSERT INTO t VALUES (1, 'one'), (2, ''), (3, 'a,b'), (4, NULL), "
                         "(5, 'NULL'), (6, 'q\"\\')");
        co_await ask(sql, connection, "SELECT id FROM t WHERE id = ANY ($1) ORDER BY id",
                     {{"{}", {}},
                      {std::nullopt, {}},
                      {"{NULL}", {}},
                      {"{1,NULL,3}", {"1", "3"}},
                      {"{3,3,3,9,-1}", {"3"}},
                      {"{2147483647,2}", {"2"}},
                      {" { 4 , 5 } ", {"4", "5"}}});
        co_await ask(sql, connection, "SELECT id FROM t WHERE id <> ALL ($1) ORDER BY id",
                     {{"{}", {"1", "2", "3", "4", "5", "6"}},
                      {std::nullopt, {}},
                      {"{NULL}", {}},
                      {"{1,NULL}", {}},
                      {"{1,2,3,4}", {"5", "6"}}});
        co_await ask(sql, connection, "SELECT id FROM t WHERE name = ANY ($1) ORDER BY id",
                     {{"{}", {}},
                      {std::nullopt, {}},
                      {"{NULL}", {}},
                      {"{\"NULL\"}", {"5"}},
                      {"{\"\"}", {"2"}},
                      {"{one,\"a,b\",NULL}", {"1", "3"}},
                      {"{\"q\\\"\\\\\"}", {"6"}}});
    });
}

TEST_P(SqlPortArrays, AreRefusedWhenTheyAreNone) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await sql.prepare(connection, "any", "SELECT id FROM t WHERE id = ANY ($1)");
        const std::pair<const char*, const char*> refused[] = {
            {"", "22P02"},     {"1", "22P02"},      {"{1", "22P02"},
            {"{1,}", "22P02"}, {"{a}", "22P02"},    {"{1.5}", "22P02"},
            {"{1}}", "22P02"}, {"{\"\"}", "22P02"}, {"{2147483648}", "22003"}};
        for (const auto& [array, sqlstate] : refused) {
            const auto result =
                co_await connection->execute_prepared(sql.patient(), "any", {array});
            EXPECT_FALSE(result.has_value()) << array;
            if (!result) EXPECT_EQ(result.error().sqlstate, sqlstate) << array;
        }
    });
}

TEST_P(SqlPortArrays, DistinctOnTakesTheFirstRowOfEachGroup) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE t (kind text, at int, v int)");
        co_await sql.run(connection,
                         "INSERT INTO t VALUES ('a', 1, 10), ('b', 5, 20), ('a', 3, 30), "
                         "(NULL, 2, 40), ('b', 4, 50), (NULL, 1, 60)");
        auto rows = co_await sql.run(
            connection, "SELECT DISTINCT ON (kind) kind, v FROM t ORDER BY kind, at DESC");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("a"), Value("30")),
                                           ElementsAre(Value("b"), Value("20")),
                                           ElementsAre(std::nullopt, Value("40"))));
        rows = co_await sql.run(connection,
                                "SELECT DISTINCT ON (kind) kind, v FROM t ORDER BY kind, at "
                                "LIMIT 1 OFFSET 1");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("b"), Value("50"))));
        const auto error =
            co_await sql.refuse(connection, "SELECT DISTINCT ON (kind) kind, v FROM t ORDER BY at");
        EXPECT_EQ(error.sqlstate, "42P10");
        EXPECT_EQ(error.message,
                  "SELECT DISTINCT ON expressions must match initial ORDER BY expressions");
    });
}

TEST_P(SqlPortArrays, BytesComeAndGoAsTheyAre) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE t (id int PRIMARY KEY, b bytea)");
        co_await sql.prepare(connection, "add",
                             "INSERT INTO t VALUES ($1, $2) RETURNING b, length(b), "
                             "encode(b, 'hex')");
        auto rows = co_await sql.execute(connection, "add", {"1", "\\x00ff27"});
        EXPECT_THAT(rows.rows,
                    ElementsAre(ElementsAre(Value("\\x00ff27"), Value("3"), Value("00ff27"))));
        rows = co_await sql.execute(connection, "add", {"2", "\\x"});
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("\\x"), Value("0"), Value(""))));
        rows = co_await sql.execute(connection, "add", {"3", "a\\\\b\\001"});
        EXPECT_THAT(rows.rows,
                    ElementsAre(ElementsAre(Value("\\x615c6201"), Value("4"), Value("615c6201"))));
        rows = co_await sql.run(connection,
                                "SELECT id FROM t WHERE b = decode('00ff27', 'hex') OR b || "
                                "'\\x01' = '\\x01' ORDER BY b");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("2")), ElementsAre(Value("1"))));
        for (const char* const bad : {"\\x0", "\\xzz", "\\9"}) {
            const auto refused =
                co_await connection->execute_prepared(sql.patient(), "add", {"4", bad});
            EXPECT_FALSE(refused.has_value()) << bad;
            const std::string_view expected = std::string_view(bad) == "\\9" ? "22P02" : "22023";
            if (!refused) EXPECT_EQ(refused.error().sqlstate, expected) << bad;
        }
    });
}

ATLAS_ON_EACH_SQL_PAIR(SqlPortArrays);

}  // namespace
}  // namespace atlas::properties

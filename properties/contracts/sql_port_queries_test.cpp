// The contract of the SQL port: queries over several tables, where other transactions are in the
// way.

#include "properties/contracts/sql_port_fixture.hpp"

namespace atlas::properties {
namespace {

using host::Task;
using sql::Value;
using testing::ElementsAre;

class SqlPortQueries : public SqlPort {};

Task<> make_tables(SqlCase& sql, SqlCase::Connection& connection) {
    co_await sql.run(connection, "CREATE TABLE jobs (id int PRIMARY KEY, owner int, state text)");
    co_await sql.run(connection, "CREATE TABLE owners (id int PRIMARY KEY, name text, level int)");
    co_await sql.run(connection,
                     "INSERT INTO jobs VALUES (1, 1, 'new'), (2, 2, 'new'), (3, 1, 'new')");
    co_await sql.run(connection, "INSERT INTO owners VALUES (1, 'ann', 1), (2, 'bob', 2)");
}

// The queue: each worker takes what no other has, by a subquery that skips what is locked.
TEST_P(SqlPortQueries, WorkersTakeDifferentJobsFromAQueue) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        auto two = co_await sql.connect();
        auto three = co_await sql.connect();
        co_await make_tables(sql, one);
        const std::string take =
            "UPDATE jobs SET state = 'taken' WHERE id IN (SELECT id FROM jobs WHERE state = 'new' "
            "ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id";
        co_await sql.run(one, "BEGIN");
        co_await sql.run(two, "BEGIN");
        const auto first = co_await sql.run(one, take);
        EXPECT_THAT(first.rows, ElementsAre(ElementsAre(Value("1"))));
        const auto second = co_await sql.run(two, take);
        EXPECT_THAT(second.rows, ElementsAre(ElementsAre(Value("2"))));
        // LIMIT 1 has locked one row, no more.
        const auto left = co_await sql.run(
            three,
            "SELECT j.id FROM jobs j JOIN owners o ON o.id = j.owner ORDER BY j.id FOR "
            "UPDATE OF j SKIP LOCKED");
        EXPECT_THAT(left.rows, ElementsAre(ElementsAre(Value("3"))));
        co_await sql.run(one, "ROLLBACK");
        co_await sql.run(two, "COMMIT");
        const auto again = co_await sql.run(one, take);
        EXPECT_THAT(again.rows, ElementsAre(ElementsAre(Value("1"))));
    });
}

// READ COMMITTED: the join is looked at again with the newer version.
TEST_P(SqlPortQueries, AJoinIsCheckedAgainAfterAWait) {
    run([](SqlCase& sql) -> Task<> {
        auto writer = co_await sql.connect();
        auto reader = co_await sql.connect();
        co_await make_tables(sql, writer);
        co_await sql.run(writer, "BEGIN");
        co_await sql.run(writer, "UPDATE jobs SET owner = 2 WHERE id = 1");
        co_await sql.run(writer, "UPDATE jobs SET state = 'old' WHERE id = 3");
        auto waiting =
            sql.start(reader,
                      "SELECT j.id, j.state, o.name FROM jobs j JOIN owners o ON o.id = j.owner "
                      "WHERE o.level = 1 ORDER BY j.id FOR UPDATE OF j");
        co_await sql.let_others_run();
        EXPECT_FALSE(waiting.has_ended());
        co_await sql.run(writer, "COMMIT");
        const auto found = expect_success(co_await waiting.outcome(), "the locked join");
        // Job 1 has another owner now, whom the join had not looked at.
        EXPECT_THAT(found.rows, ElementsAre(ElementsAre(Value("3"), Value("old"), Value("ann"))));
    });
}

TEST_P(SqlPortQueries, UpdateFromWorksOnTheNewerVersion) {
    run([](SqlCase& sql) -> Task<> {
        auto writer = co_await sql.connect();
        auto other = co_await sql.connect();
        co_await make_tables(sql, writer);
        co_await sql.run(writer, "BEGIN");
        co_await sql.run(writer, "UPDATE jobs SET state = state || '!' WHERE owner = 1");
        auto waiting =
            sql.start(other,
                      "UPDATE jobs j SET state = j.state || o.name FROM owners o WHERE o.id "
                      "= j.owner AND j.state <> 'never' RETURNING j.id, j.state");
        co_await sql.let_others_run();
        EXPECT_FALSE(waiting.has_ended());
        co_await sql.run(writer, "COMMIT");
        expect_success(co_await waiting.outcome(), "the update");
        const auto all = co_await sql.run(writer, "SELECT state FROM jobs ORDER BY id");
        EXPECT_THAT(all.rows,
                    ElementsAre(ElementsAre(Value("new!ann")), ElementsAre(Value("newbob")),
                                ElementsAre(Value("new!ann"))));
    });
}

// All parts of a statement with WITH see one snapshot, and change a row once.
TEST_P(SqlPortQueries, WithSeesWhatWasThereBefore) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await make_tables(sql, connection);
        const auto moved = co_await sql.run(
            connection,
            "WITH gone AS (DELETE FROM jobs WHERE owner = 1 RETURNING id), made AS "
            "(INSERT INTO jobs SELECT id + 10, 2, 'moved' FROM gone RETURNING id) "
            "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM made)");
        EXPECT_THAT(moved.rows, ElementsAre(ElementsAre(Value("3"), Value("2"))));
        const auto left = co_await sql.run(connection, "SELECT id FROM jobs ORDER BY id");
        EXPECT_THAT(left.rows, ElementsAre(ElementsAre(Value("2")), ElementsAre(Value("11")),
                                           ElementsAre(Value("13"))));
        // Nobody asks for its rows, and still it happens.
        co_await sql.run(connection,
                         "WITH gone AS (DELETE FROM owners WHERE id = 2) SELECT 1 WHERE false");
        const auto owners = co_await sql.run(connection, "SELECT id FROM owners");
        EXPECT_THAT(owners.rows, ElementsAre(ElementsAre(Value("1"))));
        const auto error = co_await sql.refuse(
            connection,
            "SELECT * FROM (WITH x AS (DELETE FROM jobs RETURNING id) SELECT id FROM x) q");
        EXPECT_EQ(error.sqlstate, "0A000");
        co_await sql.run(connection, "BEGIN READ ONLY");
        const auto read_only = co_await sql.refuse(
            connection, "WITH x AS (DELETE FROM jobs RETURNING id) SELECT id FROM x");
        EXPECT_EQ(read_only.sqlstate, "25006");
        EXPECT_EQ(read_only.message, "cannot execute SELECT in a read-only transaction");
    });
}

TEST_P(SqlPortQueries, ParametersReachIntoSubqueries) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await make_tables(sql, connection);
        co_await sql.prepare(connection, "find",
                             "SELECT o.name, (SELECT count(*) FROM jobs j WHERE j.owner = o.id AND "
                             "j.id < $1) FROM owners o WHERE EXISTS (SELECT 1 FROM jobs j WHERE "
                             "j.owner = o.id AND j.id >= $2) ORDER BY o.id LIMIT $3");
        const auto found = co_await sql.execute(connection, "find", {"3", "1", "5"});
        EXPECT_THAT(found.rows, ElementsAre(ElementsAre(Value("ann"), Value("1")),
                                            ElementsAre(Value("bob"), Value("1"))));
        const auto other = co_await sql.execute(connection, "find", {"9", "3", "1"});
        EXPECT_THAT(other.rows, ElementsAre(ElementsAre(Value("ann"), Value("2"))));
    });
}

ATLAS_ON_EACH_SQL_PAIR(SqlPortQueries);

}  // namespace
}  // namespace atlas::properties

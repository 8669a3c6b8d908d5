// What becomes of a statement at the server when its caller has given it up, on all four pairs of
// client and server: its transaction lets go of its locks at once, whatever the time limits are.

#include "properties/contracts/sql_port_fixture.hpp"
#include "system/sql/pool.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using host::Task;

class GivenUpStatements : public SqlPort {};

/// The server's own limits are far away. (lock_timeout is at most three quarters of a slow call.)
sql::PoolOptions patient_pool(const sql::ConnectionTarget& target) {
    return {.target = target,
            .breaker = {.slow_call = 80s},
            .statement_timeout = 60s,
            .lock_timeout = 60s};
}

constexpr sql::Statement change_row{"change_row", "UPDATE t SET v = v + 1 WHERE id = $1"};

/// Has changed the row 2, and waits for the row 1 in vain. By a lease: sql::Transaction would tell
/// the server how much time it has.
Task<> change_both(SqlCase& sql, sql::Pool& pool) {
    sql::Result<sql::Lease> lease = co_await pool.acquire(sql.patient());
    if (!lease) throw std::runtime_error(describe(lease.error()));
    std::vector<sql::Call> calls;
    calls.push_back({change_row, {"2"}});
    const std::vector<std::string> begin{"BEGIN"};
    const auto begun = co_await lease->execute_all(sql.patient(), begin, std::move(calls));
    EXPECT_TRUE(begun.has_value());
    const auto given_up = co_await lease->execute(sql.within(300ms), change_row, {"1"});
    EXPECT_FALSE(given_up.has_value());
    if (!given_up) EXPECT_EQ(given_up.error().kind, sql::ErrorKind::deadline_exceeded);
}

Task<> give_up_and_look(SqlCase& sql, sql::Pool& pool) {
    auto holder = co_await sql.connect();
    co_await sql.run(holder, "CREATE TABLE t (id int PRIMARY KEY, v int)");
    co_await sql.run(holder, "INSERT INTO t VALUES (1, 0), (2, 0)");
    co_await sql.run(holder, "BEGIN");
    co_await sql.run(holder, "SELECT v FROM t WHERE id = 1 FOR UPDATE");

    co_await change_both(sql, pool);
    auto other = co_await sql.connect({{"lock_timeout", "5000"}});
    const auto changed = co_await other->query(sql.patient(), "UPDATE t SET v = 5 WHERE id = 2");
    EXPECT_TRUE(changed.has_value()) << "its locks are let go: " << describe(changed.error());
    co_await sql.run(holder, "COMMIT");
    const auto rows = co_await sql.run(other, "SELECT v FROM t ORDER BY id");
    EXPECT_THAT(rows.rows, testing::ElementsAre(testing::ElementsAre(sql::Value("0")),
                                                testing::ElementsAre(sql::Value("5"))));
}

TEST_P(GivenUpStatements, LetGoOfTheirLocks) {
    run([](SqlCase& sql) -> Task<> {
        sql::Pool pool(sql.host(), sql.driver(), patient_pool(sql.target()));
        const auto body = [&](host::TaskGroup& tasks) -> Task<> {
            tasks.spawn(pool.cancels().send_until_closed());
            co_await give_up_and_look(sql, pool);
            pool.close();
        };
        co_await host::with_task_group(sql.host(), body);
        // Once the sender has ended: the server acts before it is heard to have been asked.
        EXPECT_EQ(pool.cancels().counters().sent, 1u);
    });
}

ATLAS_ON_EACH_SQL_PAIR(GivenUpStatements);

}  // namespace
}  // namespace atlas::properties

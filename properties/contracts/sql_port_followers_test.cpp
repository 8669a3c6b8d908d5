// The contract of the SQL port on who reads at a follower while its tables change, and on which
// followers a commit waits for. 2 x 2, as sql_port_replication_test.cpp.

#include "properties/contracts/sql_replicated_pair_fixture.hpp"

namespace atlas::properties {
namespace {

using host::Task;
using sql::Value;
using testing::ElementsAre;

class SqlPortFollowers : public SqlReplicatedPair {};

Task<> set_delay(SqlCase& follower, std::string delay) {
    auto connection = co_await follower.connect();
    co_await follower.run(connection, "ALTER SYSTEM SET max_standby_streaming_delay = " + delay);
    co_await follower.run(connection, "SELECT pg_reload_conf()");
    co_await wait_until(follower, connection, "SHOW max_standby_streaming_delay", delay);
}

/// What the primary has written so far.
Task<> wait_until_replayed(SqlCase& primary, SqlCase& follower) {
    auto one = co_await primary.connect();
    auto two = co_await follower.connect();
    const auto rows = co_await primary.run(one, "SELECT pg_current_wal_lsn()");
    co_await wait_until(follower, two,
                        "SELECT pg_last_wal_replay_lsn() >= '" + *rows.rows[0][0] + "'::pg_lsn",
                        "t");
}

void expect_conflict(const sql::Error& error, std::string_view message, bool fatal) {
    EXPECT_EQ(error.sqlstate, "40001");
    EXPECT_EQ(error.message, message);
    EXPECT_EQ(error.detail, "User was holding a relation lock for too long.");
    EXPECT_EQ(error.fatal, fatal);
}

constexpr std::string_view loses_its_statement =
    "canceling statement due to conflict with recovery";
constexpr std::string_view loses_its_session =
    "terminating connection due to conflict with recovery";

// Who waits for his client has no statement to lose.
TEST_P(SqlPortFollowers, AReaderInTheWayOfReplayLosesItsStatementOrItsSession) {
    run([](SqlCase& primary, SqlCase& follower) -> Task<> {
        auto one = co_await primary.connect();
        co_await primary.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await primary.run(one, "CREATE TABLE u (id int PRIMARY KEY)");
        co_await set_delay(follower, "0");
        auto idle = co_await follower.connect();
        auto busy = co_await follower.connect();
        auto elsewhere = co_await follower.connect();
        for (const char* const change : {"ALTER TABLE t ADD COLUMN v int", "DROP TABLE t"}) {
            SCOPED_TRACE(change);
            if (!idle->is_usable()) idle = co_await follower.connect();
            co_await wait_until(follower, elsewhere, "SELECT count(*) FROM u", "0");
            for (SqlCase::Connection* const reader : {&idle, &busy, &elsewhere})
                co_await follower.run(*reader, "BEGIN ISOLATION LEVEL REPEATABLE READ");
            co_await follower.run(idle, "SELECT count(*) FROM t");
            co_await follower.run(busy, "SELECT count(*) FROM t");
            co_await follower.run(elsewhere, "SELECT count(*) FROM u");
            Started statement = follower.start(busy, "SELECT pg_sleep(30)");
            co_await follower.let_others_run();
            EXPECT_FALSE(statement.has_ended());
            co_await primary.run(one, change);

            const auto cut_short = co_await statement.outcome();
            EXPECT_FALSE(cut_short.has_value());
            if (!cut_short) expect_conflict(cut_short.error(), loses_its_statement, false);
            EXPECT_TRUE(busy->is_usable());
            EXPECT_EQ(busy->transaction_status(), sql::TransactionStatus::failed);
            co_await follower.run(busy, "ROLLBACK");
            // One after the other is asked to go.
            co_await wait_until_replayed(primary, follower);
            const auto error = co_await follower.refuse(idle, "SELECT 1");
            expect_conflict(error, loses_its_session, true);
            EXPECT_FALSE(idle->is_usable());
            co_await follower.run(elsewhere, "SELECT count(*) FROM u");
            co_await follower.run(elsewhere, "COMMIT");
        }
    });
}

// ROLLBACK TO would keep a lock that is older than the savepoint.
TEST_P(SqlPortFollowers, AReaderInASavepointLosesItsSession) {
    run([](SqlCase& primary, SqlCase& follower) -> Task<> {
        auto one = co_await primary.connect();
        co_await primary.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await set_delay(follower, "0");
        auto busy = co_await follower.connect();
        auto released = co_await follower.connect();
        co_await wait_until(follower, busy, "SELECT count(*) FROM t", "0");
        for (SqlCase::Connection* const reader : {&busy, &released}) {
            co_await follower.run(*reader, "BEGIN");
            co_await follower.run(*reader, "SELECT count(*) FROM t");
            co_await follower.run(*reader, "SAVEPOINT s");
        }
        co_await follower.run(released, "RELEASE s");
        Started in_savepoint = follower.start(busy, "SELECT pg_sleep(30)");
        Started in_none = follower.start(released, "SELECT pg_sleep(30)");
        co_await follower.let_others_run();
        co_await primary.run(one, "DROP TABLE t");
        const auto lost = co_await in_savepoint.outcome();
        EXPECT_FALSE(lost.has_value());
        if (!lost) expect_conflict(lost.error(), loses_its_session, true);
        const auto cut_short = co_await in_none.outcome();
        EXPECT_FALSE(cut_short.has_value());
        if (!cut_short) expect_conflict(cut_short.error(), loses_its_statement, false);
    });
}

// Without a limit replay waits, and what is received meanwhile is confirmed all the same.
TEST_P(SqlPortFollowers, ReplayWaitsForAReaderUntilItIsDone) {
    run([](SqlCase& primary, SqlCase& follower) -> Task<> {
        auto one = co_await primary.connect();
        auto two = co_await follower.connect();
        auto reader = co_await follower.connect();
        co_await primary.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await primary.run(one, "CREATE TABLE u (id int PRIMARY KEY)");
        co_await set_delay(follower, "-1");
        co_await wait_until(follower, two, "SELECT count(*) FROM u", "0");
        co_await follower.run(reader, "BEGIN");
        co_await follower.run(reader, "SELECT count(*) FROM t");
        co_await set_synchronous_names(primary, "ANY 1 (*)");
        co_await wait_until(primary, one, "SELECT sync_state FROM pg_stat_replication", "quorum");

        // What is received is confirmed at each level but the one that wants it to be seen.
        co_await primary.run(one, "ALTER TABLE t ADD COLUMN v int");
        co_await primary.run(one, "SET synchronous_commit = remote_write");
        co_await primary.run(one, "INSERT INTO u VALUES (1)");
        co_await primary.run(one, "SET synchronous_commit = on");
        co_await primary.run(one, "INSERT INTO u VALUES (2)");
        co_await primary.run(one, "SET synchronous_commit = remote_apply");
        Started applied = primary.start(one, "INSERT INTO u VALUES (3)");
        co_await primary.let_others_run();
        EXPECT_FALSE(applied.has_ended());
        auto rows = co_await follower.run(two, "SELECT count(*) FROM u");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("0"))));
        rows = co_await follower.run(two,
                                     "SELECT pg_last_wal_replay_lsn() < pg_last_wal_receive_lsn()");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("t"))));

        co_await follower.run(reader, "COMMIT");
        const auto outcome = co_await applied.outcome();
        EXPECT_TRUE(outcome.has_value());
        rows = co_await follower.run(two, "SELECT count(*) FROM u");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("3"))));
    });
}

struct Named {
    const char* names;
    const char* state;
    const char* priority;
    bool waits;
};

// One follower is there, by the name that PostgreSQL gives to those that give themselves none. No
// two neighbours look the same to it: so one sees when the processes that send the log know.
constexpr Named namings[] = {
    {"FIRST 1 (walreceiver)", "sync", "1", false},
    {"FIRST 1 (nobody, walreceiver)", "sync", "2", false},
    {"1 (walreceiver, nobody)", "sync", "1", false},
    {"nobody, walreceiver", "sync", "2", false},
    {"FIRST 2 (walreceiver, nobody)", "sync", "1", true},
    {"FIRST 1 (nobody)", "async", "0", true},
    {"ANY 1 (nobody, walreceiver)", "quorum", "1", false},
    {"FIRST 1 (*)", "sync", "1", false},
    {"ANY 2 (nobody, walreceiver)", "quorum", "1", true},
};

TEST_P(SqlPortFollowers, ACommitWaitsForAsManyAsAreNamed) {
    run([](SqlCase& primary, SqlCase&) -> Task<> {
        auto two = co_await primary.connect();
        co_await primary.run(two, "CREATE TABLE t (names text)");
        for (const auto& [names, state, priority, waits] : namings) {
            SCOPED_TRACE(names);
            co_await set_synchronous_names(primary, names);
            co_await wait_until(primary, two, "SELECT sync_state FROM pg_stat_replication", state);
            co_await wait_until(primary, two, "SELECT sync_priority FROM pg_stat_replication",
                                priority);
            for (const char* const level : {"remote_write", "on", "remote_apply"}) {
                auto one = co_await primary.connect();
                co_await primary.run(one, std::string("SET synchronous_commit = ") + level);
                Started commit = primary.start(one, "INSERT INTO t VALUES ('x')");
                if (waits) {
                    co_await primary.let_others_run();
                    EXPECT_FALSE(commit.has_ended()) << level;
                    co_await one->request_cancel(primary.patient());
                }
                const auto outcome = co_await commit.outcome();
                EXPECT_EQ(is_unreplicated(outcome), waits) << level;
                EXPECT_EQ(outcome.has_value(), !waits) << level;
            }
        }
    });
}

ATLAS_ON_EACH_SQL_PAIR(SqlPortFollowers);

}  // namespace
}  // namespace atlas::properties

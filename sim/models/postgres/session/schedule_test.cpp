// Schedules of several sessions: who waits for whom, and what each gets. The expected transcripts
// are those of PostgreSQL 15.20 for the same steps.

#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "sim/models/postgres/testing/schedule.hpp"

namespace atlas::sim::models::postgres {
namespace {

using host::Task;

Task<> run_program(host::Host& host, std::string schedule, std::string& transcript) {
    auto server = co_await Server::open(host, {}, "postgres");
    if (!server) co_return;
    transcript = co_await testing::run_schedule(host, **server, testing::parse_schedule(schedule));
    co_await (*server)->shutdown();
}

std::string transcript_of(const std::string& schedule) {
    std::string transcript;
    const cluster::CalmRun run = cluster::run_calmly(
        [&](host::Host& host) { return run_program(host, schedule, transcript); });
    EXPECT_TRUE(run.finished);
    EXPECT_TRUE(run.leftovers.empty());
    return transcript;
}

constexpr std::string_view accounts =
    "1: CREATE TABLE t (id int PRIMARY KEY, v int, e text UNIQUE); "
    "INSERT INTO t VALUES (1,10,'a'),(2,20,'b')\n";

// What the steps give after the table has been made.
std::string with_accounts(const std::string& steps) {
    constexpr std::string_view made = "1: CREATE TABLE\nINSERT 0 2\n";
    const std::string transcript = transcript_of(std::string(accounts) + steps);
    EXPECT_TRUE(transcript.starts_with(made));
    return transcript.substr(made.size());
}

TEST(Schedule, read_committed_update_waits_and_works_on_the_new_version) {
    EXPECT_EQ(with_accounts("1: BEGIN\n"
                            "1: UPDATE t SET v = v + 1 WHERE id = 1\n"
                            "2: UPDATE t SET v = v + 1 WHERE id = 1 RETURNING v\n"
                            "3: SELECT v FROM t WHERE id = 1\n"
                            "1: COMMIT\n"
                            "3: SELECT v FROM t WHERE id = 1\n"),
              "1: BEGIN\n"
              "1: UPDATE 1\n"
              "2: waits\n"
              "3: (10) SELECT 1\n"
              "1: COMMIT\n"
              "2: (12) UPDATE 1\n"
              "3: (12) SELECT 1\n");
}

TEST(Schedule, a_row_that_no_longer_qualifies_after_the_wait_is_left_alone) {
    EXPECT_EQ(with_accounts("1: BEGIN\n"
                            "1: UPDATE t SET v = 99 WHERE id = 1\n"
                            "2: UPDATE t SET v = v + 1 WHERE v = 10\n"
                            "1: COMMIT\n"),
              "1: BEGIN\n1: UPDATE 1\n2: waits\n1: COMMIT\n2: UPDATE 0\n");
}

TEST(Schedule, repeatable_read_keeps_its_snapshot_and_the_first_updater_wins) {
    EXPECT_EQ(with_accounts("1: BEGIN ISOLATION LEVEL REPEATABLE READ\n"
                            "1: SELECT v FROM t WHERE id = 1\n"
                            "2: UPDATE t SET v = v + 1 WHERE id = 1\n"
                            "1: SELECT v FROM t WHERE id = 1\n"
                            "1: UPDATE t SET v = v + 1 WHERE id = 1\n"
                            "1: SELECT 1\n"
                            "1: COMMIT\n"),
              "1: BEGIN\n"
              "1: (10) SELECT 1\n"
              "2: UPDATE 1\n"
              "1: (10) SELECT 1\n"
              "1: 40001 could not serialize access due to concurrent update\n"
              "1: 25P02 current transaction is aborted, commands ignored until end of "
              "transaction block\n"
              "1: ROLLBACK\n");
}

TEST(Schedule, repeatable_read_delete_of_a_deleted_row) {
    EXPECT_EQ(with_accounts("1: BEGIN ISOLATION LEVEL REPEATABLE READ\n"
                            "1: SELECT count(*) FROM t\n"
                            "2: BEGIN\n"
                            "2: DELETE FROM t WHERE id = 1\n"
                            "1: DELETE FROM t WHERE id = 1\n"
                            "2: COMMIT\n"),
              "1: BEGIN\n1: (2) SELECT 1\n2: BEGIN\n2: DELETE 1\n1: waits\n"
              "1: 40001 could not serialize access due to concurrent delete\n2: COMMIT\n");
}

TEST(Schedule, uniqueness_waits_for_an_insert_in_progress) {
    const std::string steps =
        "1: BEGIN\n"
        "1: INSERT INTO t VALUES (3,3,'c')\n"
        "2: INSERT INTO t VALUES (3,4,'d')\n"
        "3: INSERT INTO t VALUES (5,5,'c') ON CONFLICT DO NOTHING RETURNING id\n";
    const std::string before = "1: BEGIN\n1: INSERT 0 1\n2: waits\n3: waits\n";
    EXPECT_EQ(with_accounts(steps + "1: COMMIT\n"),
              before +
                  "1: COMMIT\n"
                  "2: 23505 duplicate key value violates unique constraint \"t_pkey\"\n"
                  "3: INSERT 0 0\n");
    EXPECT_EQ(with_accounts(steps + "1: ROLLBACK\n"),
              before + "1: ROLLBACK\n2: INSERT 0 1\n3: (5) INSERT 0 1\n");
}

TEST(Schedule, insert_waits_for_a_delete_in_progress) {
    EXPECT_EQ(with_accounts("1: BEGIN; DELETE FROM t WHERE id = 1\n"
                            "2: INSERT INTO t VALUES (1, 5, 'z') RETURNING id\n"
                            "1: COMMIT\n"),
              "1: BEGIN\nDELETE 1\n2: waits\n1: COMMIT\n2: (1) INSERT 0 1\n");
}

TEST(Schedule, repeatable_read_insert_that_conflicts_with_what_it_cannot_see) {
    EXPECT_EQ(with_accounts("1: BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t\n"
                            "2: INSERT INTO t VALUES (3,3,'c')\n"
                            "1: INSERT INTO t VALUES (3,3,'d') ON CONFLICT DO NOTHING\n"),
              "1: BEGIN\n(2) SELECT 1\n2: INSERT 0 1\n"
              "1: 40001 could not serialize access due to concurrent update\n");
}

TEST(Schedule, one_of_a_deadlock_is_chosen_and_the_other_goes_on) {
    EXPECT_EQ(with_accounts("1: BEGIN\n"
                            "2: BEGIN\n"
                            "1: UPDATE t SET v = 1 WHERE id = 1\n"
                            "2: UPDATE t SET v = 2 WHERE id = 2\n"
                            "1: UPDATE t SET v = 1 WHERE id = 2\n"
                            "2: UPDATE t SET v = 2 WHERE id = 1\n"
                            "2: sleep 2s\n"
                            "1: ROLLBACK\n"
                            "2: COMMIT\n"
                            "1: SELECT v FROM t ORDER BY id\n"),
              "1: BEGIN\n2: BEGIN\n1: UPDATE 1\n2: UPDATE 1\n1: waits\n2: waits\n"
              "1: 40P01 deadlock detected\n2: UPDATE 1\n"
              "1: ROLLBACK\n2: COMMIT\n1: (2)(2) SELECT 2\n");
}

TEST(Schedule, a_deadlock_over_two_unique_keys) {
    EXPECT_EQ(with_accounts("1: BEGIN; INSERT INTO t VALUES (11,1,'x')\n"
                            "2: BEGIN; INSERT INTO t VALUES (12,2,'x')\n"
                            "1: INSERT INTO t VALUES (12,1,'y')\n"
                            "1: sleep 2s\n"
                            "1: COMMIT\n"),
              "1: BEGIN\nINSERT 0 1\n2: waits\n1: waits\n1: INSERT 0 1\n"
              "2: BEGIN\n40P01 deadlock detected\n1: COMMIT\n");
}

TEST(Schedule, row_lock_policies_and_time_limits) {
    EXPECT_EQ(with_accounts("1: BEGIN; SELECT id FROM t WHERE id = 1 FOR UPDATE\n"
                            "2: SELECT id FROM t WHERE id = 1 FOR UPDATE NOWAIT\n"
                            "2: SELECT id FROM t ORDER BY id FOR UPDATE SKIP LOCKED\n"
                            "2: SET lock_timeout = '300ms'\n"
                            "2: SELECT id FROM t WHERE id = 1 FOR UPDATE\n"
                            "2: sleep 1s\n"
                            "2: SET lock_timeout = 0; SET statement_timeout = '300ms'\n"
                            "2: SELECT id FROM t WHERE id = 1 FOR UPDATE\n"
                            "2: sleep 1s\n"
                            "2: SET statement_timeout = 0\n"
                            "2: SELECT id FROM t WHERE id = 1 FOR UPDATE\n"
                            "2: cancel\n"
                            "2: SELECT pg_sleep(10)\n"
                            "2: cancel\n"),
              "1: BEGIN\n(1) SELECT 1\n"
              "2: 55P03 could not obtain lock on row in relation \"t\"\n"
              "2: (2) SELECT 1\n"
              "2: SET\n2: waits\n2: 55P03 canceling statement due to lock timeout\n"
              "2: SET\nSET\n2: waits\n2: 57014 canceling statement due to statement timeout\n"
              "2: SET\n2: waits\n2: 57014 canceling statement due to user request\n"
              "2: waits\n2: 57014 canceling statement due to user request\n");
}

TEST(Schedule, waiters_for_a_row_are_served_in_order) {
    EXPECT_EQ(with_accounts("1: BEGIN; SELECT v FROM t WHERE id = 1 FOR UPDATE\n"
                            "2: BEGIN; SELECT v FROM t WHERE id = 1 FOR UPDATE\n"
                            "3: BEGIN; SELECT v FROM t WHERE id = 1 FOR UPDATE\n"
                            "4: BEGIN; SELECT v FROM t WHERE id = 1 FOR UPDATE\n"
                            "1: UPDATE t SET v = 11 WHERE id = 1\n"
                            "1: COMMIT\n"
                            "2: COMMIT\n"
                            "3: ROLLBACK\n"
                            "4: COMMIT\n"),
              "1: BEGIN\n(10) SELECT 1\n2: waits\n3: waits\n4: waits\n1: UPDATE 1\n"
              "1: COMMIT\n2: BEGIN\n(11) SELECT 1\n"
              "2: COMMIT\n3: BEGIN\n(11) SELECT 1\n"
              "3: ROLLBACK\n4: BEGIN\n(11) SELECT 1\n4: COMMIT\n");
}

TEST(Schedule, share_locks_let_each_other_in_and_keep_updates_out) {
    EXPECT_EQ(with_accounts("1: BEGIN; SELECT v FROM t WHERE id=1 FOR SHARE\n"
                            "2: BEGIN; SELECT v FROM t WHERE id=1 FOR SHARE\n"
                            "3: UPDATE t SET v = 5 WHERE id = 1\n"
                            "4: SELECT v FROM t WHERE id=1 FOR KEY SHARE\n"
                            "1: COMMIT\n"
                            "2: COMMIT\n"),
              "1: BEGIN\n(10) SELECT 1\n2: BEGIN\n(10) SELECT 1\n3: waits\n4: (10) SELECT 1\n"
              "1: COMMIT\n2: COMMIT\n3: UPDATE 1\n");
}

TEST(Schedule, a_key_share_lock_goes_along_with_the_row) {
    EXPECT_EQ(with_accounts("1: BEGIN; UPDATE t SET v = 5 WHERE id = 1\n"
                            "2: BEGIN; SELECT v FROM t WHERE id=1 FOR KEY SHARE\n"
                            "1: COMMIT\n"
                            "3: UPDATE t SET v = 6 WHERE id = 1\n"
                            "3: DELETE FROM t WHERE id = 1\n"
                            "2: COMMIT\n"),
              "1: BEGIN\nUPDATE 1\n2: BEGIN\n(10) SELECT 1\n1: COMMIT\n3: UPDATE 1\n3: waits\n"
              "2: COMMIT\n3: DELETE 1\n");
}

TEST(Schedule, a_key_share_lock_minds_what_became_of_the_row_after_the_update) {
    EXPECT_EQ(with_accounts("1: BEGIN; UPDATE t SET v = 5 WHERE id = 1\n"
                            "1: DELETE FROM t WHERE id = 1\n"
                            "2: SELECT v FROM t WHERE id=1 FOR KEY SHARE\n"
                            "1: ROLLBACK\n"),
              "1: BEGIN\nUPDATE 1\n1: DELETE 1\n2: waits\n1: ROLLBACK\n2: (10) SELECT 1\n");
}

TEST(Schedule, rolling_back_to_a_savepoint_lets_go_of_its_rows) {
    EXPECT_EQ(with_accounts("1: BEGIN; SAVEPOINT a; UPDATE t SET v = 5 WHERE id = 1\n"
                            "2: UPDATE t SET v = v + 1 WHERE id = 1 RETURNING v\n"
                            "1: ROLLBACK TO a\n"
                            "1: COMMIT\n"),
              "1: BEGIN\nSAVEPOINT\nUPDATE 1\n2: waits\n1: ROLLBACK\n2: (11) UPDATE 1\n"
              "1: COMMIT\n");
}

TEST(Schedule, an_error_lets_go_of_all_rows_before_the_client_says_rollback) {
    EXPECT_EQ(with_accounts("1: BEGIN; UPDATE t SET v = 9 WHERE id = 1; SELECT 1/0\n"
                            "2: UPDATE t SET v = v + 1 WHERE id = 1 RETURNING v\n"
                            "1: ROLLBACK\n"),
              "1: BEGIN\nUPDATE 1\n22012 division by zero\n2: (11) UPDATE 1\n1: ROLLBACK\n");
}

TEST(Schedule, an_idle_transaction_is_ended_and_its_locks_with_it) {
    EXPECT_EQ(with_accounts("1: SET idle_in_transaction_session_timeout = '300ms'\n"
                            "1: BEGIN; UPDATE t SET v = 9 WHERE id = 1\n"
                            "2: UPDATE t SET v = v + 1 WHERE id = 1 RETURNING v\n"
                            "1: sleep 1s\n"),
              "1: SET\n1: BEGIN\nUPDATE 1\n2: waits\n2: (11) UPDATE 1\n");
}

TEST(Schedule, definitions_wait_for_readers_and_readers_for_definitions) {
    EXPECT_EQ(with_accounts("1: BEGIN; SELECT count(*) FROM t\n"
                            "2: ALTER TABLE t ADD COLUMN w int DEFAULT 7\n"
                            "3: SELECT w FROM t\n"
                            "1: SELECT count(*) FROM t\n"
                            "1: COMMIT\n"),
              "1: BEGIN\n(2) SELECT 1\n2: waits\n"
              "3: 42703 column \"w\" does not exist\n"
              "1: (2) SELECT 1\n1: COMMIT\n2: ALTER TABLE\n");
    EXPECT_EQ(with_accounts("1: BEGIN; DROP TABLE t\n"
                            "2: SELECT * FROM t\n"
                            "1: COMMIT\n"),
              "1: BEGIN\nDROP TABLE\n2: waits\n1: COMMIT\n"
              "2: 42P01 relation \"t\" does not exist\n");
}

TEST(Schedule, two_that_make_the_same_table) {
    const std::string steps =
        "1: BEGIN; CREATE TABLE u (a int)\n"
        "2: CREATE TABLE IF NOT EXISTS u (b int)\n"
        "3: SELECT * FROM u\n";
    const std::string before =
        "1: BEGIN\nCREATE TABLE\n2: waits\n3: 42P01 relation \"u\" does not exist\n";
    EXPECT_EQ(with_accounts(steps + "1: COMMIT\n"),
              before +
                  "1: COMMIT\n2: 23505 duplicate key value violates unique constraint "
                  "\"pg_type_typname_nsp_index\"\n");
    EXPECT_EQ(with_accounts(steps + "1: ROLLBACK\n2: SELECT b FROM u\n"),
              before + "1: ROLLBACK\n2: CREATE TABLE\n2: SELECT 0\n");
}

TEST(Schedule, truncate_is_seen_at_once_even_by_older_snapshots) {
    EXPECT_EQ(with_accounts("1: BEGIN; TRUNCATE t\n"
                            "2: BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1\n"
                            "2: SELECT * FROM t\n"
                            "1: COMMIT\n"),
              "1: BEGIN\nTRUNCATE TABLE\n2: BEGIN\n(1) SELECT 1\n2: waits\n1: COMMIT\n"
              "2: SELECT 0\n");
}

TEST(Schedule, on_conflict_do_update_waits_and_sees_the_winner) {
    EXPECT_EQ(with_accounts("1: BEGIN; INSERT INTO t VALUES (1,2) ON CONFLICT (id) DO UPDATE SET "
                            "v = t.v + 10 RETURNING v\n"
                            "2: INSERT INTO t VALUES (1,2) ON CONFLICT (id) DO UPDATE SET "
                            "v = t.v + 100 RETURNING v\n"
                            "1: COMMIT\n"),
              "1: BEGIN\n(20) INSERT 0 1\n2: waits\n1: COMMIT\n2: (120) INSERT 0 1\n");
}

TEST(Schedule, who_holds_a_row_lock_may_strengthen_it_before_those_who_wait) {
    EXPECT_EQ(with_accounts("1: BEGIN; SELECT v FROM t WHERE id=1 FOR SHARE\n"
                            "2: BEGIN; SELECT v FROM t WHERE id=1 FOR SHARE\n"
                            "3: UPDATE t SET v = 5 WHERE id = 1\n"
                            "1: SELECT v FROM t WHERE id=1 FOR UPDATE\n"
                            "1: sleep 2s\n"
                            "2: COMMIT\n"
                            "1: COMMIT\n"),
              "1: BEGIN\n(10) SELECT 1\n2: BEGIN\n(10) SELECT 1\n3: waits\n1: waits\n"
              "1: (10) SELECT 1\n2: COMMIT\n1: COMMIT\n3: UPDATE 1\n");
}

TEST(Schedule, repeatable_read_takes_its_snapshot_before_it_waits_for_the_table) {
    EXPECT_EQ(with_accounts("1: BEGIN; LOCK TABLE t; INSERT INTO t VALUES (3,3,'c')\n"
                            "2: BEGIN ISOLATION LEVEL REPEATABLE READ\n"
                            "2: SELECT count(*) FROM t\n"
                            "1: COMMIT\n"
                            "2: SELECT count(*) FROM t\n"
                            "2: COMMIT\n"),
              "1: BEGIN\nLOCK TABLE\nINSERT 0 1\n2: BEGIN\n2: waits\n1: COMMIT\n"
              "2: (2) SELECT 1\n2: (2) SELECT 1\n2: COMMIT\n");
}

TEST(Schedule, on_conflict_looks_again_when_one_key_made_it_wait_and_another_was_taken) {
    EXPECT_EQ(with_accounts("1: BEGIN; INSERT INTO t VALUES (10,1,'x')\n"
                            "2: INSERT INTO t VALUES (11,2,'x') ON CONFLICT DO NOTHING\n"
                            "3: INSERT INTO t VALUES (11,3,'y')\n"
                            "1: ROLLBACK\n"
                            "1: SELECT * FROM t WHERE id > 2\n"),
              "1: BEGIN\nINSERT 0 1\n2: waits\n3: INSERT 0 1\n1: ROLLBACK\n2: INSERT 0 0\n"
              "1: (11,3,y) SELECT 1\n");
}

TEST(Schedule, two_that_wait_for_each_other_over_one_lock_are_noticed_at_once) {
    EXPECT_EQ(with_accounts("1: BEGIN; LOCK TABLE t IN SHARE MODE\n"
                            "2: BEGIN; LOCK TABLE t IN SHARE MODE\n"
                            "1: UPDATE t SET v = 1\n"
                            "2: UPDATE t SET v = 2\n"
                            "1: COMMIT\n"),
              "1: BEGIN\nLOCK TABLE\n2: BEGIN\nLOCK TABLE\n1: waits\n1: UPDATE 2\n"
              "2: 40P01 deadlock detected\n1: COMMIT\n");
}

TEST(Schedule, a_circle_through_a_place_in_line_is_broken_by_a_new_order) {
    EXPECT_EQ(with_accounts("1: CREATE TABLE u (id int)\n"
                            "1: BEGIN; LOCK TABLE t IN ACCESS SHARE MODE\n"
                            "2: BEGIN; LOCK TABLE u IN ACCESS SHARE MODE\n"
                            "3: BEGIN; LOCK TABLE t\n"
                            "1: LOCK TABLE u\n"
                            "2: LOCK TABLE t IN ACCESS SHARE MODE\n"
                            "2: sleep 2s\n"
                            "2: COMMIT\n"
                            "1: COMMIT\n"
                            "3: COMMIT\n"),
              "1: CREATE TABLE\n1: BEGIN\nLOCK TABLE\n2: BEGIN\nLOCK TABLE\n3: waits\n1: waits\n"
              "2: waits\n2: LOCK TABLE\n1: LOCK TABLE\n2: COMMIT\n1: COMMIT\n"
              "3: BEGIN\nLOCK TABLE\n3: COMMIT\n");
}

TEST(Schedule, a_definition_means_the_table_that_is_there_after_the_wait) {
    EXPECT_EQ(with_accounts("1: BEGIN; DROP TABLE t; CREATE TABLE t (a int, id int)\n"
                            "2: ALTER TABLE t ADD UNIQUE (id)\n"
                            "1: COMMIT\n"
                            "1: INSERT INTO t VALUES (1, 1), (1, 2)\n"
                            "1: INSERT INTO t VALUES (2, 2)\n"
                            "1: BEGIN; SELECT 1 FROM t LIMIT 1\n"
                            "2: BEGIN READ ONLY; DROP TABLE t\n"),
              "1: BEGIN\nDROP TABLE\nCREATE TABLE\n2: waits\n1: COMMIT\n2: ALTER TABLE\n"
              "1: INSERT 0 2\n"
              "1: 23505 duplicate key value violates unique constraint \"t_id_key\"\n"
              "1: BEGIN\n(1) SELECT 1\n"
              "2: BEGIN\n25006 cannot execute DROP TABLE in a read-only transaction\n");
}

TEST(Schedule, an_insert_from_rows_that_it_locks_takes_the_lock_for_that) {
    EXPECT_EQ(with_accounts("1: CREATE TABLE u (id int)\n"
                            "1: BEGIN; LOCK TABLE t IN EXCLUSIVE MODE\n"
                            "2: INSERT INTO u SELECT id FROM t\n"
                            "2: INSERT INTO u SELECT id FROM t FOR UPDATE\n"
                            "1: COMMIT\n"),
              "1: CREATE TABLE\n1: BEGIN\nLOCK TABLE\n2: INSERT 0 2\n2: waits\n1: COMMIT\n"
              "2: INSERT 0 2\n");
}

// PostgreSQL lets both build at once.
TEST(Schedule, two_indexes_made_at_once_are_both_there) {
    EXPECT_EQ(with_accounts("1: BEGIN; CREATE INDEX one ON t (v)\n"
                            "2: BEGIN; CREATE INDEX two ON t (v)\n"
                            "1: COMMIT\n"
                            "2: COMMIT\n"
                            "1: SELECT id FROM t WHERE v = 20\n"
                            "1: DROP INDEX one; DROP INDEX two\n"),
              "1: BEGIN\nCREATE INDEX\n2: waits\n1: COMMIT\n2: BEGIN\nCREATE INDEX\n"
              "2: COMMIT\n1: (2) SELECT 1\n1: DROP INDEX\nDROP INDEX\n");
}

TEST(Schedule, a_savepoint_lets_go_of_its_locks_whatever_was_let_go_of_before) {
    EXPECT_EQ(with_accounts("1: SELECT pg_advisory_lock(1)\n"
                            "1: BEGIN; SAVEPOINT a\n"
                            "1: SELECT pg_advisory_unlock_all(); LOCK TABLE t\n"
                            "1: ROLLBACK TO a\n"
                            "2: SELECT count(*) FROM t\n"),
              "1: () SELECT 1\n1: BEGIN\nSAVEPOINT\n1: () SELECT 1\nLOCK TABLE\n1: ROLLBACK\n"
              "2: (2) SELECT 1\n");
}

TEST(Schedule, advisory_locks) {
    EXPECT_EQ(with_accounts("1: BEGIN; SELECT pg_advisory_xact_lock(5)\n"
                            "2: SELECT pg_try_advisory_lock(5)\n"
                            "2: SELECT pg_advisory_lock(5)\n"
                            "1: COMMIT\n"
                            "3: SELECT pg_try_advisory_lock(5)\n"
                            "2: SELECT pg_advisory_unlock(5)\n"
                            "3: SELECT pg_try_advisory_lock(5)\n"),
              "1: BEGIN\n() SELECT 1\n2: (f) SELECT 1\n2: waits\n1: COMMIT\n2: () SELECT 1\n"
              "3: (f) SELECT 1\n2: (t) SELECT 1\n3: (t) SELECT 1\n");
}

}  // namespace
}  // namespace atlas::sim::models::postgres

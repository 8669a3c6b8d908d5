// Servers that follow each other, over the simulated network: what a follower shows, what a commit
// waits for, what a promotion keeps, and how an old primary comes back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/models/postgres/replication/conninfo.hpp"
#include "sim/models/postgres/testing/replicated_pair_fixture.hpp"

namespace atlas::sim::models::postgres {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

using Replication = testing::ReplicatedPair;

TEST_F(Replication, a_follower_shows_what_was_committed_before_and_after_it_was_made) {
    start_pair();
    EXPECT_EQ(servers.run(1, "SELECT id, v FROM t"), "(1,1) SELECT 1");
    EXPECT_EQ(servers.run(0, "INSERT INTO t VALUES (2, 2)"), "INSERT 0 1");
    EXPECT_EQ(servers.run_until(1, "SELECT id FROM t WHERE id = 2", "(2) SELECT 1"),
              "(2) SELECT 1");
    EXPECT_EQ(servers.run(0, "UPDATE t SET v = 7 WHERE id = 1"), "UPDATE 1");
    EXPECT_EQ(servers.run(0, "DELETE FROM t WHERE id = 2"), "DELETE 1");
    EXPECT_EQ(servers.run_until(1, "SELECT id, v FROM t", "(1,7) SELECT 1"), "(1,7) SELECT 1");
    EXPECT_EQ(servers.run(0, "CREATE INDEX i ON t (v)"), "CREATE INDEX");
    EXPECT_EQ(servers.run(0, "ALTER TABLE t ADD COLUMN w int DEFAULT 3"), "ALTER TABLE");
    EXPECT_EQ(servers.run_until(1, "SELECT * FROM t WHERE v = 7", "(1,7,3) SELECT 1"),
              "(1,7,3) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT pg_is_in_recovery()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(0, "SELECT application_name, state, sync_state FROM pg_stat_replication"),
              "(node-1,streaming,async) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT status, received_tli FROM pg_stat_wal_receiver"),
              "(streaming,1) SELECT 1");
}

TEST_F(Replication, a_follower_only_reads) {
    start_pair();
    EXPECT_EQ(servers.run(1, "INSERT INTO t VALUES (5, 5)"),
              "25006 cannot execute INSERT in a read-only transaction");
    EXPECT_EQ(servers.run(1, "SELECT id FROM t FOR UPDATE"),
              "25006 cannot execute SELECT FOR UPDATE in a read-only transaction");
    EXPECT_EQ(servers.run(1, "BEGIN READ WRITE"),
              "0A000 cannot set transaction read-write mode during recovery");
    EXPECT_EQ(servers.run(1, "SELECT txid_current()"),
              "25006 cannot execute pg_current_xact_id() during recovery");
    EXPECT_EQ(servers.run(1, "SELECT pg_current_wal_lsn()"), "55000 recovery is in progress");
    EXPECT_EQ(servers.run(1, "COMMIT PREPARED 'a'"),
              "25006 cannot execute COMMIT PREPARED during recovery");
    EXPECT_EQ(servers.run(1, "SHOW in_hot_standby"), "(on) SHOW");
}

TEST_F(Replication, a_snapshot_on_a_follower_stays_while_replay_goes_on) {
    start_pair();
    servers.begin(1, 1, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    servers.let_pass(20ms);
    servers.begin(1, 1, "SELECT v FROM t");
    servers.let_pass(20ms);
    EXPECT_EQ(servers.outcome(1), "(1) SELECT 1");
    EXPECT_EQ(servers.run(0, "UPDATE t SET v = 2"), "UPDATE 1");
    EXPECT_EQ(servers.run_until(1, "SELECT v FROM t", "(2) SELECT 1"), "(2) SELECT 1");
    servers.begin(1, 1, "SELECT v FROM t");
    servers.let_pass(20ms);
    EXPECT_EQ(servers.outcome(1), "(1) SELECT 1");
}

TEST_F(Replication, replay_waits_for_readers_of_a_table_that_changes_and_then_sends_them_away) {
    ServerSettings settings;
    settings.max_standby_streaming_delay = 2s;
    start_pair(settings);
    servers.begin(1, 1, "BEGIN");
    servers.let_pass(20ms);
    servers.begin(1, 1, "SELECT v FROM t");
    servers.let_pass(20ms);
    EXPECT_EQ(servers.run(0, "ALTER TABLE t ADD COLUMN w int"), "ALTER TABLE");
    servers.let_pass(1s);
    servers.begin(1, 1, "SELECT v FROM t");
    servers.let_pass(20ms);
    EXPECT_EQ(servers.outcome(1), "(1) SELECT 1");
    servers.let_pass(2s);
    servers.begin(1, 1, "SELECT v FROM t");
    servers.let_pass(20ms);
    EXPECT_EQ(servers.outcome(1), "40001 terminating connection due to conflict with recovery");
    EXPECT_EQ(servers.run_until(1, "SELECT * FROM t", "(1,1,~) SELECT 1"), "(1,1,~) SELECT 1");
}

TEST_F(Replication, a_follower_catches_up_after_it_or_its_primary_was_away) {
    start_pair();
    servers.kill(1);
    EXPECT_EQ(servers.run(0, "INSERT INTO t VALUES (2, 2)"), "INSERT 0 1");
    servers.start(1);
    EXPECT_EQ(servers.run_until(1, "SELECT count(*) FROM t", "(2) SELECT 1"), "(2) SELECT 1");
    servers.power_off(0);
    servers.let_pass(1s);
    EXPECT_EQ(servers.run(1, "SELECT count(*) FROM t"), "(2) SELECT 1");
    servers.power_on(0);
    servers.let_pass(1s);
    EXPECT_EQ(servers.run(0, "INSERT INTO t VALUES (3, 3)"), "INSERT 0 1");
    // The old connection is found dead by wal_receiver_timeout.
    EXPECT_EQ(servers.run_until(1, "SELECT count(*) FROM t", "(3) SELECT 1", 120s), "(3) SELECT 1");
    servers.power_off(1);
    servers.power_on(1);
    servers.let_pass(100ms);
    EXPECT_EQ(servers.run(0, "INSERT INTO t VALUES (4, 4)"), "INSERT 0 1");
    EXPECT_EQ(servers.run_until(1, "SELECT count(*) FROM t", "(4) SELECT 1"), "(4) SELECT 1");
}

TEST_F(Replication, a_log_that_is_gone_is_missed_unless_a_slot_or_a_size_keeps_it) {
    ServerSettings settings;
    settings.max_wal_size = 4096;
    start_pair(settings);
    servers.kill(1);
    const auto write = [&] {
        for (int i = 0; i < 10; ++i) {
            servers.run(0, "CREATE TABLE big (x text); INSERT INTO big VALUES ('" +
                               std::string(200'000, 'x') + "'); DROP TABLE big");
        }
    };
    write();
    servers.run(0, "INSERT INTO t VALUES (2, 2)");
    // The last part of the log is in memory: a restart forgets that.
    servers.kill(0);
    servers.start(0);
    servers.let_pass(100ms);
    servers.start(1);
    // Between two of its tries.
    servers.let_pass(3500ms);
    EXPECT_EQ(servers.run(1, "SELECT count(*) FROM t"), "(1) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT count(*) FROM pg_stat_wal_receiver"), "(0) SELECT 1");

    servers.kill(1);
    EXPECT_EQ(servers.run(0, "ALTER SYSTEM SET wal_keep_size = '64MB'"), "ALTER SYSTEM");
    EXPECT_EQ(servers.run(0, "SELECT pg_reload_conf()"), "(t) SELECT 1");
    servers.copy_before_start(1, 0);
    servers.start(1);
    servers.let_pass(2s);
    EXPECT_EQ(servers.run(1, "SELECT count(*) FROM t"), "(2) SELECT 1");
    servers.kill(1);
    write();
    servers.run(0, "INSERT INTO t VALUES (3, 3)");
    servers.kill(0);
    servers.start(0);
    servers.let_pass(100ms);
    servers.start(1);
    EXPECT_EQ(servers.run_until(1, "SELECT count(*) FROM t", "(3) SELECT 1"), "(3) SELECT 1");
}

TEST_F(Replication, a_synchronous_commit_waits_for_its_standby) {
    start_pair();
    EXPECT_EQ(servers.run(0, "ALTER SYSTEM SET synchronous_standby_names = '*'"), "ALTER SYSTEM");
    EXPECT_EQ(servers.run(0, "SELECT pg_reload_conf()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(0, "INSERT INTO t VALUES (2, 2)"), "INSERT 0 1");
    EXPECT_EQ(servers.run(0, "SELECT sync_state, sync_priority FROM pg_stat_replication"),
              "(sync,1) SELECT 1");
    servers.kill(1);
    servers.let_pass(100ms);
    servers.begin(1, 0, "INSERT INTO t VALUES (3, 3)");
    servers.let_pass(5s);
    EXPECT_EQ(servers.outcome(1), std::nullopt);
    // Nobody sees it, and its row is locked, although it is on the primary's disk.
    EXPECT_EQ(servers.run(0, "SELECT count(*) FROM t"), "(2) SELECT 1");
    EXPECT_EQ(servers.run(0, "SET synchronous_commit = local; INSERT INTO t VALUES (4, 4)"),
              "INSERT 0 1");
    servers.start(1);
    servers.let_pass(5s);
    EXPECT_EQ(servers.outcome(1), "INSERT 0 1");
    // Without names nobody waits.
    servers.kill(1);
    servers.let_pass(100ms);
    servers.begin(2, 0, "INSERT INTO t VALUES (5, 5)");
    servers.let_pass(1s);
    EXPECT_EQ(servers.outcome(2), std::nullopt);
    EXPECT_EQ(servers.run(0, "ALTER SYSTEM RESET synchronous_standby_names"), "ALTER SYSTEM");
    EXPECT_EQ(servers.run(0, "SELECT pg_reload_conf()"), "(t) SELECT 1");
    servers.let_pass(20ms);
    EXPECT_EQ(servers.outcome(2), "INSERT 0 1");
}

TEST_F(Replication, with_remote_apply_the_standby_shows_what_was_acknowledged) {
    ServerSettings settings;
    settings.synchronous_standby_names = "FIRST 1 (\"node-1\")";
    settings.synchronous_commit = SynchronousCommit::local;
    start_pair(settings);
    for (int i = 2; i < 30; ++i) {
        ASSERT_EQ(servers.run(0, "SET synchronous_commit = remote_apply; INSERT INTO t VALUES (" +
                                     std::to_string(i) + ", 0)"),
                  "INSERT 0 1");
        ASSERT_EQ(servers.run(1, "SELECT count(*) FROM t"), "(" + std::to_string(i) + ") SELECT 1");
    }
}

TEST_F(Replication, a_promoted_follower_takes_writes_on_a_new_timeline) {
    start_pair();
    servers.kill(0);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT pg_is_in_recovery()"), "(f) SELECT 1");
    EXPECT_EQ(servers.run(1, "INSERT INTO t VALUES (2, 2)"), "INSERT 0 1");
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "55000 recovery is not in progress");
    servers.power_off(1);
    servers.power_on(1);
    servers.let_pass(100ms);
    EXPECT_EQ(servers.run(1, "SELECT pg_is_in_recovery()"), "(f) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT count(*) FROM t"), "(2) SELECT 1");
}

TEST_F(Replication, sessions_stay_through_a_promotion) {
    start_pair();
    servers.begin(1, 1, "BEGIN");
    servers.let_pass(20ms);
    servers.begin(1, 1, "SELECT v FROM t");
    servers.let_pass(20ms);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    servers.begin(1, 1, "INSERT INTO t VALUES (2, 2)");
    servers.let_pass(20ms);
    EXPECT_EQ(servers.outcome(1), "25006 cannot execute INSERT in a read-only transaction");
    servers.begin(1, 1, "ROLLBACK");
    servers.let_pass(20ms);
    servers.begin(1, 1, "INSERT INTO t VALUES (2, 2)");
    servers.let_pass(20ms);
    EXPECT_EQ(servers.outcome(1), "INSERT 0 1");
}

TEST_F(Replication, a_follower_goes_over_to_the_new_timeline) {
    start_pair();
    servers.add({.wal_retrieve_retry_interval = 1s});
    servers.copy_before_start(2, 0);
    servers.start(2);
    servers.let_pass(500ms);
    EXPECT_EQ(servers.run_until(2, "SELECT count(*) FROM t", "(1) SELECT 1"), "(1) SELECT 1");
    servers.kill(0);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "INSERT INTO t VALUES (2, 2)"), "INSERT 0 1");
    EXPECT_EQ(
        servers.run(2, "ALTER SYSTEM SET primary_conninfo = '" + servers.conninfo(2, 1) + "'"),
        "ALTER SYSTEM");
    EXPECT_EQ(servers.run(2, "SELECT pg_reload_conf()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run_until(2, "SELECT count(*) FROM t", "(2) SELECT 1"), "(2) SELECT 1");
    EXPECT_EQ(servers.run(2, "SELECT received_tli FROM pg_stat_wal_receiver"), "(2) SELECT 1");
    // By its own log too.
    servers.power_off(2);
    servers.power_on(2);
    servers.let_pass(200ms);
    EXPECT_EQ(servers.run(2, "SELECT count(*) FROM t"), "(2) SELECT 1");
}

TEST_F(Replication, a_copy_waits_no_longer_for_its_source_than_its_connection_string_says) {
    const int source = servers.add();
    const int copy = servers.add();
    servers.start(source);
    servers.power_off(source);
    servers.copy_before_start(copy, source);
    servers.start(copy);
    servers.let_pass(4900ms);
    EXPECT_EQ(servers.copy_error(copy), "");
    servers.let_pass(200ms);
    EXPECT_THAT(servers.copy_error(copy), HasSubstr("deadline_exceeded: connect to"));
}

TEST(Conninfo, limits_the_way_to_a_session_as_libpq_does) {
    const auto limit = [](std::string_view text) { return parse_conninfo(text)->connect_timeout; };
    EXPECT_EQ(limit("host=a connect_timeout=5"), 5s);
    EXPECT_EQ(limit("connect_timeout=1"), 2s);
    EXPECT_EQ(limit("connect_timeout=0"), std::nullopt);
    EXPECT_EQ(limit("connect_timeout=-1 port=1"), std::nullopt);
    EXPECT_EQ(limit("host=a"), std::nullopt);
    EXPECT_FALSE(parse_conninfo("connect_timeout=5s"));
    EXPECT_FALSE(parse_conninfo("port=x"));
}

TEST_F(Replication, an_old_primary_comes_back_by_a_rewind_without_what_nobody_else_had) {
    start_pair();
    servers.kill(1);
    servers.let_pass(50ms);
    EXPECT_EQ(servers.run(0, "INSERT INTO t VALUES (66, 66)"), "INSERT 0 1");
    servers.kill(0);
    servers.start(1);
    servers.let_pass(100ms);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "INSERT INTO t VALUES (2, 2)"), "INSERT 0 1");
    servers.rewind_before_start(0, 1);
    servers.start(0);
    EXPECT_EQ(servers.run_until(0, "SELECT id FROM t ORDER BY id", "(1)(2) SELECT 2"),
              "(1)(2) SELECT 2");
    EXPECT_EQ(servers.rewind_outcome(0), Rewind::copied);
    EXPECT_EQ(servers.run(0, "SELECT pg_is_in_recovery()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "INSERT INTO t VALUES (3, 3)"), "INSERT 0 1");
    EXPECT_EQ(servers.run_until(0, "SELECT count(*) FROM t", "(3) SELECT 1"), "(3) SELECT 1");
}

TEST_F(Replication, an_old_primary_that_is_not_ahead_needs_no_rewind) {
    start_pair();
    servers.stop(0);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "INSERT INTO t VALUES (2, 2)"), "INSERT 0 1");
    servers.rewind_before_start(0, 1);
    servers.start(0);
    EXPECT_EQ(servers.run_until(0, "SELECT id FROM t ORDER BY id", "(1)(2) SELECT 2"),
              "(1)(2) SELECT 2");
    EXPECT_EQ(servers.rewind_outcome(0), Rewind::not_needed);
}

TEST_F(Replication, prepared_transactions_survive_a_promotion) {
    ServerSettings settings;
    settings.max_prepared_transactions = 5;
    start_pair(settings);
    EXPECT_EQ(servers.run(0, "BEGIN; UPDATE t SET v = 9; PREPARE TRANSACTION 'a'"),
              "PREPARE TRANSACTION");
    servers.let_pass(100ms);
    EXPECT_EQ(servers.run(1, "SELECT v FROM t"), "(1) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT gid FROM pg_prepared_xacts"), "SELECT 0");
    servers.kill(0);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT id FROM t FOR UPDATE SKIP LOCKED"), "SELECT 0");
    EXPECT_EQ(servers.run(1, "COMMIT PREPARED 'a'"), "COMMIT PREPARED");
    EXPECT_EQ(servers.run(1, "SELECT v FROM t"), "(9) SELECT 1");
}

}  // namespace
}  // namespace atlas::sim::models::postgres

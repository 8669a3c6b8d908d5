// What a promotion finds and must keep: prepared transactions, sessions that read, wishes of an
// earlier life; and servers that stop or promote while others follow them.

#include "sim/disk/rough_disk_fixture.hpp"
#include "sim/models/postgres/testing/replicated_pair_fixture.hpp"

namespace atlas::sim::models::postgres {
namespace {

using namespace std::chrono_literals;

using Promotion = testing::ReplicatedPair;

ServerSettings with_prepared_transactions() {
    ServerSettings settings;
    settings.max_prepared_transactions = 5;
    settings.max_standby_streaming_delay = 1s;
    return settings;
}

TEST_F(Promotion, what_was_committed_beside_a_prepared_transaction_is_there_before_it_is_decided) {
    start_pair(with_prepared_transactions());
    EXPECT_EQ(servers.run(0, "UPDATE t SET v = 5"), "UPDATE 1");
    EXPECT_EQ(servers.run(0, "INSERT INTO t VALUES (2, 2)"), "INSERT 0 1");
    EXPECT_EQ(servers.run(0,
                          "BEGIN; INSERT INTO t VALUES (3, 3); SAVEPOINT s; "
                          "UPDATE t SET v = 9 WHERE id = 1; PREPARE TRANSACTION 'c'"),
              "PREPARE TRANSACTION");
    servers.let_pass(100ms);
    EXPECT_EQ(in_session(1, 1, "BEGIN ISOLATION LEVEL REPEATABLE READ"), "BEGIN");
    EXPECT_EQ(in_session(1, 1, "SELECT id, v FROM t ORDER BY id"), "(1,5)(2,2) SELECT 2");
    servers.kill(0);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT id, v FROM t ORDER BY id"), "(1,5)(2,2) SELECT 2");
    EXPECT_EQ(in_session(1, 1, "SELECT id, v FROM t ORDER BY id"), "(1,5)(2,2) SELECT 2");
    EXPECT_EQ(servers.run(1, "SELECT id FROM t FOR UPDATE SKIP LOCKED"), "(2) SELECT 1");
    EXPECT_EQ(servers.run(1, "COMMIT PREPARED 'c'"), "COMMIT PREPARED");
    EXPECT_EQ(servers.run(1, "SELECT id, v FROM t ORDER BY id"), "(1,9)(2,2)(3,3) SELECT 3");
    EXPECT_EQ(in_session(1, 1, "SELECT id, v FROM t ORDER BY id"), "(1,5)(2,2) SELECT 2");
}

TEST_F(Promotion, locks_of_prepared_transactions_do_not_stand_in_its_way) {
    start_pair(with_prepared_transactions());
    EXPECT_EQ(servers.run(0,
                          "BEGIN; SELECT pg_advisory_xact_lock(4); "
                          "LOCK TABLE t IN SHARE ROW EXCLUSIVE MODE; PREPARE TRANSACTION 'l'"),
              "PREPARE TRANSACTION");
    servers.let_pass(100ms);
    EXPECT_EQ(in_session(1, 1, "SELECT pg_advisory_lock(4)"), "() SELECT 1");
    EXPECT_EQ(in_session(2, 1, "BEGIN"), "BEGIN");
    EXPECT_EQ(in_session(2, 1, "LOCK TABLE t IN ROW EXCLUSIVE MODE"), "LOCK TABLE");
    servers.kill(0);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(in_session(2, 1, "COMMIT"), "COMMIT");
    EXPECT_EQ(servers.run(1, "SELECT pg_try_advisory_lock(4)"), "(f) SELECT 1");
    EXPECT_EQ(servers.run(1, "SET lock_timeout = 100; INSERT INTO t VALUES (2, 2)"),
              "55P03 canceling statement due to lock timeout");
    EXPECT_EQ(servers.run(1, "ROLLBACK PREPARED 'l'"), "ROLLBACK PREPARED");
    EXPECT_EQ(servers.run(1, "INSERT INTO t VALUES (2, 2)"), "INSERT 0 1");
}

TEST_F(Promotion, a_table_that_a_prepared_transaction_changes_is_kept_from_readers) {
    start_pair(with_prepared_transactions());
    EXPECT_EQ(in_session(1, 1, "BEGIN"), "BEGIN");
    EXPECT_EQ(in_session(1, 1, "SELECT v FROM t"), "(1) SELECT 1");
    EXPECT_EQ(servers.run(0, "BEGIN; ALTER TABLE t ADD COLUMN w int; PREPARE TRANSACTION 'd'"),
              "PREPARE TRANSACTION");
    servers.let_pass(2s);
    EXPECT_EQ(in_session(1, 1, "SELECT v FROM t"),
              "40001 terminating connection due to conflict with recovery");
    const std::string read = "SET statement_timeout = 100; SELECT * FROM t";
    const std::string refused = "57014 canceling statement due to statement timeout";
    EXPECT_EQ(servers.run(1, read), refused);
    servers.kill(1);
    servers.start(1);
    servers.let_pass(3s);
    EXPECT_EQ(servers.run(1, read), refused);
    EXPECT_EQ(servers.run(0, "COMMIT PREPARED 'd'"), "COMMIT PREPARED");
    EXPECT_EQ(servers.run_until(1, read, "(1,1,~) SELECT 1"), "(1,1,~) SELECT 1");
    EXPECT_EQ(servers.run(0, "BEGIN; ALTER TABLE t ADD COLUMN x int; PREPARE TRANSACTION 'e'"),
              "PREPARE TRANSACTION");
    servers.let_pass(100ms);
    servers.kill(0);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, read), refused);
    EXPECT_EQ(servers.run(1, "ROLLBACK PREPARED 'e'"), "ROLLBACK PREPARED");
    EXPECT_EQ(servers.run(1, read), "(1,1,~) SELECT 1");
}

TEST_F(Promotion, a_wish_of_an_earlier_life_is_forgotten) {
    start_pair();
    servers.kill(1);
    servers.leave_file_before_start(1, "promote");
    servers.start(1);
    servers.let_pass(10s);
    EXPECT_EQ(servers.run(1, "SELECT pg_is_in_recovery()"), "(t) SELECT 1");
}

TEST_F(Promotion, a_copy_that_was_cut_short_opens_as_nothing_until_it_is_made_again) {
    start_pair();
    servers.kill(1);
    servers.leave_file_before_start(1, "copying");
    servers.start(1);
    servers.let_pass(1s);
    EXPECT_TRUE(servers.copy_error(1).starts_with("data_corrupted")) << servers.copy_error(1);
    servers.rewind_before_start(1, 0);
    servers.start(1);
    EXPECT_EQ(servers.run_until(1, "SELECT id FROM t", "(1) SELECT 1"), "(1) SELECT 1");
    EXPECT_EQ(servers.rewind_outcome(1), Rewind::copied);
}

TEST_F(Promotion, the_log_receiver_is_seen_no_more) {
    start_pair();
    EXPECT_EQ(servers.run(1, "SELECT count(*) FROM pg_stat_wal_receiver"), "(1) SELECT 1");
    EXPECT_EQ(alter(1, "SET primary_conninfo = ''"), "(t) SELECT 1");
    servers.let_pass(100ms);
    EXPECT_EQ(servers.run(1, "SELECT count(*) FROM pg_stat_wal_receiver"), "(0) SELECT 1");
    EXPECT_EQ(alter(1, "SET primary_conninfo = '" + servers.conninfo(1, 0) + "'"), "(t) SELECT 1");
    servers.let_pass(3s);
    EXPECT_EQ(servers.run(1, "SELECT count(*) FROM pg_stat_wal_receiver"), "(1) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT count(*) FROM pg_stat_wal_receiver"), "(0) SELECT 1");
}

TEST_F(Promotion, whoever_waits_for_it_can_be_interrupted) {
    ServerSettings settings;
    settings.max_standby_streaming_delay = 1s;
    start_pair(settings);
    EXPECT_EQ(in_session(1, 1, "BEGIN"), "BEGIN");
    EXPECT_EQ(in_session(1, 1, "SELECT v FROM t"), "(1) SELECT 1");
    EXPECT_EQ(servers.run(0, "ALTER TABLE t ADD COLUMN w int"), "ALTER TABLE");
    // The promotion replays the change first, which this session is in the way of.
    servers.begin(1, 1, "SELECT pg_promote()");
    servers.let_pass(3s);
    EXPECT_EQ(servers.outcome(1), "40001 canceling statement due to conflict with recovery");
    EXPECT_EQ(servers.run(1, "SELECT pg_is_in_recovery()"), "(f) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT * FROM t"), "(1,1,~) SELECT 1");
}

TEST_F(Promotion, a_follower_with_a_slot_goes_over_on_the_same_connection) {
    start_pair();
    servers.add({.wal_retrieve_retry_interval = 60s});
    servers.copy_before_start(2, 1, "two");
    servers.start(2);
    servers.let_pass(500ms);
    ASSERT_EQ(servers.copy_error(2), "");
    EXPECT_EQ(servers.run(1, "SELECT slot_name, active FROM pg_replication_slots"),
              "(two,t) SELECT 1");
    servers.kill(0);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "INSERT INTO t VALUES (2, 2)"), "INSERT 0 1");
    EXPECT_EQ(servers.run_until(2, "SELECT count(*) FROM t", "(2) SELECT 1", 3s), "(2) SELECT 1");
}

// A primary that has nothing to write stops while its follower is being served.
TEST_F(Promotion, a_primary_stops_whatever_its_followers_do) {
    start_pair();
    servers.kill(0);
    servers.start(0);
    servers.let_pass(5s);
    EXPECT_EQ(servers.run(0, "SELECT count(*) FROM pg_stat_replication"), "(1) SELECT 1");
    servers.stop(0);
    servers.start(0);
    servers.let_pass(5s);
    EXPECT_EQ(servers.run(0, "SELECT count(*) FROM pg_stat_replication"), "(1) SELECT 1");
    servers.power_off(1);
    servers.stop(0);
    servers.let_pass(120s);
    servers.start(0);
    servers.let_pass(100ms);
    EXPECT_EQ(servers.run(0, "SELECT count(*) FROM t"), "(1) SELECT 1");
}

TEST_F(Promotion, a_commit_that_waits_for_a_standby_is_not_confirmed_by_a_shutdown) {
    start_pair(with_prepared_transactions());
    EXPECT_EQ(alter(0, "SET synchronous_standby_names = 'nobody'"), "(t) SELECT 1");
    servers.begin(1, 0, "INSERT INTO t VALUES (2, 2)");
    servers.begin(2, 0, "BEGIN; INSERT INTO t VALUES (3, 3); COMMIT; SELECT pg_sleep(3600)");
    servers.begin(3, 0, "BEGIN; INSERT INTO t VALUES (4, 4); PREPARE TRANSACTION 'p'");
    servers.let_pass(1s);
    // The one that waits is there for all, and nobody's to finish yet.
    EXPECT_EQ(servers.run(0, "SELECT gid FROM pg_prepared_xacts"), "(p) SELECT 1");
    EXPECT_EQ(servers.run(0, "ROLLBACK PREPARED 'p'"),
              "55000 prepared transaction with identifier \"p\" is busy");
    servers.stop(0);
    for (const int session : {1, 2, 3})
        EXPECT_EQ(servers.outcome(session), "lost") << session;
    servers.start(0);
    servers.let_pass(100ms);
    EXPECT_EQ(servers.run(0, "SELECT id FROM t ORDER BY id"), "(1)(2)(3) SELECT 3");
    EXPECT_EQ(servers.run(0, "SELECT gid FROM pg_prepared_xacts"), "(p) SELECT 1");
}

TEST_F(Promotion, an_index_is_replayed_where_dead_versions_have_no_key) {
    start_pair();
    EXPECT_EQ(servers.run(0, "INSERT INTO t VALUES (2, 0)"), "INSERT 0 1");
    EXPECT_EQ(servers.run(0,
                          "BEGIN; UPDATE t SET v = 3 WHERE id = 2; CREATE INDEX i ON t ((10 / "
                          "v)); COMMIT"),
              "COMMIT");
    EXPECT_EQ(servers.run_until(1, "SELECT v FROM t WHERE id = 2", "(3) SELECT 1"), "(3) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT id FROM t WHERE 10 / v = 3"), "(2) SELECT 1");
}

TEST_F(Promotion, a_follower_of_another_history_of_the_same_number_is_refused) {
    start_pair();
    servers.add({.wal_retrieve_retry_interval = 1s});
    servers.copy_before_start(2, 0);
    servers.start(2);
    servers.let_pass(500ms);
    // Two that do not hear of each other become primaries, on two timelines 2.
    servers.kill(2);
    EXPECT_EQ(servers.run(0, "INSERT INTO t VALUES (2, 2)"), "INSERT 0 1");
    servers.let_pass(100ms);
    servers.kill(0);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "INSERT INTO t VALUES (3, 3)"), "INSERT 0 1");
    servers.start(2);
    servers.let_pass(100ms);
    EXPECT_EQ(servers.run(2, "SELECT pg_promote()"), "(t) SELECT 1");
    servers.kill(2);
    servers.rewind_before_start(2, 1);
    servers.start(2);
    EXPECT_EQ(servers.run_until(2, "SELECT id FROM t ORDER BY id", "(1)(2)(3) SELECT 3"),
              "(1)(2)(3) SELECT 3");
    EXPECT_EQ(servers.rewind_outcome(2), Rewind::copied);
}

// Checkpoints, which begin segments, all through two changes of timeline.
TEST(PromotionAndCheckpoints, do_not_get_in_each_others_way) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        kernel::Kernel kernel{kernel::Seed{seed}};
        cluster::CalmNetwork network;
        disk::RoughDisk disk(seed, 1ms);
        testing::ReplicatedServers servers{kernel, network, disk};
        ServerSettings settings;
        settings.wal_retrieve_retry_interval = 100ms;
        settings.checkpoint_timeout = 1ms;
        for (int node = 0; node < 3; ++node)
            servers.add(settings);
        servers.start(0);
        servers.let_pass(200ms);
        ASSERT_EQ(servers.run(0, "CREATE TABLE t (id int)"), "CREATE TABLE");
        for (const int node : {1, 2}) {
            servers.copy_before_start(node, node - 1);
            servers.start(node);
            servers.let_pass(500ms);
        }
        servers.begin(1, 0, "INSERT INTO t VALUES (1)");
        servers.let_pass(std::chrono::milliseconds(seed % 8));
        servers.kill(0);
        ASSERT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1") << seed;
        ASSERT_EQ(servers.run(1, "INSERT INTO t VALUES (2)"), "INSERT 0 1") << seed;
        ASSERT_EQ(servers.run_until(2, "SELECT count(*) FROM t WHERE id = 2", "(1) SELECT 1"),
                  "(1) SELECT 1")
            << seed;
    }
}

}  // namespace
}  // namespace atlas::sim::models::postgres

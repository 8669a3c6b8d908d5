// ALTER SYSTEM and pg_reload_conf from several sessions at once, on a disk whose operations take a
// while, each another: nothing is lost, and what is in force at the end is what the file says.

#include <fmt/format.h>

#include "sim/disk/rough_disk_fixture.hpp"
#include "sim/models/postgres/testing/replicated_pair_fixture.hpp"

namespace atlas::sim::models::postgres {
namespace {

using namespace std::chrono_literals;

TEST(Configuration, many_may_change_it_at_once) {
    const char* const names[] = {"wal_sender_timeout", "wal_receiver_timeout",
                                 "max_standby_streaming_delay"};
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        kernel::Kernel kernel{kernel::Seed{seed}};
        cluster::CalmNetwork network;
        disk::RoughDisk disk(seed, 5ms);
        testing::ReplicatedServers servers{kernel, network, disk};
        servers.add();
        servers.start(0);
        servers.let_pass(500ms);
        for (int round = 1; round <= 5; ++round) {
            for (int session = 0; session < 3; ++session) {
                const std::string alteration =
                    fmt::format("ALTER SYSTEM SET {} = {}", names[session], round);
                servers.begin(session, 0, alteration);
                servers.begin(10 + session, 0, "SELECT pg_reload_conf()");
            }
            servers.let_pass(host::Duration(seed * 1ms));
            for (int session = 0; session < 6; ++session)
                servers.begin(20 + session, 0, "SELECT pg_reload_conf()");
            servers.let_pass(1s);
            // What is in force is what the file says: the last reload began after the last change.
            for (int session = 0; session < 3; ++session) {
                ASSERT_EQ(servers.outcome(session), "ALTER SYSTEM");
                ASSERT_EQ(servers.run(0, fmt::format("SHOW {}", names[session])),
                          fmt::format("({}ms) SHOW", round))
                    << "seed " << seed;
            }
        }
    }
}

TEST(Configuration, what_the_file_says_of_fsync_counts_for_the_log) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        kernel::Kernel kernel{kernel::Seed{seed}};
        cluster::CalmNetwork network;
        cluster::CalmDisk disk;
        testing::ReplicatedServers servers{kernel, network, disk};
        servers.add({.fsync = false});
        servers.start(0);
        servers.let_pass(100ms);
        ASSERT_EQ(servers.run(0, "CREATE TABLE t (id int)"), "CREATE TABLE");
        ASSERT_EQ(servers.run(0, "ALTER SYSTEM SET fsync = on"), "ALTER SYSTEM");
        servers.kill(0);
        servers.start(0);
        servers.let_pass(100ms);
        ASSERT_EQ(servers.run(0, "SHOW fsync"), "(on) SHOW");
        ASSERT_EQ(servers.run(0, "INSERT INTO t VALUES (1)"), "INSERT 0 1");
        servers.power_off(0);
        servers.power_on(0);
        servers.let_pass(100ms);
        ASSERT_EQ(servers.run(0, "SELECT id FROM t"), "(1) SELECT 1");
    }
}

TEST(Configuration, a_session_has_what_was_reloaded_before_it_began) {
    kernel::Kernel kernel{kernel::Seed{1}};
    cluster::CalmNetwork network;
    cluster::CalmDisk disk;
    testing::ReplicatedServers servers{kernel, network, disk};
    servers.add();
    servers.start(0);
    servers.let_pass(100ms);
    EXPECT_EQ(servers.run(0, "ALTER SYSTEM SET synchronous_commit = local"), "ALTER SYSTEM");
    EXPECT_EQ(servers.run(0, "ALTER SYSTEM SET deadlock_timeout = '3s'"), "ALTER SYSTEM");
    EXPECT_EQ(servers.run(0, "SHOW synchronous_commit"), "(on) SHOW");
    EXPECT_EQ(servers.run(0, "SELECT pg_reload_conf()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(0, "SHOW synchronous_commit"), "(local) SHOW");
    EXPECT_EQ(servers.run(0, "SHOW deadlock_timeout"), "(3s) SHOW");
    EXPECT_EQ(servers.run(0, "ALTER SYSTEM SET cluster_name = E'a\nfsync = off'"),
              "22023 parameter value for ALTER SYSTEM must not contain a newline");
    EXPECT_EQ(servers.run(0, "ALTER SYSTEM SET wal_retrieve_retry_interval = 0").substr(0, 5),
              "22023");
}

}  // namespace
}  // namespace atlas::sim::models::postgres

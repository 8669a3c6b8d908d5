#pragma once
// For tests: node 0 with a table of one row, and node 1, which follows it.

#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "sim/models/postgres/testing/replicated_servers_fixture.hpp"

namespace atlas::sim::models::postgres::testing {

class ReplicatedPair : public ::testing::Test {
  protected:
    kernel::Kernel kernel{kernel::Seed{7}};
    cluster::CalmNetwork network;
    cluster::CalmDisk disk;
    ReplicatedServers servers{kernel, network, disk};

    void start_pair(ServerSettings settings = {}) {
        settings.wal_retrieve_retry_interval = std::chrono::seconds(1);
        servers.add(settings);
        servers.add(settings);
        servers.start(0);
        servers.let_pass(std::chrono::milliseconds(100));
        ASSERT_EQ(servers.run(0, "CREATE TABLE t (id int PRIMARY KEY, v int)"), "CREATE TABLE");
        ASSERT_EQ(servers.run(0, "INSERT INTO t VALUES (1, 1)"), "INSERT 0 1");
        servers.copy_before_start(1, 0);
        servers.start(1);
        servers.let_pass(std::chrono::milliseconds(500));
        ASSERT_EQ(servers.copy_error(1), "");
    }

    /// One statement of a session that stays: what it has come to after a moment.
    std::optional<std::string> in_session(int session, int node, std::string statements) {
        servers.begin(session, node, std::move(statements));
        servers.let_pass(std::chrono::milliseconds(50));
        return servers.outcome(session);
    }

    std::string alter(int node, const std::string& change) {
        const std::string altered = servers.run(node, "ALTER SYSTEM " + change);
        return altered == "ALTER SYSTEM" ? servers.run(node, "SELECT pg_reload_conf()") : altered;
    }
};

}  // namespace atlas::sim::models::postgres::testing

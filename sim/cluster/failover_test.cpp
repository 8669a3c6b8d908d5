// Three databases with agents and a lease store: what becomes of them when machines, processes and
// links fail, and that whatever clients were told stays true.

#include <gtest/gtest.h>

#include <set>

#include "sim/cluster/calm.hpp"
#include "sim/cluster/failover_cluster_fixture.hpp"
#include "sim/models/postgres/replication/base_backup.hpp"

namespace atlas::sim::cluster {
namespace {

using namespace std::chrono_literals;

class Failover : public testing::Test {
  protected:
    kernel::Kernel kernel{kernel::Seed{11}};
    CalmNetwork network;
    CalmDisk disk;
    FailoverCluster cluster{kernel, network, disk};

    void TearDown() override {
        if (!HasFailure()) return;
        std::string text;
        for (const std::string& act : cluster.acts())
            text += act + "\n";
        ADD_FAILURE() << text;
    }

    void expect_all_is_well(host::Duration patience = 60s) {
        ASSERT_TRUE(cluster.settle(patience));
        const host::TimePoint now = kernel.now();
        cluster.let_pass(3s);
        EXPECT_GT(cluster.confirmed_by(cluster.primary(), now), 10U);
        EXPECT_EQ(cluster.judge(), "");
    }

    /// As somebody at the machine does it.
    void at(network::MachineNumber machine, const Program& what) {
        const ProcessNumber hands = cluster.cluster().add_process(machine, "hands", what);
        cluster.cluster().start(hands);
        cluster.let_pass(100ms);
    }

    void take_away(network::MachineNumber machine, const std::string& file) {
        at(machine, [file](host::Host& host) -> host::Task<> {
            const auto removed = co_await host.disk().remove(file);
            EXPECT_TRUE(removed);
        });
    }

    std::string database_on(int node) {
        std::string found;
        at(cluster.machine(node), [&found](host::Host& host) -> host::Task<> {
            const auto read =
                co_await models::postgres::read_system_identifier(host, "postgres/data");
            found = read ? std::to_string(*read) : host::describe(read.error());
        });
        return found;
    }

    /// How long it took until another one had confirmed a write.
    host::Duration time_to_another_primary(int old, host::Duration patience = 60s) {
        const host::TimePoint begin = kernel.now();
        const auto is_served = [&] {
            for (int node = 0; node < FailoverCluster::nodes; ++node) {
                if (node != old && cluster.confirmed_by(node, begin) > 0) return true;
            }
            return false;
        };
        while (!is_served() && kernel.now() - begin < patience)
            cluster.let_pass(100ms);
        return kernel.now() - begin;
    }
};

TEST_F(Failover, three_empty_disks_come_to_one_primary_and_two_followers) {
    ASSERT_TRUE(cluster.settle(30s));
    expect_all_is_well();
}

TEST_F(Failover, a_primary_without_power_is_replaced_and_comes_back_as_a_follower) {
    ASSERT_TRUE(cluster.settle());
    const int old = cluster.primary();
    const int heir = cluster.confirming();
    cluster.cluster().power_off(cluster.machine(old));
    EXPECT_LT(time_to_another_primary(old), 20s);
    EXPECT_EQ(cluster.primary(), heir);
    cluster.cluster().power_on(cluster.machine(old));
    expect_all_is_well();
    EXPECT_EQ(cluster.primary(), heir);
}

TEST_F(Failover, a_primary_lost_with_its_disk_is_replaced_and_its_machine_becomes_a_follower) {
    ASSERT_TRUE(cluster.settle());
    const int old = cluster.primary();
    const int heir = cluster.confirming();
    const std::string database = database_on(old);
    EXPECT_GT(cluster.cluster().lose(cluster.machine(old)), 0U);
    EXPECT_LT(time_to_another_primary(old), 20s);
    EXPECT_EQ(cluster.primary(), heir);
    cluster.cluster().power_on(cluster.machine(old));
    expect_all_is_well();
    EXPECT_EQ(cluster.primary(), heir);
    EXPECT_EQ(database_on(old), database) << "a copy, and not a database of its own";
}

// The replacement is there before anybody has missed the primary, and may lead by its name.
TEST_F(Failover, the_empty_machine_of_a_primary_makes_no_database_of_its_own) {
    ASSERT_TRUE(cluster.settle());
    const int old = cluster.primary();
    const std::string database = database_on(old);
    cluster.cluster().lose(cluster.machine(old));
    cluster.cluster().power_on(cluster.machine(old));
    EXPECT_LT(time_to_another_primary(old), 20s);
    expect_all_is_well();
    EXPECT_NE(cluster.primary(), old);
    EXPECT_EQ(database_on(old), database);
}

// One after the other each machine is lost, until none is left that was there at first.
TEST_F(Failover, what_was_confirmed_outlives_every_machine_it_was_confirmed_on) {
    for (int lost = 0; lost < FailoverCluster::nodes; ++lost) {
        ASSERT_TRUE(cluster.settle());
        cluster.cluster().lose(cluster.machine(lost));
        cluster.let_pass(3s);
        cluster.cluster().power_on(cluster.machine(lost));
        expect_all_is_well();
    }
}

TEST_F(Failover, a_primary_that_is_killed_goes_on) {
    ASSERT_TRUE(cluster.settle());
    const int old = cluster.primary();
    cluster.cluster().kill(cluster.database(old));
    cluster.let_pass(5s);
    EXPECT_EQ(cluster.primary(), old);
    expect_all_is_well();
}

TEST_F(Failover, a_follower_that_goes_away_is_replaced_by_the_other) {
    ASSERT_TRUE(cluster.settle());
    const int leader = cluster.primary();
    const int gone = cluster.confirming();
    cluster.cluster().power_off(cluster.machine(gone));
    cluster.let_pass(20s);
    EXPECT_EQ(cluster.primary(), leader);
    EXPECT_NE(cluster.confirming(), gone);
    EXPECT_GE(cluster.confirming(), 0);
    const host::TimePoint now = kernel.now();
    cluster.let_pass(2s);
    EXPECT_GT(cluster.confirmed_by(leader, now), 10U);
    cluster.cluster().power_on(cluster.machine(gone));
    expect_all_is_well();
}

TEST_F(Failover, an_agent_that_dies_is_not_missed) {
    ASSERT_TRUE(cluster.settle());
    const int leader = cluster.primary();
    cluster.cluster().kill(cluster.agent(leader));
    cluster.let_pass(2s);
    cluster.cluster().start_again(cluster.agent(leader));
    cluster.let_pass(10s);
    EXPECT_EQ(cluster.primary(), leader);
    expect_all_is_well();
}

// The file says one thing by then and the server goes by another.
TEST_F(Failover, agents_that_die_between_the_file_and_the_server_find_their_way) {
    ASSERT_TRUE(cluster.settle());
    std::set<std::string> died;
    cluster.cluster().hooks().at_fault_point = [&died](const kernel::Process& process,
                                                       std::string_view name) {
        kernel::HostHooks::FaultPointDecision decision;
        if (name == "failover.setting_written")
            decision.kill = died.insert(process.machine()).second;
        return decision;
    };
    const int old = cluster.primary();
    cluster.cluster().power_off(cluster.machine(old));
    EXPECT_LT(time_to_another_primary(old), 30s);
    EXPECT_EQ(died.size(), 2U);
    cluster.cluster().power_on(cluster.machine(old));
    expect_all_is_well();
    cluster.cluster().hooks().at_fault_point = {};
}

// The server goes on meanwhile, and nobody confirms its commits: the other follows the new one.
TEST_F(Failover, a_primary_whose_agent_is_paused_confirms_nothing_once_another_leads) {
    ASSERT_TRUE(cluster.settle());
    const int old = cluster.primary();
    cluster.cluster().pause(cluster.agent(old));
    ASSERT_LT(time_to_another_primary(old), 30s);
    EXPECT_EQ(cluster.primaries().size(), 2U);
    const host::TimePoint now = kernel.now();
    cluster.let_pass(20s);
    EXPECT_EQ(cluster.confirmed_by(old, now), 0U);
    cluster.cluster().resume(cluster.agent(old));
    expect_all_is_well();
}

TEST_F(Failover, a_database_that_is_paused_is_replaced) {
    ASSERT_TRUE(cluster.settle());
    const int old = cluster.primary();
    cluster.cluster().pause(cluster.database(old));
    EXPECT_LT(time_to_another_primary(old), 40s);
    cluster.cluster().resume(cluster.database(old));
    expect_all_is_well();
}

TEST_F(Failover, without_the_lease_store_nobody_leads_and_with_it_the_same_one_does) {
    ASSERT_TRUE(cluster.settle());
    const int leader = cluster.primary();
    cluster.cluster().power_off(cluster.store_machine());
    cluster.let_pass(10s);
    EXPECT_TRUE(cluster.primaries().empty());
    const host::TimePoint now = kernel.now();
    cluster.let_pass(20s);
    for (int node = 0; node < FailoverCluster::nodes; ++node)
        EXPECT_EQ(cluster.confirmed_by(node, now), 0U);
    cluster.cluster().power_on(cluster.store_machine());
    expect_all_is_well();
    EXPECT_EQ(cluster.primary(), leader);
}

TEST_F(Failover, a_primary_that_is_cut_off_confirms_nothing_once_another_leads) {
    ASSERT_TRUE(cluster.settle());
    const int old = cluster.primary();
    cluster.set_cut_off(old, true, false);
    ASSERT_LT(time_to_another_primary(old), 30s);
    const host::TimePoint now = kernel.now();
    cluster.let_pass(10s);
    EXPECT_EQ(cluster.confirmed_by(old, now), 0U);
    cluster.set_cut_off(old, false, false);
    expect_all_is_well();
}

// The store has lost its file, and an empty machine comes up before those that have data.
TEST_F(Failover, data_that_the_store_knows_nothing_of_are_not_copied_over) {
    ASSERT_TRUE(cluster.settle());
    const int leader = cluster.primary();
    const int empty = (leader + 1) % FailoverCluster::nodes;
    const std::string database = database_on(leader);
    for (int node = 0; node < FailoverCluster::nodes; ++node) {
        cluster.cluster().kill(cluster.agent(node));
        cluster.cluster().kill(cluster.database(node));
    }
    cluster.cluster().kill(cluster.store());
    take_away(cluster.store_machine(), "lease_store/entries");
    take_away(cluster.machine(empty), "postgres/data/checkpoint");
    cluster.cluster().start_again(cluster.store());
    cluster.cluster().start_again(cluster.agent(empty));
    cluster.let_pass(30s);
    ASSERT_EQ(cluster.primary(), empty);
    ASSERT_NE(database_on(empty), database);
    cluster.cluster().start_again(cluster.agent(leader));
    cluster.let_pass(60s);
    EXPECT_EQ(database_on(leader), database) << "somebody has to look first";
}

}  // namespace
}  // namespace atlas::sim::cluster

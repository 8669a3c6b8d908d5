// A primary whose followers are both gone: whether it goes on without them is a setting (strict),
// and what comes of either.

#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "sim/cluster/failover_cluster_fixture.hpp"
#include "system/failover/store_session.hpp"

namespace atlas::sim::cluster {
namespace {

using namespace std::chrono_literals;

failover::AgentSettings agents(bool strict) {
    failover::AgentSettings settings;
    settings.options.strict = strict;
    return settings;
}

struct World {
    explicit World(bool strict) : cluster(kernel, network, disk, agents(strict)) {}

    kernel::Kernel kernel{kernel::Seed{12}};
    CalmNetwork network;
    CalmDisk disk;
    FailoverCluster cluster;

    void set_power_of_all_but(int node, bool on) {
        for (int other = 0; other < FailoverCluster::nodes; ++other) {
            if (other == node) continue;
            if (on)
                cluster.cluster().power_on(cluster.machine(other));
            else
                cluster.cluster().power_off(cluster.machine(other));
        }
    }

    std::size_t confirmed_within(host::Duration time) {
        const std::size_t before = cluster.confirmed().size();
        cluster.let_pass(time);
        return cluster.confirmed().size() - before;
    }

    /// As somebody does who cannot wait for the primary: he writes the key by hand.
    void have_lead(int node) {
        const host::Endpoint store{cluster.cluster().network().address_of(cluster.store_machine()),
                                   lease_store_port};
        const std::string name = "node-" + std::to_string(node);
        const ProcessNumber hands = cluster.cluster().add_process(
            cluster.store_machine(), "hands", [store, name](host::Host& host) -> host::Task<> {
                const host::Deadline soon = host::deadline_after(host, 5s);
                failover::StoreSession session(host, store, failover::AgentSettings{}.cluster,
                                               "hands", 10s);
                const auto view = co_await session.look(soon);
                EXPECT_TRUE(view.has_value());
                if (!view) co_return;
                failover::Synchronous key = *view->synchronous;
                key.primary = name;
                key.followers.clear();
                const auto published = co_await session.publish(soon, key);
                EXPECT_TRUE(published.has_value());
            });
        cluster.cluster().start(hands);
        cluster.let_pass(1s);
    }
};

TEST(FailoverWithoutFollowers, a_strict_primary_confirms_nothing_and_goes_on_with_the_first_back) {
    World world(true);
    FailoverCluster& cluster = world.cluster;
    ASSERT_TRUE(cluster.settle());
    const int leader = cluster.primary();
    const int other = 3 - leader - cluster.confirming();
    world.set_power_of_all_but(leader, false);
    // What was under way before is over by then.
    cluster.let_pass(10s);
    EXPECT_EQ(world.confirmed_within(60s), 0U);
    EXPECT_EQ(cluster.primary(), leader);

    // Not the one that it has waited for: that one may not come back at all.
    cluster.cluster().power_on(cluster.machine(other));
    cluster.let_pass(20s);
    EXPECT_EQ(cluster.primary(), leader);
    EXPECT_GT(world.confirmed_within(3s), 10U);
    world.set_power_of_all_but(leader, true);
    ASSERT_TRUE(cluster.settle());
    EXPECT_EQ(cluster.primary(), leader);
    EXPECT_EQ(cluster.judge(), "");
}

TEST(FailoverWithoutFollowers, a_primary_that_is_not_strict_goes_on_and_nobody_may_take_its_place) {
    World world(false);
    FailoverCluster& cluster = world.cluster;
    ASSERT_TRUE(cluster.settle());
    const int leader = cluster.primary();
    world.set_power_of_all_but(leader, false);
    cluster.let_pass(20s);
    EXPECT_GT(world.confirmed_within(10s), 30U);

    // What it has confirmed the others have not: they wait for it.
    cluster.cluster().power_off(cluster.machine(leader));
    world.set_power_of_all_but(leader, true);
    cluster.let_pass(10s);
    EXPECT_EQ(world.confirmed_within(60s), 0U);
    EXPECT_TRUE(cluster.primaries().empty());
    cluster.cluster().power_on(cluster.machine(leader));
    ASSERT_TRUE(cluster.settle());
    EXPECT_EQ(cluster.primary(), leader);
    EXPECT_EQ(cluster.judge(), "");
}

// The hazard of it: who has another lead loses what clients were told is there.
TEST(FailoverWithoutFollowers, what_a_primary_confirmed_alone_is_lost_with_it) {
    World world(false);
    FailoverCluster& cluster = world.cluster;
    ASSERT_TRUE(cluster.settle());
    const int leader = cluster.primary();
    const int heir = cluster.confirming();
    world.set_power_of_all_but(leader, false);
    cluster.let_pass(20s);
    EXPECT_GT(world.confirmed_within(10s), 30U);

    cluster.cluster().power_off(cluster.machine(leader));
    world.set_power_of_all_but(leader, true);
    cluster.let_pass(20s);
    world.have_lead(heir);
    cluster.let_pass(30s);
    EXPECT_EQ(cluster.primary(), heir);
    EXPECT_GT(world.confirmed_within(3s), 10U);
    const std::string lost = "was confirmed by node-" + std::to_string(leader);
    EXPECT_TRUE(cluster.judge().contains(lost)) << cluster.judge();

    // It comes back as a follower, without what nobody else had.
    cluster.cluster().power_on(cluster.machine(leader));
    ASSERT_TRUE(cluster.settle());
    EXPECT_EQ(cluster.primary(), heir);
    EXPECT_TRUE(cluster.judge().contains(lost));
}

}  // namespace
}  // namespace atlas::sim::cluster

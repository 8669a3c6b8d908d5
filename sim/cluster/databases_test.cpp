// The databases of a run: one by itself; several with agents, which settle, fail over, lose power
// together, and end in order.

#include "sim/cluster/databases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"

namespace atlas::sim::cluster {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class DatabasesOfARun : public testing::Test {
  protected:
    Databases& boot(int servers) {
        std::vector<network::MachineNumber> machines;
        for (int i = 0; i < servers; ++i)
            machines.push_back(cluster.add_machine("postgres-" + std::to_string(i)));
        std::optional<network::MachineNumber> store;
        if (servers > 1) store = cluster.add_machine("lease-store");
        databases = std::make_unique<Databases>(cluster, machines, store, DatabasesOptions{});
        databases->start();
        return *databases;
    }

    bool settle() {
        for (int i = 0; i < 300 && !databases->has_settled(); ++i)
            kernel.run_until(kernel.now() + 100ms);
        return databases->has_settled();
    }

    /// What is left behind when all have been asked to end, in order.
    std::vector<std::string> stop() {
        for (const std::vector<ProcessNumber>& processes : databases->processes()) {
            for (const ProcessNumber process : processes)
                cluster.request_shutdown(process);
            kernel.run_until(kernel.now() + 10s);
            for (const ProcessNumber process : processes)
                EXPECT_FALSE(cluster.is_running(process)) << cluster.process(process).full_name();
        }
        return cluster.leftovers();
    }

    std::size_t primary() const {
        for (std::size_t i = 0; i < databases->count(); ++i) {
            if (databases->names_of_primaries() == std::vector{databases->name(i)}) return i;
        }
        return databases->count();
    }

    kernel::Kernel kernel{kernel::Seed{7}};
    CalmNetwork network;
    CalmDisk disk;
    std::unique_ptr<Databases> databases;  ///< What its processes refer to outlives the cluster.
    Cluster cluster{kernel, network, disk};
};

TEST_F(DatabasesOfARun, one_has_neither_agent_nor_lease_store) {
    boot(1);
    EXPECT_FALSE(databases->has_settled()) << "it has not started yet";
    EXPECT_TRUE(settle());
    EXPECT_EQ(databases->primary(), databases->server(0));
    EXPECT_THAT(databases->endpoints(), ElementsAre(host::Endpoint{"postgres-0", postgres_port}));
    EXPECT_EQ(databases->machines().size(), 1U);
    EXPECT_THAT(stop(), IsEmpty());
}

TEST_F(DatabasesOfARun, several_settle_and_another_one_leads_when_the_first_is_gone) {
    boot(3);
    ASSERT_TRUE(settle());
    // Until whoever confirms is known to be one that may lead.
    kernel.run_until(kernel.now() + 5s);
    const std::size_t old = primary();
    EXPECT_TRUE(databases->is_at_its_pace(old));
    const network::MachineNumber machine = databases->machines()[old];
    cluster.power_off(machine);
    EXPECT_FALSE(databases->has_settled());
    EXPECT_FALSE(databases->is_at_its_pace(old));
    kernel.run_until(kernel.now() + 15s);
    EXPECT_NE(primary(), old);
    EXPECT_LT(primary(), databases->count());
    cluster.power_on(machine);
    EXPECT_TRUE(settle());
    EXPECT_THAT(stop(), IsEmpty());
}

TEST_F(DatabasesOfARun, one_by_itself_is_not_to_have_an_heir) {
    boot(1);
    ASSERT_TRUE(settle());
    EXPECT_FALSE(databases->lack_heir());
}

// The follower that streams is the heir only when the lease store says so, too.
TEST_F(DatabasesOfARun, an_heir_is_there_when_the_store_names_it_and_gone_with_its_machine) {
    boot(2);
    EXPECT_TRUE(databases->lack_heir()) << "nothing has started yet";
    ASSERT_TRUE(settle());
    EXPECT_TRUE(databases->lack_heir()) << "it confirms, and is not yet named";
    kernel.run_until(kernel.now() + 5s);
    EXPECT_FALSE(databases->lack_heir());
    const std::size_t follower = 1 - primary();
    const network::MachineNumber machine = databases->machines()[follower];
    EXPECT_GT(cluster.lose(machine), 0U);
    EXPECT_TRUE(databases->lack_heir()) << "at once, before the primary has missed it";
    cluster.power_on(machine);
    kernel.run_until(kernel.now() + 20ms);
    EXPECT_TRUE(databases->lack_heir()) << "its replacement is still empty";
    ASSERT_TRUE(settle());
    kernel.run_until(kernel.now() + 10s);
    EXPECT_FALSE(databases->lack_heir());
    EXPECT_EQ(1 - primary(), follower);
}

TEST_F(DatabasesOfARun, two_settle_again_when_all_were_without_power) {
    boot(2);
    ASSERT_TRUE(settle());
    for (const network::MachineNumber machine : databases->machines())
        cluster.power_off(machine);
    EXPECT_EQ(databases->primary(), nullptr);
    for (const network::MachineNumber machine : databases->machines())
        cluster.power_on(machine);
    EXPECT_TRUE(settle());
    EXPECT_THAT(stop(), IsEmpty());
}

}  // namespace
}  // namespace atlas::sim::cluster

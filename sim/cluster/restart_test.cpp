// Which programs run after kills, power losses and ends of their own.

#include "sim/cluster/cluster.hpp"

#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"

namespace atlas::sim::cluster {
namespace {

using host::TimePoint;
using namespace std::chrono_literals;

class ClusterRestart : public testing::Test {
  protected:
    ProcessNumber add(std::string name, host::Duration lives) {
        return cluster.add_process(machine, std::move(name), [lives](host::Host& host) {
            return host::sleep_for(host, lives);
        });
    }

    kernel::Kernel kernel{kernel::Seed{1}};
    CalmNetwork network;
    CalmDisk disk;
    Cluster cluster{kernel, network, disk};
    network::MachineNumber machine = cluster.add_machine("machine");
};

TEST_F(ClusterRestart, PowerBringsBackWhatItTookDownAndNothingElse) {
    const ProcessNumber endless = add("endless", 1h);
    const ProcessNumber short_lived = add("short-lived", 1s);
    const ProcessNumber never_started = add("never-started", 1h);
    cluster.start(endless);
    cluster.start(short_lived);
    kernel.run_until(TimePoint{2s});
    EXPECT_FALSE(cluster.is_running(short_lived));
    cluster.power_off(machine);
    EXPECT_FALSE(cluster.is_running(endless));
    cluster.power_on(machine);
    EXPECT_TRUE(cluster.is_running(endless));
    EXPECT_FALSE(cluster.is_running(short_lived)) << "it had ended of itself";
    EXPECT_FALSE(cluster.is_running(never_started));
}

TEST_F(ClusterRestart, WhatWasKilledWhileItsSupervisorWaitedIsStartedAgain) {
    const ProcessNumber dying =
        cluster.add_process(machine, "dying", [](host::Host& host) -> host::Task<> {
            co_await host::sleep_for(host, 1s);
            host.fatal("planted");
        });
    cluster.start(dying);
    kernel.run_until(TimePoint{1s + 100ms});
    EXPECT_FALSE(cluster.is_running(dying));
    cluster.kill(dying);
    kernel.run_until(TimePoint{10s});
    EXPECT_FALSE(cluster.is_running(dying)) << "a kill lasts until somebody starts it";
    cluster.start_again(dying);
    EXPECT_TRUE(cluster.is_running(dying));
}

}  // namespace
}  // namespace atlas::sim::cluster

// Why virtual time cannot go on is found out and said.

#include "sim/atlas_sim/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "system/host/event.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using namespace std::chrono_literals;
using host::TimePoint;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

host::Task<> wait_forever(host::Host& host) {
    host::Event never(host);
    co_await never.wait(host::Deadline::never());
}

host::Task<> spin(host::Host& host) {
    while (true)
        co_await host::sleep_for(host, 0s);
}

host::Task<> sleep_a_while(host::Host& host) {
    co_await host::sleep_for(host, 5s);
}

class ProgressTest : public testing::Test {
  protected:
    cluster::ProcessNumber start(host::Task<> (*program)(host::Host&)) {
        const auto process =
            cluster.add_process(cluster.add_machine("machine"), "program", program);
        cluster.start(process);
        return process;
    }

    kernel::Kernel kernel{kernel::Seed{1}};
    cluster::CalmNetwork network;
    cluster::CalmDisk disk;
    cluster::Cluster cluster{kernel, network, disk};
};

TEST_F(ProgressTest, TimePassesUntilWhatIsWaitedForIsDone) {
    const auto process = start(sleep_a_while);
    int looks = 0;
    const std::string why = let_time_pass(
        kernel, {TimePoint{1h}, [&] { return !cluster.is_running(process); }, [&] { ++looks; }});
    EXPECT_THAT(why, IsEmpty());
    EXPECT_LT(kernel.now(), TimePoint{10s});
    EXPECT_GE(looks, 5);
}

TEST_F(ProgressTest, AllWaitingForOneAnotherIsADeadlock) {
    const auto process = start(wait_forever);
    const std::string why =
        let_time_pass(kernel, {TimePoint{1h}, [&] { return !cluster.is_running(process); }});
    EXPECT_THAT(why, HasSubstr("deadlock: at virtual time 1000 ms"));
    EXPECT_THAT(why, HasSubstr("machine/program#1: 1 tasks wait, 0 events pending"));
}

TEST_F(ProgressTest, WaitingForNothingIsNone) {
    start(wait_forever);
    EXPECT_THAT(let_time_pass(kernel, {TimePoint{1min}}), IsEmpty());
    EXPECT_EQ(kernel.now(), TimePoint{1min});
}

TEST_F(ProgressTest, WhoNeverLetsTimePassIsNamed) {
    kernel.set_instant_limit(1000);
    start(spin);
    const std::string why = let_time_pass(kernel, {TimePoint{1h}});
    EXPECT_THAT(why, HasSubstr("no progress: too many events at virtual time 0 ms"));
    EXPECT_THAT(why, HasSubstr("\"process\":\"machine/program#1\""));
    EXPECT_THAT(why, HasSubstr("\"label\":"));
}

}  // namespace
}  // namespace atlas::sim::atlas_sim

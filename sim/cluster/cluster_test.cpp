// What programs leave behind when they end is counted.

#include "sim/cluster/cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::cluster {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

host::Task<> wait_forever(host::Event& event) {
    co_await event.wait(host::Deadline::never());
}

host::Task<> sleep_long(host::Host& host) {
    co_await host::sleep_for(host, 1h);
}

/// Outlives the program that filled it.
struct Forgotten {
    std::unique_ptr<host::Event> event;
    std::unique_ptr<host::TaskGroup> tasks;
};

TEST(Cluster, ATaskInAGroupOnTheHeapIsLeftBehind) {
    Forgotten forgotten;
    const CalmRun run = run_calmly([&forgotten](host::Host& host) -> host::Task<> {
        const auto body = [](host::Host& own, Forgotten& kept) -> host::Task<> {
            kept.event = std::make_unique<host::Event>(own);
            kept.tasks = std::make_unique<host::TaskGroup>(own);
            kept.tasks->spawn(wait_forever(*kept.event));
            co_await host::sleep_for(own, 1s);
        };
        return body(host, forgotten);
    });
    EXPECT_TRUE(run.finished);
    EXPECT_THAT(run.leftovers, ElementsAre("machine/program#1: 1 waiting task(s)"));
}

TEST(Cluster, AnAlarmOfSuchATaskIsLeftBehindToo) {
    Forgotten forgotten;
    const CalmRun run = run_calmly([&forgotten](host::Host& host) -> host::Task<> {
        const auto body = [](host::Host& own, Forgotten& kept) -> host::Task<> {
            kept.tasks = std::make_unique<host::TaskGroup>(own);
            kept.tasks->spawn(sleep_long(own));
            co_await host::sleep_for(own, 1s);
        };
        return body(host, forgotten);
    });
    EXPECT_THAT(run.leftovers, ElementsAre("machine/program#1: 1 waiting task(s)",
                                           "machine/program#1: 1 pending event(s)"));
}

TEST(Cluster, AProgramThatWaitsForItsTasksLeavesNothing) {
    const CalmRun run = run_calmly([](host::Host& host) -> host::Task<> {
        const auto body = [](host::Host& own) -> host::Task<> {
            host::TaskGroup tasks(own);
            tasks.spawn(sleep_long(own));
            co_await tasks.stop();
        };
        return body(host);
    });
    EXPECT_TRUE(run.finished);
    EXPECT_THAT(run.leftovers, IsEmpty());
}

}  // namespace
}  // namespace atlas::sim::cluster

// Structured concurrency: nobody outlives its group, whatever ends it.

#include "system/host/task_group.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <stdexcept>
#include <vector>

#include "properties/contracts/both_worlds.hpp"

namespace atlas::host {
namespace {

using namespace std::chrono_literals;

class TaskGroupTest : public properties::BothWorlds {};

class Alive {
  public:
    explicit Alive(int& count) : count_(count) { ++count_; }
    ~Alive() { --count_; }
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;

  private:
    int& count_;
};

Task<> sleep_alive(Host& host, Duration time, int& alive) {
    Alive self(alive);
    co_await sleep_for(host, time);
}

TEST_P(TaskGroupTest, JoinWaitsForAllIncludingThoseStartedMeanwhile) {
    run([](Host& host) -> Task<> {
        int alive = 0;
        TaskGroup tasks(host);
        const auto starter = [](Host& on, TaskGroup& group, int& count) -> Task<> {
            co_await sleep_for(on, 1ms);
            group.spawn(sleep_alive(on, 1ms, count));
        };
        tasks.spawn(starter(host, tasks, alive));
        tasks.spawn(sleep_alive(host, 100us, alive));
        co_await tasks.join();
        EXPECT_EQ(alive, 0);
        EXPECT_EQ(tasks.size(), 0u);
    });
}

TEST_P(TaskGroupTest, ATaskFirstRunsAfterItsStarterHasGoneOn) {
    run([](Host& host) -> Task<> {
        int alive = 0;
        TaskGroup tasks(host);
        tasks.spawn(sleep_alive(host, 1h, alive));
        EXPECT_EQ(alive, 0);
        EXPECT_EQ(tasks.size(), 1u);
        co_await sleep_for(host, 1us);
        EXPECT_EQ(alive, 1);
        co_await tasks.stop();
        EXPECT_EQ(alive, 0);
    });
}

Task<> never_suspended(TaskGroup& own_group, int& runs) {
    ++runs;
    own_group.cancel();
    co_return;
}

TEST_P(TaskGroupTest, TasksCancelledBeforeTheirFirstWaitEndInOrder) {
    run([](Host& host) -> Task<> {
        int runs = 0;
        TaskGroup unbegun(host);
        unbegun.spawn(never_suspended(unbegun, runs));
        co_await unbegun.stop();
        EXPECT_EQ(runs, 0) << "a task cancelled before it began never begins";
        TaskGroup begun(host);
        begun.spawn(never_suspended(begun, runs));
        co_await begun.join();
        EXPECT_EQ(runs, 1);
    });
}

Task<> clean_up_slowly(Host& host, bool& cleaned) {
    bool cancelled = false;
    try {
        co_await sleep_for(host, 1h);
    } catch (const boost::system::system_error& error) {
        cancelled = error.code() == boost::asio::error::operation_aborted;
    }
    EXPECT_TRUE(cancelled);
    co_await shield_from_cancellation();
    co_await sleep_for(host, 1ms);
    cleaned = true;
}

TEST_P(TaskGroupTest, ACancelledTaskMayCleanUpBehindAShield) {
    run([](Host& host) -> Task<> {
        bool cleaned = false;
        TaskGroup tasks(host);
        tasks.spawn(clean_up_slowly(host, cleaned));
        co_await sleep_for(host, 1us);
        tasks.cancel();
        tasks.cancel();
        co_await tasks.join();
        EXPECT_TRUE(cleaned);
    });
}

Task<> ignore_one_cancellation(Host& host, int& waits) {
    for (int i = 0; i < 3; ++i) {
        try {
            co_await sleep_for(host, 1h);
        } catch (const boost::system::system_error&) {
            ++waits;
        }
    }
}

TEST_P(TaskGroupTest, ACancelledTaskSeesItAtEveryWaitFromThenOn) {
    run([](Host& host) -> Task<> {
        int waits = 0;
        TaskGroup tasks(host);
        tasks.spawn(ignore_one_cancellation(host, waits));
        co_await sleep_for(host, 1us);
        co_await tasks.stop();
        EXPECT_EQ(waits, 3);
    });
}

Task<> parent_of(Host& host, int depth, int& alive) {
    Alive self(alive);
    const auto body = [](Host& on, int left, int& count, TaskGroup& group) -> Task<> {
        if (left > 0) {
            group.spawn(parent_of(on, left - 1, count));
            group.spawn(parent_of(on, left - 1, count));
        }
        co_await sleep_for(on, 1h);
    };
    co_await with_task_group(host,
                             [&](TaskGroup& group) { return body(host, depth, alive, group); });
}

TEST_P(TaskGroupTest, CancellingATreeOfGroupsLeavesNobodyBehind) {
    run([](Host& host) -> Task<> {
        for (const Duration when : {Duration{0}, Duration{1us}, Duration{50us}, Duration{1ms}}) {
            int alive = 0;
            TaskGroup tasks(host);
            tasks.spawn(parent_of(host, 4, alive));
            co_await sleep_for(host, when);
            co_await tasks.stop();
            EXPECT_EQ(alive, 0);
        }
    });
}

TEST_P(TaskGroupTest, AnExceptionOfTheBodyStopsItsTasksAndGoesOn) {
    run([](Host& host) -> Task<> {
        int alive = 0;
        const auto body = [](Host& on, int& count, TaskGroup& group) -> Task<> {
            group.spawn(sleep_alive(on, 1h, count));
            co_await sleep_for(on, 1us);
            EXPECT_EQ(count, 1);
            throw std::runtime_error("a broken invariant");
        };
        bool thrown = false;
        try {
            co_await with_task_group(host,
                                     [&](TaskGroup& group) { return body(host, alive, group); });
        } catch (const std::runtime_error&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(alive, 0);
    });
}

ATLAS_IN_BOTH_WORLDS(TaskGroupTest);

}  // namespace
}  // namespace atlas::host

// Waiting in line: who is woken, by what, and that nobody is woken inside the call that wakes.

#include "system/host/event.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "properties/contracts/both_worlds.hpp"
#include "system/host/task_group.hpp"

namespace atlas::host {
namespace {

using namespace std::chrono_literals;

class EventTest : public properties::BothWorlds {};
class WaitListTest : public properties::BothWorlds {};

/// Lets every task run that can.
Task<> settle(Host& host) {
    for (int i = 0; i < 3; ++i)
        co_await sleep_for(host, 1us);
}

Task<> wait_and_record(Event& event, Deadline deadline, std::vector<Wake>& woken) {
    const Wake wake = co_await event.wait(deadline);
    woken.push_back(wake);
}

TEST_P(EventTest, SettingWakesAllWhoWaitButNotInsideTheCall) {
    run([](Host& host) -> Task<> {
        Event event(host);
        std::vector<Wake> woken;
        TaskGroup tasks(host);
        for (int i = 0; i < 3; ++i)
            tasks.spawn(wait_and_record(event, Deadline::never(), woken));
        for (int i = 0; i < 3; ++i)
            tasks.spawn(wait_and_record(event, deadline_after(host, 1h), woken));
        EXPECT_TRUE(woken.empty()) << "spawn() must not run the task inside the call";
        co_await settle(host);
        EXPECT_TRUE(woken.empty());
        event.set();
        EXPECT_TRUE(woken.empty()) << "set() must not resume a task inside the call";
        co_await tasks.join();
        EXPECT_EQ(woken, std::vector<Wake>(6, Wake::notified));
    });
}

TEST_P(EventTest, AnEventThatIsSetMakesNobodyWait) {
    run([](Host& host) -> Task<> {
        Event event(host);
        event.set();
        const Wake wake = co_await event.wait(Deadline::at(host.clock().now()));
        EXPECT_EQ(wake, Wake::notified);
        event.reset();
        const Wake late = co_await event.wait(deadline_after(host, 1us));
        EXPECT_EQ(late, Wake::deadline);
    });
}

TEST_P(EventTest, ADeadlineThatHasPassedStillEndsTheWait) {
    run([](Host& host) -> Task<> {
        Event event(host);
        const Wake wake = co_await event.wait(Deadline::at(TimePoint{}));
        EXPECT_EQ(wake, Wake::deadline);
        const TimePoint before = host.clock().now();
        const Wake later = co_await event.wait(deadline_after(host, 2ms));
        EXPECT_EQ(later, Wake::deadline);
        EXPECT_GE(host.clock().now() - before, 2ms);
    });
}

TEST_P(EventTest, ACancelledTaskLeavesByAnExceptionAndTheOthersStay) {
    run([](Host& host) -> Task<> {
        Event event(host);
        std::vector<Wake> cancelled, kept;
        TaskGroup leaving(host), staying(host);
        leaving.spawn(wait_and_record(event, Deadline::never(), cancelled));
        staying.spawn(wait_and_record(event, Deadline::never(), kept));
        leaving.spawn(wait_and_record(event, deadline_after(host, 1h), cancelled));
        co_await settle(host);
        co_await leaving.stop();
        EXPECT_TRUE(cancelled.empty());
        EXPECT_TRUE(kept.empty());
        event.set();
        co_await staying.join();
        EXPECT_EQ(kept.size(), 1u);
    });
}

TEST_P(EventTest, ATaskCancelledBeforeItWaitsDoesNotWait) {
    run([](Host& host) -> Task<> {
        Event event(host);
        std::vector<Wake> woken;
        TaskGroup tasks(host);
        tasks.spawn(wait_and_record(event, Deadline::never(), woken));
        tasks.cancel();
        co_await tasks.join();
        EXPECT_TRUE(woken.empty());
    });
}

// Waiters with names, so that a test can say who is still in line.
struct Line {
    explicit Line(Host& host) : list(host) {}
    WaitList list;
    std::vector<int> woken;
    std::vector<int> left;
};

Task<> stand_in(Line& line, int name, Deadline deadline) {
    struct Leaving {
        Line& line;
        int name;
        bool by_exception = true;
        ~Leaving() {
            if (by_exception) line.left.push_back(name);
        }
    } leaving{line, name};
    const Wake wake = co_await line.list.wait(deadline);
    leaving.by_exception = false;
    (wake == Wake::notified ? line.woken : line.left).push_back(name);
}

enum class Step : std::uint8_t { arrive, arrive_with_deadline, wake_one, cancel_oldest, settle };

std::vector<Step> to_steps(const std::vector<std::uint8_t>& numbers) {
    std::vector<Step> steps;
    for (const std::uint8_t number : numbers)
        steps.push_back(static_cast<Step>(number % 5));
    return steps;
}

struct Outcome {
    std::vector<int> woken, left, expected_woken;
    std::size_t still_waiting = 0, expected_waiting = 0;
    bool wake_one_was_right = true;
};

Task<> play(Host& host, std::vector<Step> steps, Outcome& outcome) {
    Line line(host);
    std::deque<std::unique_ptr<TaskGroup>> groups;
    std::deque<int> reference;
    int next = 0;
    for (const Step step : steps) {
        switch (step) {
            case Step::arrive:
            case Step::arrive_with_deadline:
                groups.push_back(std::make_unique<TaskGroup>(host));
                groups.back()->spawn(
                    stand_in(line, next,
                             step == Step::arrive ? Deadline::never() : deadline_after(host, 1h)));
                reference.push_back(next++);
                co_await settle(host);
                break;
            case Step::wake_one: {
                const bool woke = line.list.wake_one();
                outcome.wake_one_was_right &= woke == !reference.empty();
                if (reference.empty()) break;
                outcome.expected_woken.push_back(reference.front());
                reference.pop_front();
                break;
            }
            case Step::cancel_oldest:
                if (reference.empty()) break;
                groups[static_cast<std::size_t>(reference.front())]->cancel();
                reference.pop_front();
                co_await settle(host);
                break;
            case Step::settle:
                co_await settle(host);
                break;
        }
    }
    co_await settle(host);
    outcome.still_waiting = line.list.size();
    outcome.expected_waiting = reference.size();
    outcome.woken = line.woken;
    for (auto& group : groups)
        co_await group->stop();
    outcome.left = line.left;
}

TEST_P(WaitListTest, WhoeverWaitsLongestIsWokenWhateverElseHappens) {
    EXPECT_TRUE(rc::check([this](const std::vector<std::uint8_t>& numbers) {
        Outcome outcome;
        run([&](Host& host) { return play(host, to_steps(numbers), outcome); });
        RC_ASSERT(outcome.wake_one_was_right);
        // The order in which two woken tasks run is not promised; who is woken is.
        std::ranges::sort(outcome.woken);
        std::ranges::sort(outcome.expected_woken);
        RC_ASSERT(outcome.woken == outcome.expected_woken);
        RC_ASSERT(outcome.still_waiting == outcome.expected_waiting);
    }));
}

TEST_P(WaitListTest, AWakeUpIsNotLostWithATaskCancelledInTheSameInstant) {
    run([](Host& host) -> Task<> {
        for (const bool cancel_first : {false, true}) {
            for (const Deadline deadline : {Deadline::never(), deadline_after(host, 1h)}) {
                Line line(host);
                TaskGroup tasks(host);
                tasks.spawn(stand_in(line, 1, deadline));
                co_await settle(host);
                if (cancel_first) tasks.cancel();
                EXPECT_TRUE(line.list.wake_one());
                if (!cancel_first) tasks.cancel();
                co_await tasks.join();
                EXPECT_EQ(line.woken, std::vector{1});
                EXPECT_TRUE(line.list.empty());
            }
        }
    });
}

TEST_P(WaitListTest, WakeAllWakesThoseWhoWaitAndNotThoseWhoComeLater) {
    run([](Host& host) -> Task<> {
        Line line(host);
        TaskGroup tasks(host);
        tasks.spawn(stand_in(line, 1, Deadline::never()));
        tasks.spawn(stand_in(line, 2, Deadline::never()));
        co_await settle(host);
        line.list.wake_all();
        tasks.spawn(stand_in(line, 3, Deadline::never()));
        co_await settle(host);
        std::ranges::sort(line.woken);
        EXPECT_EQ(line.woken, (std::vector{1, 2}));
        EXPECT_EQ(line.list.size(), 1u);
        co_await tasks.stop();
        EXPECT_TRUE(line.list.empty());
    });
}

ATLAS_IN_BOTH_WORLDS(EventTest);
ATLAS_IN_BOTH_WORLDS(WaitListTest);

}  // namespace
}  // namespace atlas::host

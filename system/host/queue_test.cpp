// The bounded queue: order, bounds, closing, and that no item is lost or given out twice.

#include "system/host/queue.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "properties/contracts/both_worlds.hpp"
#include "system/host/task_group.hpp"

namespace atlas::host {
namespace {

using namespace std::chrono_literals;

class QueueTest : public properties::BothWorlds {};

Task<> produce(Host& host, Queue<int>& queue, int first, int count, unsigned pause_after) {
    for (int i = first; i < first + count; ++i) {
        const Result<void> pushed = co_await queue.push(i, Deadline::never());
        EXPECT_TRUE(pushed);
        if (pause_after != 0 && static_cast<unsigned>(i) % pause_after == 0) {
            co_await sleep_for(host, 1us);
        }
    }
}

Task<> consume(Queue<int>& queue, std::vector<int>& taken) {
    for (;;) {
        const Result<int> item = co_await queue.pop(Deadline::never());
        if (!item) {
            EXPECT_EQ(item.error().code, ErrorCode::closed);
            co_return;
        }
        taken.push_back(*item);
    }
}

TEST_P(QueueTest, ItemsComeOutInTheOrderTheyWentIn) {
    run([](Host& host) -> Task<> {
        Queue<int> queue(host, 3);
        std::vector<int> taken;
        TaskGroup tasks(host);
        tasks.spawn(consume(queue, taken));
        co_await produce(host, queue, 0, 100, 7);
        queue.close();
        co_await tasks.join();
        std::vector<int> expected(100);
        std::iota(expected.begin(), expected.end(), 0);
        EXPECT_EQ(taken, expected);
    });
}

Task<> produce_and_consume(Host& host, std::size_t capacity, int producers, int consumers,
                           std::vector<int>& taken, std::size_t& largest) {
    Queue<int> queue(host, capacity);
    TaskGroup producing(host), consuming(host);
    for (int i = 0; i < consumers; ++i)
        consuming.spawn(consume(queue, taken));
    for (int i = 0; i < producers; ++i)
        producing.spawn(produce(host, queue, i * 20, 20, static_cast<unsigned>(i)));
    while (producing.size() > 0) {
        largest = std::max(largest, queue.size());
        co_await sleep_for(host, 1us);
    }
    co_await producing.join();
    queue.close();
    co_await consuming.join();
}

TEST_P(QueueTest, EveryItemIsTakenOnceAndTheBoundHolds) {
    EXPECT_TRUE(rc::check([this] {
        const auto capacity = *rc::gen::inRange<std::size_t>(1, 6);
        const auto producers = *rc::gen::inRange(1, 5);
        const auto consumers = *rc::gen::inRange(1, 5);
        std::vector<int> taken;
        std::size_t largest = 0;
        run([&](Host& host) {
            return produce_and_consume(host, capacity, producers, consumers, taken, largest);
        });
        std::ranges::sort(taken);
        std::vector<int> expected(static_cast<std::size_t>(producers) * 20);
        std::iota(expected.begin(), expected.end(), 0);
        RC_ASSERT(taken == expected);
        RC_ASSERT(largest <= capacity);
    }));
}

TEST_P(QueueTest, AFullQueueRefusesOrMakesWaitUntilTheDeadline) {
    run([](Host& host) -> Task<> {
        Queue<int> queue(host, 1);
        EXPECT_TRUE(queue.try_push(1));
        EXPECT_FALSE(queue.try_push(2));
        const Result<void> late = co_await queue.push(3, deadline_after(host, 1ms));
        EXPECT_FALSE(late);
        if (!late) {
            EXPECT_EQ(late.error().code, ErrorCode::deadline_exceeded);
        }
        const Result<int> item = co_await queue.pop(Deadline::never());
        EXPECT_EQ(item, 1);
        const Result<int> none = co_await queue.pop(deadline_after(host, 1ms));
        EXPECT_FALSE(none);
        if (!none) {
            EXPECT_EQ(none.error().code, ErrorCode::deadline_exceeded);
        }
    });
}

Task<> expect_push_closed(Queue<int>& queue) {
    const Result<void> pushed = co_await queue.push(9, Deadline::never());
    EXPECT_FALSE(pushed);
    if (!pushed) {
        EXPECT_EQ(pushed.error().code, ErrorCode::closed);
    }
}

TEST_P(QueueTest, AClosedQueueGivesOutWhatItHoldsAndTakesNoMore) {
    run([](Host& host) -> Task<> {
        Queue<int> queue(host, 1);
        EXPECT_TRUE(queue.try_push(1));
        TaskGroup tasks(host);
        tasks.spawn(expect_push_closed(queue));
        co_await sleep_for(host, 1us);
        queue.close();
        co_await tasks.join();
        EXPECT_FALSE(queue.try_push(2));
        std::vector<int> taken;
        co_await consume(queue, taken);
        EXPECT_EQ(taken, std::vector{1});
    });
}

TEST_P(QueueTest, AnItemMeantForACancelledReaderGoesToAnother) {
    run([](Host& host) -> Task<> {
        Queue<int> queue(host, 4);
        std::vector<int> first, second;
        TaskGroup leaving(host), staying(host);
        leaving.spawn(consume(queue, first));
        co_await sleep_for(host, 1us);
        staying.spawn(consume(queue, second));
        co_await sleep_for(host, 1us);
        leaving.cancel();
        EXPECT_TRUE(queue.try_push(1));
        EXPECT_TRUE(queue.try_push(2));
        co_await leaving.join();
        queue.close();
        co_await staying.join();
        EXPECT_EQ(first.size() + second.size(), 2u);
    });
}

ATLAS_IN_BOTH_WORLDS(QueueTest);

}  // namespace
}  // namespace atlas::host

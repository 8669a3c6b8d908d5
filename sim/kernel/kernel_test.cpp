// The kernel: order, time, hash, pausing, and death at any event.

#include "sim/kernel/kernel.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/kernel/isolated_host.hpp"
#include "system/host/queue.hpp"
#include "system/host/semaphore.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::kernel {
namespace {

using host::Deadline;
using host::Duration;
using host::Host;
using host::Task;
using host::TimePoint;
using namespace std::chrono_literals;

TEST(Kernel, EventsHappenInTheOrderOfTimeAndTimeJumps) {
    Kernel kernel{Seed{1}};
    TieSource ties(kernel.seed(), "test", "");
    std::vector<int> order;
    kernel.schedule(TimePoint{3h}, ties, EventKind::control, "c", 0, [&] { order.push_back(3); });
    kernel.schedule(TimePoint{1ns}, ties, EventKind::control, "a", 0, [&] { order.push_back(1); });
    Event& cancelled = kernel.schedule(TimePoint{2h}, ties, EventKind::control, "b", 0,
                                       [&] { order.push_back(2); });
    kernel.cancel(cancelled);
    EXPECT_EQ(kernel.run_until(TimePoint::max()), RunEnd::idle);
    EXPECT_EQ(order, (std::vector{1, 3}));
    EXPECT_EQ(kernel.now(), TimePoint{3h});
}

std::vector<int> order_of_one_instant(std::uint64_t seed) {
    Kernel kernel{Seed{seed}};
    TieSource ties(kernel.seed(), "test", "");
    std::vector<int> order;
    for (int i = 0; i < 8; ++i) {
        kernel.schedule(TimePoint{1s}, ties, EventKind::control, "x", 0,
                        [&order, i] { order.push_back(i); });
    }
    kernel.run_until(TimePoint::max());
    return order;
}

TEST(Kernel, EventsOfOneInstantComeInAnOrderThatTheSeedDecides) {
    EXPECT_EQ(order_of_one_instant(1), order_of_one_instant(1));
    std::vector<std::vector<int>> orders;
    for (std::uint64_t seed = 0; seed < 10; ++seed)
        orders.push_back(order_of_one_instant(seed));
    EXPECT_NE(std::count(orders.begin(), orders.end(), orders.front()), 10);
}

// Two schedulers, and a third that schedules `more` events before them.
std::string order_beside(std::uint64_t seed, int more) {
    Kernel kernel{Seed{seed}};
    std::map<std::string, TieSource> ties;
    for (const char* name : {"a", "b", "c"})
        ties.emplace(name, TieSource(kernel.seed(), "machine", name));
    std::string order;
    const auto schedule = [&](const char* name) {
        kernel.schedule(TimePoint{1s}, ties.at(name), EventKind::network, "x", 0, [&order, name] {
            if (*name != 'c') order += name;
        });
    };
    for (int i = 0; i < more; ++i)
        schedule("c");
    for (int i = 0; i < 10; ++i) {
        schedule("a");
        schedule("b");
    }
    kernel.run_until(TimePoint::max());
    return order;
}

RC_GTEST_PROP(Kernel, OneMoreEventOnOneMachineReshufflesNoOthers, (std::uint64_t seed)) {
    const int more = *rc::gen::inRange(1, 20);
    RC_ASSERT(order_beside(seed, more) == order_beside(seed, 0));
}

TEST(Kernel, ATaskThatNeverLetsTimePassIsNoProgress) {
    Kernel kernel{Seed{1}};
    kernel.set_instant_limit(1000);
    IsolatedHost process(kernel, "m", "spinner");
    const auto spin = [](Host& host) -> Task<> {
        for (;;)
            co_await host::sleep_for(host, 0ns);
    };
    process.tasks().spawn(spin(process.host()));
    EXPECT_EQ(kernel.run_until(TimePoint::max()), RunEnd::no_progress);
}

// A small busy program: nested tasks and groups, a lock, a queue, deadlines, a cancelled group.
// It counts its live frames, so that one that a crash leaves behind is seen.
struct Frames {
    int live = 0;
};
class Frame {
  public:
    explicit Frame(Frames& frames) : frames_(frames) { ++frames_.live; }
    ~Frame() { --frames_.live; }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

  private:
    Frames& frames_;
};

struct Shared {
    Shared(Host& owner, Frames& counter)
        : host(owner), frames(counter), lock(owner, 1, 100), queue(owner, 2) {}
    Host& host;
    Frames& frames;
    host::Semaphore lock;
    host::Queue<int> queue;
};

Task<> produce(Shared& shared, int count) {
    Frame frame(shared.frames);
    for (int i = 0; i < count; ++i) {
        host::Result<void> pushed = co_await shared.queue.push(i, Deadline::never());
        if (!pushed) co_return;
        auto permit = co_await shared.lock.acquire(host::deadline_after(shared.host, 10ms));
        co_await host::sleep_for(shared.host, 1ms);
    }
}

Task<> consume(Shared& shared) {
    Frame frame(shared.frames);
    for (;;) {
        host::Result<int> item = co_await shared.queue.pop(host::deadline_after(shared.host, 5ms));
        if (!item && item.error().code == host::ErrorCode::closed) co_return;
        auto permit = co_await shared.lock.acquire(Deadline::never());
        co_await host::sleep_for(shared.host, 2ms);
    }
}

Task<> nested(Shared& shared, int depth);

Task<> nested_body(Shared& shared, int depth, host::TaskGroup& group) {
    Frame frame(shared.frames);
    if (depth > 0) group.spawn(nested(shared, depth - 1));
    group.spawn(produce(shared, 3));
    co_await host::sleep_for(shared.host, 3ms);
    if (depth % 2 == 1) co_await group.stop();
}

Task<> nested(Shared& shared, int depth) {
    Frame frame(shared.frames);
    co_await host::with_task_group(shared.host, [&shared, depth](host::TaskGroup& group) {
        return nested_body(shared, depth, group);
    });
}

Task<> busy_program(Host& host, Frames& frames) {
    Frame frame(frames);
    Shared shared(host, frames);
    host::TaskGroup group(host);
    group.spawn(consume(shared));
    group.spawn(nested(shared, 3));
    co_await host::sleep_for(host, 60ms);
    shared.queue.close();
    co_await group.stop();
}

std::uint64_t run_busy_program(std::uint64_t seed, std::uint64_t kill_at_event, int& live) {
    Kernel kernel{Seed{seed}};
    TieSource ties(kernel.seed(), "test", "");
    Frames frames;
    IsolatedHost process(kernel, "m", "busy");
    process.tasks().spawn(busy_program(process.host(), frames));
    while (kernel.trace().digest().events < kill_at_event) {
        kernel.schedule(kernel.now(), ties, EventKind::control, "step", 0,
                        [&kernel] { kernel.stop(); });
        const std::uint64_t before = kernel.trace().digest().events;
        if (kernel.run_until(kernel.now() + 200ms) != RunEnd::stopped) break;
        if (kernel.trace().digest().events == before + 1) {
            // Only the step happened: let time pass to the next thing.
            if (kernel.run_until(kernel.now() + 500us) == RunEnd::idle) break;
        }
    }
    kernel.kill(process.process());
    live = frames.live;
    return kernel.trace().digest().events;
}

TEST(Kernel, AProcessCanBeKilledAtAnyEventAndLeavesNoFrameBehind) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        for (std::uint64_t kill_at = 1; kill_at < 500; ++kill_at) {
            int live = 0;
            run_busy_program(seed, kill_at, live);
            ASSERT_EQ(live, 0) << "seed " << seed << ", killed at event " << kill_at;
        }
    }
}

TEST(Kernel, TheSameSeedGivesTheSameHashAndAnotherSeedAnother) {
    const auto hash = [](std::uint64_t seed) {
        Kernel kernel{Seed{seed}};
        Frames frames;
        IsolatedHost process(kernel, "m", "busy");
        process.tasks().spawn(busy_program(process.host(), frames));
        EXPECT_EQ(kernel.run_until(TimePoint{10s}), RunEnd::idle);
        EXPECT_EQ(frames.live, 0);
        return kernel.trace().digest();
    };
    EXPECT_EQ(hash(7), hash(7));
    EXPECT_NE(hash(7).hex(), hash(8).hex());
}

TEST(Kernel, NothingHappensToAPausedProcessUntilItIsResumed) {
    Kernel kernel{Seed{1}};
    IsolatedHost process(kernel, "m", "p");
    std::vector<TimePoint> woken;
    const auto program = [](Host& host, std::vector<TimePoint>& times) -> Task<> {
        for (int i = 0; i < 3; ++i) {
            co_await host::sleep_for(host, 1s);
            times.push_back(host.clock().now());
        }
    };
    process.tasks().spawn(program(process.host(), woken));
    kernel.run_until(TimePoint{500ms});
    kernel.pause(process.process());
    kernel.run_until(TimePoint{5s});
    EXPECT_TRUE(woken.empty());
    kernel.resume(process.process());
    kernel.run_until(TimePoint{20s});
    EXPECT_EQ(woken, (std::vector{TimePoint{5s}, TimePoint{6s}, TimePoint{7s}}));
}

TEST(Kernel, FatalEndsTheProcessAndItsOtherTasks) {
    Kernel kernel{Seed{1}};
    Frames frames;
    IsolatedHost process(kernel, "m", "p");
    std::string reason;
    process.hooks().on_fatal = [&](const Process&, std::string_view why) { reason = why; };
    const auto waiter = [](Host& host, Frames& counter) -> Task<> {
        Frame frame(counter);
        co_await host::sleep_for(host, 1h);
    };
    const auto dier = [](Host& host, Frames& counter) -> Task<> {
        Frame frame(counter);
        co_await host::sleep_for(host, 1s);
        host.fatal("the log cannot be written");
    };
    process.tasks().spawn(waiter(process.host(), frames));
    process.tasks().spawn(dier(process.host(), frames));
    EXPECT_EQ(kernel.run_until(TimePoint{10s}), RunEnd::idle);
    EXPECT_EQ(process.process().state(), ProcessState::stopped);
    EXPECT_EQ(reason, "the log cannot be written");
    EXPECT_EQ(frames.live, 0);
}

TEST(Kernel, ARestartedProcessDrawsOtherNumbers) {
    Kernel kernel{Seed{1}};
    std::vector<std::uint64_t> draws;
    for (int i = 0; i < 2; ++i) {
        IsolatedHost process(kernel, "m", "p");
        host::RandomSource source = process.host().random("ids");
        draws.push_back(source.next());
        host::RandomSource again = process.host().random("ids");
        EXPECT_EQ(again.next(), draws.back());
    }
    EXPECT_NE(draws[0], draws[1]);
}

TEST(Seed, IsADecimalNumberOrACommit) {
    EXPECT_TRUE(Seed::parse("0"));
    EXPECT_TRUE(Seed::parse("18446744073709551615"));
    EXPECT_TRUE(Seed::parse("0123456789abcdef0123456789ABCDEF01234567"));
    for (const char* bad : {"", "-1", "18446744073709551616", "0x10", "12 ", "abc",
                            "0123456789abcdef0123456789abcdef0123456"}) {
        EXPECT_FALSE(Seed::parse(bad)) << bad;
    }
}

TEST(SlowProcess, DoesOneStepAtATimeInTheOrderInWhichTheyCameDue) {
    using namespace std::chrono_literals;
    Kernel kernel{Seed{1}};
    Process& process = kernel.add_process("machine", "process");
    process.start();
    EXPECT_EQ(process.set_step_time(10ms), 0U);
    std::vector<std::pair<int, host::TimePoint>> done;
    const auto add = [&](int number, host::Duration at) {
        kernel.schedule(host::TimePoint{at}, process, EventKind::wake, "step", 0,
                        [&, number] { done.emplace_back(number, kernel.now()); });
    };
    add(1, 1ms);
    add(2, 2ms);
    add(3, 3ms);
    add(4, 50ms);
    kernel.run_until(host::TimePoint{100ms});
    const std::vector<std::pair<int, host::TimePoint>> expected{
        {1, {1ms}}, {2, {11ms}}, {3, {21ms}}, {4, {50ms}}};
    EXPECT_EQ(done, expected);
    EXPECT_GT(process.set_step_time(0s), 0U);
    add(5, 101ms);
    add(6, 101ms);
    kernel.run_until(host::TimePoint{102ms});
    EXPECT_EQ(done.back().second, host::TimePoint{101ms});
    kernel.kill(process);
}

TEST(MachineClock, GainsWhatItsDriftSays) {
    using namespace std::chrono_literals;
    Kernel kernel{Seed{1}};
    MachineClock clock(kernel);
    clock.set_offset(-5s);
    clock.set_drift(10ms);
    kernel.run_until(host::TimePoint{100'500ms});
    EXPECT_EQ(clock.offset(), host::Duration{-5s + 1005ms});
    EXPECT_EQ(clock.utc_now(), start_of_time + host::Duration{96'505ms});
    clock.set_drift(0s);
    kernel.run_until(host::TimePoint{500s});
    EXPECT_EQ(clock.offset(), host::Duration{-5s + 1005ms});
}

}  // namespace
}  // namespace atlas::sim::kernel

// The semaphore: its bound, its line, and that no permit is lost, whoever is cancelled when.

#include "system/host/semaphore.hpp"

#include <rapidcheck.h>

#include <memory>
#include <string>
#include <vector>

#include "properties/contracts/both_worlds.hpp"
#include "system/host/task_group.hpp"

namespace atlas::host {
namespace {

using namespace std::chrono_literals;

class SemaphoreTest : public properties::BothWorlds {};

struct Use {
    std::size_t holding = 0;
    std::size_t most = 0;
    std::size_t served = 0;
};

class Holding {
  public:
    explicit Holding(Use& use) : use_(use) {
        use_.most = std::max(use_.most, ++use_.holding);
        ++use_.served;
    }
    ~Holding() { --use_.holding; }
    Holding(const Holding&) = delete;
    Holding& operator=(const Holding&) = delete;

  private:
    Use& use_;
};

Task<> use_permit(Host& host, Semaphore& semaphore, Use& use, Duration time, Deadline deadline) {
    const Result<Semaphore::Permit> permit = co_await semaphore.acquire(deadline);
    if (!permit) co_return;
    Holding holding(use);
    co_await sleep_for(host, time);
}

struct Plan {
    std::size_t permits;
    std::vector<std::uint8_t> tasks;  ///< Each: how long it holds, and what befalls it.
};

Task<> crowd(Host& host, Plan plan, Use& use, std::size_t& available_at_end) {
    Semaphore semaphore(host, plan.permits, 1000);
    std::vector<std::unique_ptr<TaskGroup>> groups;
    for (const std::uint8_t task : plan.tasks) {
        groups.push_back(std::make_unique<TaskGroup>(host));
        const Deadline deadline = task % 3 == 0
                                      ? deadline_after(host, std::chrono::microseconds(task))
                                      : Deadline::never();
        groups.back()->spawn(
            use_permit(host, semaphore, use, std::chrono::microseconds(task % 8), deadline));
        // Some are cancelled at once, some while they wait or hold.
        if (task % 5 == 1) groups.back()->cancel();
        if (task % 7 == 2) co_await sleep_for(host, 2us);
        if (task % 5 == 2) groups[groups.size() / 2]->cancel();
    }
    for (auto& group : groups)
        co_await group->join();
    available_at_end = semaphore.available();
}

TEST_P(SemaphoreTest, AtMostThatManyHoldAPermitAndNoneIsLost) {
    EXPECT_TRUE(rc::check([this] {
        const Plan plan{*rc::gen::inRange<std::size_t>(1, 5),
                        *rc::gen::arbitrary<std::vector<std::uint8_t>>()};
        Use use;
        std::size_t available = 0;
        run([&](Host& host) { return crowd(host, plan, use, available); });
        RC_ASSERT(use.most <= plan.permits);
        RC_ASSERT(use.holding == 0u);
        RC_ASSERT(available == plan.permits);
    }));
}

TEST_P(SemaphoreTest, AFullLineAndALateTurnAreErrors) {
    run([](Host& host) -> Task<> {
        Semaphore semaphore(host, 1, 1);
        Result<Semaphore::Permit> held = co_await semaphore.acquire(Deadline::never());
        EXPECT_TRUE(held);
        const Result<Semaphore::Permit> late =
            co_await semaphore.acquire(deadline_after(host, 1ms));
        EXPECT_FALSE(late);
        if (!late) {
            EXPECT_EQ(late.error().code, ErrorCode::deadline_exceeded);
        }
        Use use;
        TaskGroup tasks(host);
        tasks.spawn(use_permit(host, semaphore, use, 1us, Deadline::never()));
        co_await sleep_for(host, 10us);
        EXPECT_EQ(semaphore.waiting(), 1u);
        const Result<Semaphore::Permit> refused = co_await semaphore.acquire(Deadline::never());
        EXPECT_FALSE(refused);
        if (!refused) {
            EXPECT_EQ(refused.error().code, ErrorCode::resource_exhausted);
        }
        *held = Semaphore::Permit{};
        co_await tasks.join();
        EXPECT_EQ(use.served, 1u);
        EXPECT_EQ(semaphore.available(), 1u);
    });
}

TEST_P(SemaphoreTest, APermitGivenBackToACancelledTaskGoesOnToTheNext) {
    run([](Host& host) -> Task<> {
        Semaphore semaphore(host, 1, 10);
        Result<Semaphore::Permit> held = co_await semaphore.acquire(Deadline::never());
        Use use;
        TaskGroup leaving(host), staying(host);
        leaving.spawn(use_permit(host, semaphore, use, 1us, Deadline::never()));
        co_await sleep_for(host, 1us);
        staying.spawn(use_permit(host, semaphore, use, 1us, Deadline::never()));
        co_await sleep_for(host, 1us);
        *held = Semaphore::Permit{};
        leaving.cancel();
        co_await leaving.join();
        co_await staying.join();
        EXPECT_GE(use.served, 1u);
        EXPECT_EQ(semaphore.available(), 1u);
    });
}

Task<> note_turn(Semaphore& semaphore, std::vector<std::string>& turns, std::string who) {
    const Result<Semaphore::Permit> permit = co_await semaphore.acquire(Deadline::never());
    EXPECT_TRUE(permit);
    turns.push_back(who);
}

TEST_P(SemaphoreTest, NobodyOvertakesWhoWaits) {
    run([](Host& host) -> Task<> {
        Semaphore semaphore(host, 1, 10);
        std::vector<std::string> turns;
        TaskGroup waiting(host);
        {
            const Result<Semaphore::Permit> held = co_await semaphore.acquire(Deadline::never());
            waiting.spawn(note_turn(semaphore, turns, "first"));
            co_await sleep_for(host, 1ms);
            waiting.spawn(note_turn(semaphore, turns, "second"));
            co_await sleep_for(host, 1ms);
        }
        co_await note_turn(semaphore, turns, "newcomer");
        co_await waiting.join();
        EXPECT_EQ(turns, (std::vector<std::string>{"first", "second", "newcomer"}));
        EXPECT_EQ(semaphore.available(), 1u);
    });
}

ATLAS_IN_BOTH_WORLDS(SemaphoreTest);

}  // namespace
}  // namespace atlas::host

#include "system/service/key_turns.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "sim/kernel/isolated_host.hpp"

namespace atlas::service {
namespace {

using host::Task;
using namespace std::chrono_literals;

struct World {
    explicit World(std::size_t waiting) : turns(process.host(), waiting) {}
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    /// The turns outlive whoever has one.
    ~World() { kernel.run_until(kernel.now() + 1min); }

    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    KeyTurns turns;
    std::map<std::string, int> inside;
    int most_inside = 0;
    int had_a_turn = 0;
    int had_none = 0;
};

/// While it is there, somebody has the turn; he may be cancelled.
struct Inside {
    Inside(World& world, const std::string& key) : number(world.inside[key]) {
        world.most_inside = std::max(world.most_inside, ++number);
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() { --number; }

    int& number;
};

Task<> hold(World& world, std::string key, host::Duration patience, host::Duration time) {
    host::Host& host = world.process.host();
    const auto turn = co_await world.turns.take(key, host::deadline_after(host, patience));
    if (!turn) {
        ++world.had_none;
        co_return;
    }
    ++world.had_a_turn;
    const Inside inside(world, key);
    co_await host::sleep_for(host, time);
}

TEST(KeyTurns, OneOfAKeyAtATimeAndOtherKeysBeside) {
    World world(8);
    for (const char* key : {"a", "a", "a", "b"})
        world.process.tasks().spawn(hold(world, key, 10s, 1s));
    world.kernel.run_until(host::TimePoint{1500ms});
    EXPECT_EQ(world.had_a_turn, 3);
    EXPECT_EQ(world.turns.keys(), 1u);
    world.kernel.run_until(host::TimePoint{10s});
    EXPECT_EQ(world.had_a_turn, 4);
    EXPECT_EQ(world.most_inside, 1);
    EXPECT_EQ(world.turns.keys(), 0u);
}

TEST(KeyTurns, WhoIsOneTooManyOrRunsOutOfTimeHasNone) {
    World world(2);
    world.process.tasks().spawn(hold(world, "a", 10s, 5s));
    world.kernel.run_until(host::TimePoint{1ms});
    for (int i = 0; i < 3; ++i)
        world.process.tasks().spawn(hold(world, "a", 1s, 1s));
    world.kernel.run_until(host::TimePoint{2ms});
    EXPECT_EQ(world.had_none, 1);
    world.kernel.run_until(host::TimePoint{2s});
    EXPECT_EQ(world.had_none, 3);
    EXPECT_EQ(world.had_a_turn, 1);
    EXPECT_EQ(world.turns.counters().given, 1u);
    EXPECT_EQ(world.turns.counters().too_many, 1u);
    EXPECT_EQ(world.turns.counters().too_late, 2u);
}

Task<> cancel_some(World& world, std::vector<std::pair<int, int>> requests, int after) {
    host::TaskGroup group(world.process.host());
    for (const auto& [key, time] : requests) {
        group.spawn(hold(world, std::to_string(key), 5ms, std::chrono::milliseconds{time}));
    }
    co_await host::sleep_for(world.process.host(), std::chrono::milliseconds{after});
    co_await group.stop();
}

RC_GTEST_PROP(KeyTurns, NoLineOutlivesItsPeople, ()) {
    World world(*rc::gen::inRange<std::size_t>(0, 4));
    const auto requests = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 3), rc::gen::inRange(0, 6)));
    world.process.tasks().spawn(cancel_some(world, requests, *rc::gen::inRange(0, 20)));
    world.kernel.run_until(host::TimePoint{1h});
    RC_ASSERT(world.turns.keys() == 0u);
    RC_ASSERT(world.most_inside <= 1);
}

}  // namespace
}  // namespace atlas::service

// What a load tells of servers whose behaviour is known, in virtual time.

#include "reports/bench/load/drive.hpp"

#include <gtest/gtest.h>

#include "properties/contracts/both_worlds.hpp"
#include "system/host/task_group.hpp"
#include "system/http/server.hpp"

namespace atlas::load {
namespace {

using namespace std::chrono_literals;

/// Answers at once, but not while it stalls.
struct Stall {
    host::Duration from{};
    host::Duration until{};
};

host::Task<http::Response> answer_unless_stalled(host::Host& host, host::TimePoint from,
                                                 host::TimePoint until) {
    const host::TimePoint now = host.clock().now();
    if (now >= from && now < until) co_await host::sleep_until(host, until);
    co_return http::Response{};
}

host::Task<> drive_against(host::Host& host, Stall stall, LoadPlan plan, LoadResult& result) {
    const host::TimePoint began = host.clock().now();
    http::Server server(host,
                        [&host, began, stall](host::Context, http::Request) {
                            return answer_unless_stalled(host, began + stall.from,
                                                         began + stall.until);
                        },
                        {});
    auto listener = host.network().listen({"127.0.0.1", 0}, {});
    EXPECT_TRUE(listener);
    plan.to = (*listener)->local_endpoint();
    host::TaskGroup tasks(host);
    tasks.spawn(server.serve(std::move(*listener)));
    result = co_await drive(host, plan);
    co_await server.drain(host::deadline_after(host, 0s));
    co_await tasks.stop();
}

LoadResult load_on(Stall stall, LoadPlan plan) {
    LoadResult result;
    properties::run_in(properties::World::simulated,
                       [&](host::Host& host) { return drive_against(host, stall, plan, result); });
    return result;
}

LoadPlan at_rate(std::uint64_t rate, std::size_t connections) {
    return {.to = {}, .connections = connections, .rate = rate, .duration = 1s};
}

TEST(Load, AStallIsChargedForAllWhoWouldHaveComeMeanwhile) {
    // Four connections: a closed loop would have four slow answers to tell of.
    const LoadResult result = load_on({200ms, 500ms}, at_rate(1000, 4));
    EXPECT_EQ(result.latencies.count(), 1000u);
    EXPECT_EQ(result.statuses.at(200), 1000u);
    EXPECT_EQ(result.lost + result.never_sent, 0u);
    EXPECT_LT(result.latencies.at_most(600), 20ms);
    // Three tenths of all arrivals were planned for the stall, and waited 150 ms on average.
    EXPECT_GT(result.latencies.at_most(850), 100ms);
    EXPECT_GT(result.latencies.longest(), 290ms);
}

TEST(Load, WhatIsNeverAnsweredOrSentIsNotLeftOut) {
    LoadPlan plan = at_rate(100, 3);
    plan.patience = 2s;
    const LoadResult result = load_on({0s, 1h}, plan);
    EXPECT_EQ(result.answered, 0u);
    EXPECT_EQ(result.lost, 3u) << "sent, and given up";
    EXPECT_EQ(result.never_sent, 97u);
    EXPECT_GT(result.latencies.at_most(500), 2s);
}

TEST(Load, WithoutARateEachConnectionSendsWhenItHasItsAnswer) {
    const LoadResult one = load_on({}, at_rate(0, 1));
    const LoadResult four = load_on({}, at_rate(0, 4));
    EXPECT_GT(one.answered, 100u);
    EXPECT_GT(four.answered, 3 * one.answered);
    EXPECT_EQ(one.lost + one.never_sent, 0u);
}

TEST(Load, TheWarmUpIsNotRecorded) {
    LoadPlan plan = at_rate(1000, 4);
    plan.warm_up = 1s;
    const LoadResult result = load_on({0s, 500ms}, plan);
    EXPECT_EQ(result.latencies.count(), 1000u);
    EXPECT_LT(result.latencies.longest(), 20ms);
}

}  // namespace
}  // namespace atlas::load

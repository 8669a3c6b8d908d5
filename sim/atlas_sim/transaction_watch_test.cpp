// Sessions that idle in a transaction are found after their limit, and not for the database's
// pauses.

#include "sim/atlas_sim/transaction_watch.hpp"

#include <gtest/gtest.h>

namespace atlas::sim::atlas_sim {
namespace {

using namespace std::chrono_literals;
using models::postgres::IdleTransaction;

// How many are found when one session is seen every second, as `seen` says for each.
template <typename Look>
std::size_t found_after(int seconds, Look look) {
    TransactionWatch watch(3s);
    for (int second = 0; second < seconds; ++second)
        look(watch, second, host::TimePoint{std::chrono::seconds{second}});
    return watch.found().size();
}

TEST(TransactionWatch, FindsWhoIdlesBeyondTheLimitOnce) {
    const auto idles = [](TransactionWatch& watch, int, host::TimePoint now) {
        watch.look({{101, host::TimePoint{1ms}}}, true, now);
    };
    EXPECT_EQ(found_after(9, idles), 0U);
    EXPECT_EQ(found_after(10, idles), 1U);
    EXPECT_EQ(found_after(60, idles), 1U);
}

TEST(TransactionWatch, LeavesOutTheSecondsInWhichTheDatabaseDidNotRun) {
    const auto pauses = [](TransactionWatch& watch, int second, host::TimePoint now) {
        watch.look({{101, host::TimePoint{1ms}}}, second % 2 == 0, now);
    };
    EXPECT_EQ(found_after(18, pauses), 0U);
    EXPECT_EQ(found_after(30, pauses), 1U);
}

TEST(TransactionWatch, BeginsAgainWithEveryStatementAndEverySession) {
    const auto works = [](TransactionWatch& watch, int second, host::TimePoint now) {
        watch.look({{101, host::TimePoint{std::chrono::seconds{second / 5}}}}, true, now);
    };
    EXPECT_EQ(found_after(60, works), 0U);
    const auto comes_and_goes = [](TransactionWatch& watch, int second, host::TimePoint now) {
        std::vector<IdleTransaction> idle;
        if (second % 5 != 0) idle.push_back({101, host::TimePoint{1ms}});
        watch.look(idle, true, now);
    };
    EXPECT_EQ(found_after(60, comes_and_goes), 0U);
}

}  // namespace
}  // namespace atlas::sim::atlas_sim

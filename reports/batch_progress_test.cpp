// The line that shows how far a range of seeds has come.

#include "reports/batch_progress.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace atlas::reports {
namespace {

using namespace std::chrono_literals;

TEST(BatchProgress, SaysHowFarHowFastAndHowLong) {
    EXPECT_EQ(to_line({.done = 0, .all = 300}), "[                    ] 0 of 300 seeds, 0 failed");
    EXPECT_EQ(to_line({.done = 120, .all = 300, .failed = 1, .elapsed = 36s}),
              "[########            ] 120 of 300 seeds, 3.3 a second, 1 failed, 0:54 left");
    EXPECT_EQ(to_line({.done = 300, .all = 300, .elapsed = 100s}),
              "[####################] 300 of 300 seeds, 3.0 a second, 0 failed");
}

RC_GTEST_PROP(BatchProgress, FitsALineOfATerminal, ()) {
    const auto all = *rc::gen::inRange<std::size_t>(1, 1'000'001);
    const auto done = *rc::gen::inRange<std::size_t>(0, all + 1);
    // A seed takes at least a millisecond, and at most ten minutes.
    const auto each = *rc::gen::inRange<std::int64_t>(1, 600'000);
    const BatchProgress progress{
        .done = done,
        .all = all,
        .failed = done,
        .elapsed = std::chrono::milliseconds{each} * static_cast<std::int64_t>(done)};
    RC_ASSERT(to_line(progress).size() <= 100U);
}

}  // namespace
}  // namespace atlas::reports

#include "system/reliability/controlled_delay.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

namespace atlas::reliability {
namespace {

using namespace std::chrono_literals;

constexpr ControlledDelayOptions options{.target = 10ms, .interval = 100ms};

// However the moments lie at which nobody waited: the target is asked of a line that stands, and
// the whole interval is granted to one that was empty within it.
RC_GTEST_PROP(ControlledDelay, IsStrictWithALineThatStandsAndWithNoOther, ()) {
    const auto pauses = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 200));
    const auto since = *rc::gen::inRange(0, 300) * 1ms;
    ControlledDelay delay(options);
    host::TimePoint now{};
    for (const int pause : pauses) {
        now = now + pause * 1ms;
        delay.line_is_empty(now);
    }
    const bool stands = since > options.interval;
    RC_ASSERT(delay.is_standing(now + since) == stands);
    RC_ASSERT(delay.patience(now + since) == (stands ? options.target : options.interval));
}

TEST(ControlledDelay, ForgivesALineOnceItWasEmpty) {
    ControlledDelay delay(options);
    EXPECT_TRUE(delay.is_standing(host::TimePoint{101ms}));
    delay.line_is_empty(host::TimePoint{101ms});
    EXPECT_FALSE(delay.is_standing(host::TimePoint{201ms}));
    EXPECT_TRUE(delay.is_standing(host::TimePoint{202ms}));
}

}  // namespace
}  // namespace atlas::reliability

// Points in time and deadlines, for all values.

#include "system/host/time.hpp"

#include <gtest/gtest.h>

#include <rapidcheck.h>

namespace atlas::host {
namespace {

TimePoint at(std::int64_t nanoseconds) {
    return {Duration{nanoseconds}};
}

TEST(Deadline, RemainingIsNeverNegativeAndZeroOnceItHasPassed) {
    EXPECT_TRUE(rc::check([](std::int64_t now, std::int64_t moment) {
        // Points of one clock are less than 292 years apart.
        const Deadline deadline = Deadline::at(at(moment / 2));
        const Duration left = deadline.remaining(at(now / 2));
        RC_ASSERT(left >= Duration::zero());
        RC_ASSERT(deadline.passed(at(now / 2)) == (left == Duration::zero()));
    }));
}

TEST(Deadline, NeverDoesNotPassAndYieldsToAnyOther) {
    EXPECT_TRUE(rc::check([](std::int64_t now) {
        RC_PRE(now != INT64_MAX);
        RC_ASSERT(!Deadline::never().passed(at(now)));
        RC_ASSERT(Deadline::never().remaining(at(now)) == Duration::max());
        const Deadline other = Deadline::at(at(now));
        RC_ASSERT(Deadline::never().earlier_of(other) == other);
        RC_ASSERT(other.earlier_of(Deadline::never()) == other);
    }));
}

TEST(TimePoint, AddingSaturatesInsteadOfWrapping) {
    EXPECT_TRUE(rc::check([](std::int64_t start, std::int64_t step) {
        RC_PRE(step >= 0);
        const TimePoint later = at(start) + Duration{step};
        RC_ASSERT(later >= at(start));
    }));
    EXPECT_EQ(at(5) + Duration::max(), TimePoint::max());
    EXPECT_EQ(at(5) + Duration{7}, at(12));
}

}  // namespace
}  // namespace atlas::host

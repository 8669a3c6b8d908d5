// Percentiles from buckets against those from the sorted values.

#include "reports/bench/load/latencies.hpp"

#include <gtest/gtest.h>

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <algorithm>

namespace atlas::load {
namespace {

TEST(Latencies, NothingRecordedTookNoTime) {
    const Latencies none;
    EXPECT_EQ(none.at_most(500), host::Duration::zero());
    EXPECT_EQ(none.count(), 0u);
}

TEST(Latencies, OneSlowOfAThousandIsTheLongestAndNoPercentileBelow) {
    Latencies latencies;
    for (int i = 0; i < 999; ++i)
        latencies.record(std::chrono::microseconds(100));
    latencies.record(std::chrono::seconds(2));
    EXPECT_LT(latencies.at_most(999), std::chrono::microseconds(101));
    EXPECT_EQ(latencies.at_most(1000), std::chrono::seconds(2));
    EXPECT_EQ(latencies.longest(), std::chrono::seconds(2));
}

RC_GTEST_PROP(Latencies, EveryPercentileIsThatOfTheSortedValuesOrAHundredthAbove, ()) {
    const auto bits = *rc::gen::inRange(1, 62);
    const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(
        rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << bits)));
    Latencies latencies;
    for (const std::int64_t value : values)
        latencies.record(host::Duration(value));
    std::vector<std::int64_t> sorted = values;
    std::ranges::sort(sorted);
    for (const std::uint64_t per_thousand : {1u, 500u, 900u, 990u, 999u, 1000u}) {
        const std::size_t rank = (sorted.size() * per_thousand + 999) / 1000;
        const std::int64_t exact = sorted[rank - 1];
        const std::int64_t shown = latencies.at_most(per_thousand).count();
        RC_ASSERT(shown >= exact);
        RC_ASSERT(shown <= exact + exact / 100);
    }
}

}  // namespace
}  // namespace atlas::load

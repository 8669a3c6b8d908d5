#include "system/telemetry/traceparent.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace atlas::telemetry {
namespace {

TEST(Traceparent, IsReadAsTheStandardSays) {
    const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const std::string good = "00-" + trace + "-00f067aa0ba902b7-01";
    ASSERT_TRUE(parse_traceparent(good));
    EXPECT_EQ(format_trace_id(*parse_traceparent(good)), trace);
    EXPECT_TRUE(parse_traceparent("cc-" + trace + "-00f067aa0ba902b7-01-what-will-come"));
    for (const std::string& bad :
         {std::string{}, good + "x", good + "-x", "ff" + good.substr(2),
          "cc" + good.substr(2) + ".", "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01",
          "00-" + trace + "-0000000000000000-01", "00-" + trace + "-00F067AA0BA902B7-01"}) {
        EXPECT_FALSE(parse_traceparent(bad)) << bad;
    }
}

RC_GTEST_PROP(Traceparent, TextComesBack, (host::TraceId trace, std::uint64_t parent)) {
    trace[0] |= 1;
    RC_ASSERT(parse_traceparent(format_traceparent(trace, parent | 1)) == trace);
}

}  // namespace
}  // namespace atlas::telemetry

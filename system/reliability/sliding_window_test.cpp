#include "system/reliability/sliding_window.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace atlas::reliability {
namespace {

using namespace std::chrono_literals;
using Kind = SlidingWindowOptions::Kind;

struct Recorded {
    host::TimePoint moment;
    bool failed;
    bool slow;
};

/// Calls at moments that never go back; some close together, some after a long silence.
std::vector<Recorded> any_history() {
    std::vector<Recorded> history;
    host::TimePoint now{};
    const auto pauses = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::oneOf(
        rc::gen::inRange(0u, 30u), rc::gen::inRange(0u, 300u), rc::gen::inRange(0u, 30'000u)));
    for (const std::uint32_t pause : pauses) {
        now = now + std::chrono::milliseconds(pause);
        const bool failed = *rc::gen::arbitrary<bool>();
        const bool slow = *rc::gen::arbitrary<bool>();
        history.push_back({now, failed, slow});
    }
    return history;
}

CallCounts count_of(const std::vector<Recorded>& calls) {
    CallCounts counts;
    for (const Recorded& call : calls) {
        ++counts.calls;
        counts.failed += call.failed ? 1 : 0;
        counts.slow += call.slow ? 1 : 0;
    }
    return counts;
}

RC_GTEST_PROP(SlidingWindow, ByCountHoldsTheLatestCalls, ()) {
    const auto size = *rc::gen::inRange(1u, 20u);
    SlidingWindow window({.kind = Kind::count, .calls = size});
    std::vector<Recorded> latest;
    for (const Recorded& call : any_history()) {
        window.record(call.moment, call.failed, call.slow);
        latest.push_back(call);
        if (latest.size() > size) latest.erase(latest.begin());
        RC_ASSERT(window.counts(call.moment) == count_of(latest));
    }
}

RC_GTEST_PROP(SlidingWindow, ByTimeForgetsByTenths, ()) {
    SlidingWindow window({.kind = Kind::time, .time = 1s});
    std::vector<Recorded> all;
    for (const Recorded& call : any_history()) {
        window.record(call.moment, call.failed, call.slow);
        all.push_back(call);
        std::erase_if(all, [&](const Recorded& old) {
            return old.moment.since_epoch / 100ms <= call.moment.since_epoch / 100ms - 10;
        });
        RC_ASSERT(window.counts(call.moment) == count_of(all));
    }
}

TEST(SlidingWindow, ByTimeIsEmptyAfterASilence) {
    SlidingWindow window({.kind = Kind::time, .time = 1s});
    window.record(host::TimePoint{5s}, true, true);
    EXPECT_EQ(window.counts(host::TimePoint{5900ms}), (CallCounts{1, 1, 1}));
    EXPECT_EQ(window.counts(host::TimePoint{6s}), CallCounts{});
}

TEST(SlidingWindow, ClearedIsEmpty) {
    for (const Kind kind : {Kind::count, Kind::time}) {
        SlidingWindow window({.kind = kind, .calls = 3, .time = 1s});
        for (int i = 0; i < 5; ++i)
            window.record(host::TimePoint{1s}, true, false);
        window.clear();
        EXPECT_EQ(window.counts(host::TimePoint{1s}), CallCounts{});
        window.record(host::TimePoint{1s}, false, true);
        EXPECT_EQ(window.counts(host::TimePoint{1s}), (CallCounts{1, 0, 1}));
    }
}

}  // namespace
}  // namespace atlas::reliability

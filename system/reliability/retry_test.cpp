#include "system/reliability/retry.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sim/kernel/isolated_host.hpp"

namespace atlas::reliability {
namespace {

using namespace std::chrono_literals;

RC_GTEST_PROP(FullJitter, StaysUnderTheDoublingCeiling, (std::uint64_t seed)) {
    host::RandomSource random(seed);
    const RetryPolicy policy{.base = 10ms, .cap = 1s};
    const auto retries = *rc::gen::inRange(0u, 100u);
    const host::Duration pause = full_jitter(policy, retries, random);
    RC_ASSERT(pause >= 0ns);
    RC_ASSERT(pause <= (retries < 7 ? 10ms * (1 << retries) : host::Duration{1s}));
}

TEST(FullJitter, UsesItsWholeRange) {
    host::RandomSource random(1);
    host::Duration least = 1h;
    host::Duration most{};
    for (int i = 0; i < 1000; ++i) {
        const host::Duration pause = full_jitter({.base = 100ms, .cap = 1s}, 2, random);
        least = std::min(least, pause);
        most = std::max(most, pause);
    }
    EXPECT_LT(least, 10ms);
    EXPECT_GT(most, 390ms);
}

host::Task<> ask(host::Host& host, RetryPolicy policy, unsigned retries, host::Duration left,
                 bool& answer) {
    host::RandomSource random(1);
    answer =
        co_await wait_to_retry(host, policy, retries, random, host::deadline_after(host, left));
}

bool may_retry(unsigned retries, host::Duration left) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    bool answer = false;
    process.tasks().spawn(
        ask(process.host(), {.max_attempts = 3, .base = 1s, .cap = 1s}, retries, left, answer));
    kernel.run_until(host::TimePoint{1h});
    return answer;
}

TEST(WaitToRetry, EndsWithAttemptsOrTime) {
    EXPECT_TRUE(may_retry(0, 2s));
    EXPECT_TRUE(may_retry(1, 2s));
    EXPECT_FALSE(may_retry(2, 2s));
    EXPECT_FALSE(may_retry(0, 0s));
}

}  // namespace
}  // namespace atlas::reliability

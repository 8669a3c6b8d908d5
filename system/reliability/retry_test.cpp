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

struct Attempt {
    RetryPolicy policy;
    unsigned retries = 0;
    host::Duration left{};
    host::Duration asked{};
    bool goes_on = false;
    host::Duration waited{};
};

host::Task<> try_again(host::Host& host, Attempt& attempt, std::uint64_t seed) {
    host::RandomSource random(seed);
    const host::TimePoint began = host.clock().now();
    attempt.goes_on =
        co_await wait_to_retry(host, attempt.policy, attempt.retries, random,
                               host::deadline_after(host, attempt.left), attempt.asked);
    attempt.waited = host.clock().now() - began;
}

RC_GTEST_PROP(WaitToRetry, WaitsAtLeastWhatWasAskedAndNeverBeyondTheDeadline,
              (std::uint64_t seed)) {
    const auto milliseconds = [](int most) { return *rc::gen::inRange(0, most) * 1ms; };
    Attempt attempt{
        .policy = {.max_attempts = *rc::gen::inRange(1U, 6U), .base = 25ms, .cap = 200ms},
        .retries = *rc::gen::inRange(0U, 6U),
        .left = milliseconds(600),
        .asked = milliseconds(400)};
    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    process.tasks().spawn(try_again(process.host(), attempt, seed));
    kernel.run_until(host::TimePoint{1h});
    const bool has_attempts = attempt.retries + 1 < attempt.policy.max_attempts;
    if (attempt.goes_on) {
        RC_ASSERT(has_attempts);
        RC_ASSERT(attempt.waited >= attempt.asked);
        RC_ASSERT(attempt.waited <= attempt.asked + attempt.policy.cap);
        RC_ASSERT(attempt.waited < attempt.left);
    } else {
        RC_ASSERT(attempt.waited == 0ns);
        RC_ASSERT(!has_attempts || attempt.asked + attempt.policy.cap >= attempt.left);
    }
}

TEST(WaitToRetry, EndsWithAttemptsOrTime) {
    EXPECT_TRUE(may_retry(0, 2s));
    EXPECT_TRUE(may_retry(1, 2s));
    EXPECT_FALSE(may_retry(2, 2s));
    EXPECT_FALSE(may_retry(0, 0s));
}

}  // namespace
}  // namespace atlas::reliability

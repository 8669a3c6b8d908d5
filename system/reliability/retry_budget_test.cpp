#include "system/reliability/retry_budget.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace atlas::reliability {
namespace {

RetryBudgetOptions any_options() {
    RetryBudgetOptions options;
    options.tokens = *rc::gen::inRange(1u, 1001u);
    options.given_back_per_thousand = *rc::gen::inRange(1u, 3000u);
    return options;
}

RC_GTEST_PROP(RetryBudget, KeepsItsPromiseOverAnyHistory, ()) {
    const RetryBudgetOptions options = any_options();
    RetryBudget budget(options);
    const auto history = *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>());
    for (const bool success : history) {
        if (success) {
            budget.succeeded();
        } else {
            budget.failed();
            budget.grants_retry();
        }
        RC_ASSERT(budget.tokens() <= options.tokens * 1000ull);
    }
    // Half a bucket, and what successes gave back: more is never repeated.
    const RetryBudgetCounters& counters = budget.counters();
    RC_ASSERT(counters.retries_granted * 1000 <=
              options.tokens * 500ull + counters.successes * options.given_back_per_thousand);
    RC_ASSERT(counters.retries_granted + counters.retries_refused == counters.failures);
}

RC_GTEST_PROP(RetryBudget, FollowsTheProposalStepByStep, ()) {
    const RetryBudgetOptions options = any_options();
    RetryBudget budget(options);
    // The proposal's own words, in thousandths of a token, with signed numbers.
    const std::int64_t most = std::int64_t{options.tokens} * 1000;
    std::int64_t count = most;
    const auto history = *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>());
    for (const bool success : history) {
        count += success ? std::int64_t{options.given_back_per_thousand} : -1000;
        count = std::clamp(count, std::int64_t{0}, most);
        success ? budget.succeeded() : budget.failed();
        RC_ASSERT(budget.tokens() == static_cast<std::uint64_t>(count));
        RC_ASSERT(budget.grants_retry() == (count * 2 > most));
    }
}

TEST(RetryBudget, AnOutageCostsHalfABucketAndSuccessesFillItAgain) {
    RetryBudget budget({.tokens = 10, .given_back_per_thousand = 100});
    for (int i = 0; i < 1000; ++i) {
        budget.failed();
        budget.grants_retry();
    }
    EXPECT_EQ(budget.counters().retries_granted, 4u);
    for (int i = 0; i < 50; ++i)
        budget.succeeded();
    EXPECT_FALSE(budget.grants_retry());
    budget.succeeded();
    EXPECT_TRUE(budget.grants_retry());
}

}  // namespace
}  // namespace atlas::reliability

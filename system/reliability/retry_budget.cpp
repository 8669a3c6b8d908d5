#include "system/reliability/retry_budget.hpp"

#include <algorithm>

#include "system/host/check.hpp"

namespace atlas::reliability {
namespace {

constexpr std::uint64_t one_token = 1000;

}  // namespace

RetryBudget::RetryBudget(RetryBudgetOptions options)
    : full_(options.tokens * one_token),
      given_back_(options.given_back_per_thousand),
      tokens_(full_) {
    ATLAS_CHECK(options.tokens >= 1 && options.tokens <= 1000, "a budget has 1 to 1000 tokens");
    ATLAS_CHECK(options.given_back_per_thousand >= 1, "successes fill the budget again");
}

void RetryBudget::succeeded() {
    ++counters_.successes;
    tokens_ = std::min(tokens_ + given_back_, full_);
}

void RetryBudget::failed() {
    ++counters_.failures;
    tokens_ -= std::min(tokens_, one_token);
}

bool RetryBudget::grants_retry() {
    const bool granted = tokens_ > full_ / 2;
    ++(granted ? counters_.retries_granted : counters_.retries_refused);
    return granted;
}

}  // namespace atlas::reliability

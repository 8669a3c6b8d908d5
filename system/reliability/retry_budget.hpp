#pragma once
// How much of the work offered to a server may be repetition: a bucket of tokens, as in gRPC's
// proposal A6 ("gRPC Retry Design", section "Throttling Retry Attempts and Hedged RPCs"). It begins
// full; a failure takes one token, a success gives back a part of one; nothing is tried again while
// the bucket is half empty. So a server that fails now and then is asked again, and one that fails
// most of the time is not asked twice for everything it cannot do.
//
// One budget for each dependency, shared by all that retry against it. What is no failure of the
// server (a caller's error) is not told to it.

#include <cstdint>

namespace atlas::reliability {

struct RetryBudgetOptions {
    /// The full bucket, 1 to 1000. Half of it are the retries that an outage can cost.
    std::uint32_t tokens = 100;
    /// What a success gives back, in thousandths of a token: with 100, one retry for ten successes
    /// in the long run.
    std::uint32_t given_back_per_thousand = 100;
};

struct RetryBudgetCounters {
    std::uint64_t successes = 0;
    std::uint64_t failures = 0;
    std::uint64_t retries_granted = 0;
    std::uint64_t retries_refused = 0;
};

class RetryBudget {
  public:
    explicit RetryBudget(RetryBudgetOptions options = {});

    void succeeded();
    void failed();

    /// Asked once after a failure that could be tried again.
    bool grants_retry();

    /// In thousandths.
    std::uint64_t tokens() const { return tokens_; }
    const RetryBudgetCounters& counters() const { return counters_; }

  private:
    std::uint64_t full_;
    std::uint64_t given_back_;
    std::uint64_t tokens_;
    RetryBudgetCounters counters_;
};

}  // namespace atlas::reliability

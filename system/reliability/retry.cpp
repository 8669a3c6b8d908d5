#include "system/reliability/retry.hpp"

#include <algorithm>

namespace atlas::reliability {

host::Duration full_jitter(const RetryPolicy& policy, unsigned retries,
                           host::RandomSource& random) {
    host::Duration ceiling = std::min(policy.base, policy.cap);
    for (unsigned i = 0; i < retries && ceiling < policy.cap; ++i) {
        ceiling = ceiling > policy.cap / 2 ? policy.cap : ceiling * 2;
    }
    return random.between(host::Duration::zero(), ceiling);
}

host::Task<bool> wait_to_retry(host::Host& host, RetryPolicy policy, unsigned retries,
                               host::RandomSource& random, host::Deadline deadline,
                               host::Duration asked) {
    if (retries + 1 >= policy.max_attempts) co_return false;
    const host::Duration pause = full_jitter(policy, retries, random);
    const host::TimePoint next = host.clock().now() + asked + pause;
    if (deadline.passed(next)) co_return false;
    co_await host::sleep_until(host, next);
    co_return true;
}

}  // namespace atlas::reliability

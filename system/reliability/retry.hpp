#pragma once
// When and how long to wait before trying again. The decision whether a failure may be tried again
// at all (is it definite? is the operation harmless to repeat?) is the caller's.

#include "system/host/host.hpp"

namespace atlas::reliability {

struct RetryPolicy {
    /// In all, the first included. At least 1.
    unsigned max_attempts = 4;
    host::Duration base = std::chrono::milliseconds{25};
    host::Duration cap = std::chrono::seconds{1};
};

/// A wait drawn from [0, min(cap, base * 2^retries)], "full jitter" (M. Brooker, "Exponential
/// Backoff and Jitter", AWS Architecture Blog, 2015). `retries` counts those made before: 0 at
/// first.
host::Duration full_jitter(const RetryPolicy& policy, unsigned retries, host::RandomSource& random);

/// Sleeps before the next attempt: for `asked`, what the server asked for, and the jitter on top,
/// so that those who were asked together do not come back together. False at once when the attempts
/// are used up or the wait would not end before the deadline.
host::Task<bool> wait_to_retry(host::Host& host, RetryPolicy policy, unsigned retries,
                               host::RandomSource& random, host::Deadline deadline,
                               host::Duration asked = {});

}  // namespace atlas::reliability

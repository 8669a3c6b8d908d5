#include "system/reliability/bulkhead.hpp"

#include <utility>

#include "system/host/check.hpp"

namespace atlas::reliability {

Bulkhead::Bulkhead(host::Host& host, BulkheadOptions options)
    : host_(host),
      at_once_(options.at_once),
      permits_(host, options.at_once, options.waiting),
      delay_(options.delay) {
    ATLAS_CHECK(options.at_once > 0, "a bulkhead without room serves nobody");
}

void Bulkhead::look_at_line() {
    if (permits_.waiting() == 0) delay_.line_is_empty(host_.clock().now());
}

host::Task<host::Result<Bulkhead::Permit>> Bulkhead::enter(host::Deadline deadline) {
    look_at_line();
    const host::TimePoint now = host_.clock().now();
    const host::Deadline patience = host::Deadline::at(now + delay_.patience(now));
    host::Result<Permit> permit = co_await permits_.acquire(deadline.earlier_of(patience));
    look_at_line();
    if (!permit) {
        const bool could_wait_longer = patience.point() < deadline.point();
        co_return std::unexpected(explain(std::move(permit.error()), could_wait_longer));
    }
    ++counters_.entered;
    co_return permit;
}

host::Error Bulkhead::explain(host::Error error, bool could_wait_longer) {
    if (error.code == host::ErrorCode::resource_exhausted) {
        ++counters_.turned_away;
        return {error.code, host::Certainty::definite, "too many wait already"};
    }
    if (error.code == host::ErrorCode::deadline_exceeded && could_wait_longer) {
        ++counters_.shed;
        return {host::ErrorCode::resource_exhausted, host::Certainty::definite,
                "the wait became too long"};
    }
    ++counters_.out_of_time;
    return error;
}

}  // namespace atlas::reliability

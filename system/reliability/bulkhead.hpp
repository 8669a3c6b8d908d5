#pragma once
// So many at once, so many waiting, and none of these too long: what is slow behind it fills its
// own line and no other's (M. Nygard, "Release It!", 2007, "Bulkheads"). The line sheds by queue
// time; see controlled_delay.hpp.

#include <cstddef>
#include <cstdint>

#include "system/host/host.hpp"
#include "system/host/semaphore.hpp"
#include "system/reliability/controlled_delay.hpp"

namespace atlas::reliability {

struct BulkheadOptions {
    std::size_t at_once = 8;
    /// Beyond it the next is turned away at once.
    std::size_t waiting = 128;
    ControlledDelayOptions delay = {};
};

struct BulkheadCounters {
    std::uint64_t entered = 0;
    std::uint64_t turned_away = 0;  ///< The line was full.
    std::uint64_t shed = 0;         ///< They had waited for as long as one may.
    std::uint64_t out_of_time = 0;  ///< Their own deadline passed first.
};

class Bulkhead {
  public:
    using Permit = host::Semaphore::Permit;

    Bulkhead(host::Host& host, BulkheadOptions options);

    /// Errors, all definite: resource_exhausted (the line is full, or the wait became too long),
    /// deadline_exceeded (the caller's own).
    host::Task<host::Result<Permit>> enter(host::Deadline deadline);

    std::size_t inside() const { return at_once_ - permits_.available(); }
    std::size_t waiting() const { return permits_.waiting(); }
    const BulkheadCounters& counters() const { return counters_; }

  private:
    void look_at_line();
    host::Error explain(host::Error error, bool could_wait_longer);

    host::Host& host_;
    std::size_t at_once_;
    host::Semaphore permits_;
    ControlledDelay delay_;
    BulkheadCounters counters_;
};

}  // namespace atlas::reliability

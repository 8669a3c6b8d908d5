#pragma once
// The two clocks of a machine, as one process sees them.

#include "system/host/time.hpp"

namespace atlas::host {

class Clock {
  public:
    virtual ~Clock() = default;

    /// For durations, time-outs and deadlines. Never goes back.
    virtual TimePoint now() const = 0;

    /// What the wall clock says: for time stamps shown to people or stored. It may be skewed, so
    /// no decision about order or expiry between machines may rest on it.
    virtual UtcTime utc_now() const = 0;
};

}  // namespace atlas::host

#pragma once
// How long one may wait in a line: load shedding by queue time. CoDel (Nichols and Jacobson,
// "Controlling Queue Delay", ACM Queue 2012; RFC 8289) tells a good queue, which soaks up a burst
// and is empty again within an interval, from a standing one, which only makes everybody late. This
// is its form for servers (B. Maurer, "Fail at Scale", ACM Queue 2015, "Controlled Delay"): who
// joins a line that was empty a moment ago may wait for an interval, who joins a standing one only
// for the target. RFC 8289's control law, which spaces drops so that TCP slows down, is left out:
// callers here are told no, and need no hint.

#include "system/host/time.hpp"

namespace atlas::reliability {

struct ControlledDelayOptions {
    host::Duration target = std::chrono::milliseconds{100};
    /// About ten times the target (RFC 8289, 4.3).
    host::Duration interval = std::chrono::seconds{1};
};

class ControlledDelay {
  public:
    explicit ControlledDelay(ControlledDelayOptions options);

    /// To be told whenever nobody waits: at least when somebody comes and when somebody leaves.
    void line_is_empty(host::TimePoint now) { last_empty_ = now; }

    /// Nobody has found the line empty for an interval.
    bool is_standing(host::TimePoint now) const { return now - last_empty_ > options_.interval; }

    /// How long one who joins the line now may wait.
    host::Duration patience(host::TimePoint now) const {
        return is_standing(now) ? options_.target : options_.interval;
    }

  private:
    ControlledDelayOptions options_;
    host::TimePoint last_empty_{};
};

}  // namespace atlas::reliability

#pragma once
// A failed ATLAS_CHECK becomes the last line of a host's log, in its format and behind what was
// logged before, instead of loose text.

#include "adapters/asio_host.hpp"

namespace atlas::adapters {

/// As long as it lives. One at a time in a program, as there is one handler of failed checks.
class FailedChecks {
  public:
    explicit FailedChecks(AsioHost& host);
    ~FailedChecks();
    FailedChecks(const FailedChecks&) = delete;
    FailedChecks& operator=(const FailedChecks&) = delete;
};

}  // namespace atlas::adapters

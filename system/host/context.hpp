#pragma once
// What travels with every call: how long its answer is of use, which request it belongs to, and on
// whose behalf. Passed by value as the first parameter, so that it survives suspension.

#include <array>
#include <cstdint>

#include "system/host/time.hpp"

namespace atlas::host {

/// W3C Trace Context trace-id: sixteen bytes, all zero when there is none.
using TraceId = std::array<std::uint8_t, 16>;

struct Context {
    Deadline deadline = Deadline::never();
    TraceId trace_id{};

    Context with_deadline(Deadline other) const { return {deadline.earlier_of(other), trace_id}; }
};

}  // namespace atlas::host

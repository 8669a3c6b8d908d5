#pragma once
// The traceparent field of W3C Trace Context (level 1, section 3.2).

#include <optional>
#include <string>
#include <string_view>

#include "system/host/context.hpp"

namespace atlas::telemetry {

/// The trace id of "00-<32 hex>-<16 hex>-<2 hex>". Nothing when it is malformed or all zero: the
/// standard has the receiver then start a new trace, never refuse the request.
std::optional<host::TraceId> parse_traceparent(std::string_view field);

/// 32 lower-case hexadecimal digits.
std::string format_trace_id(const host::TraceId& trace_id);

/// "00-<trace id>-<parent id>-01".
std::string format_traceparent(const host::TraceId& trace_id, std::uint64_t parent_id);

}  // namespace atlas::telemetry

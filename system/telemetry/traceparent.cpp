#include "system/telemetry/traceparent.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace atlas::telemetry {
namespace {

/// Lower case alone: the standard forbids upper-case digits.
int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return digit_value(c) >= 0; });
}

bool is_zero(std::string_view text) {
    return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

std::optional<host::TraceId> parse_traceparent(std::string_view field) {
    constexpr std::size_t length = 55;
    if (field.size() < length || field[2] != '-' || field[35] != '-' || field[52] != '-') return {};
    const std::string_view version = field.substr(0, 2);
    const std::string_view trace = field.substr(3, 32);
    const std::string_view parent = field.substr(36, 16);
    if (!is_hex(version) || !is_hex(trace) || !is_hex(parent) || !is_hex(field.substr(53, 2))) {
        return {};
    }
    // A higher version may carry more after another dash; version ff does not exist.
    if (version == "ff" || (version == "00" && field.size() != length)) return {};
    if (field.size() > length && field[length] != '-') return {};
    if (is_zero(trace) || is_zero(parent)) return {};
    host::TraceId id;
    for (std::size_t i = 0; i < id.size(); ++i) {
        id[i] = static_cast<std::uint8_t>(digit_value(trace[2 * i]) * 16 +
                                          digit_value(trace[2 * i + 1]));
    }
    return id;
}

std::string format_trace_id(const host::TraceId& trace_id) {
    return fmt::format("{:02x}", fmt::join(trace_id, ""));
}

std::string format_traceparent(const host::TraceId& trace_id, std::uint64_t parent_id) {
    return fmt::format("00-{:02x}-{:016x}-01", fmt::join(trace_id, ""), parent_id);
}

}  // namespace atlas::telemetry

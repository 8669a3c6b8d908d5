#include "system/http/request_context.hpp"

#include <algorithm>
#include <charconv>

#include "system/telemetry/traceparent.hpp"

namespace atlas::http {
namespace {

std::optional<host::Duration> parse_timeout(std::string_view text) {
    std::uint32_t milliseconds = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, milliseconds);
    if (error != std::errc{} || rest != end || milliseconds == 0) return {};
    return std::chrono::milliseconds{milliseconds};
}

host::TraceId make_trace_id(host::RandomSource& random) {
    host::TraceId id;
    random.fill(std::as_writable_bytes(std::span{id}));
    return id;
}

}  // namespace

std::expected<host::Context, Problem> make_context(const Request& request, host::TimePoint received,
                                                   host::Duration longest,
                                                   host::RandomSource& random) {
    host::Duration time = longest;
    if (const std::string* field = request.headers.find("Atlas-Timeout-Ms")) {
        const std::optional<host::Duration> wanted = parse_timeout(*field);
        if (!wanted) {
            return std::unexpected(
                Problem{.type = problems::invalid_request,
                        .detail = "Atlas-Timeout-Ms is a whole number of milliseconds from 1 to "
                                  "4294967295."});
        }
        time = std::min(time, *wanted);
    }
    const auto trace_id = telemetry::parse_traceparent(request.headers.get("traceparent"));
    return host::Context{host::Deadline::at(received + time),
                         trace_id ? *trace_id : make_trace_id(random)};
}

}  // namespace atlas::http

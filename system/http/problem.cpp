#include "system/http/problem.hpp"

#include "system/http/json_string.hpp"
#include "system/telemetry/traceparent.hpp"

namespace atlas::http {

Response to_response(const Problem& problem, const host::TraceId& trace_id) {
    Response response{problem.type.status, problem.headers, {}};
    std::string& body = response.body;
    body += R"({"type":)";
    append_json_string(body, problem.type.uri);
    body += R"(,"title":)";
    append_json_string(body, problem.type.title);
    body += R"(,"status":)" + std::to_string(problem.type.status);
    if (!problem.detail.empty()) {
        body += R"(,"detail":)";
        append_json_string(body, problem.detail);
    }
    if (!problem.errors.empty()) {
        body += R"(,"errors":[)";
        for (std::size_t i = 0; i < problem.errors.size(); ++i) {
            body += i == 0 ? R"({"pointer":)" : R"(,{"pointer":)";
            append_json_string(body, problem.errors[i].pointer);
            body += R"(,"detail":)";
            append_json_string(body, problem.errors[i].detail);
            body += '}';
        }
        body += ']';
    }
    if (trace_id != host::TraceId{}) {
        body += R"(,"trace_id":")" + telemetry::format_trace_id(trace_id) + '"';
    }
    body += '}';
    response.headers.add("Content-Type", "application/problem+json");
    if (problem.retry_after) {
        response.headers.add("Retry-After", std::to_string(problem.retry_after->count()));
    }
    return response;
}

}  // namespace atlas::http

#include "system/api/keyed_answer.hpp"

#include <utility>

namespace atlas::api {

store::Answer to_answer(http::Response response) {
    store::Answer answer{.status = response.status, .body = std::move(response.body)};
    for (const http::Header& field : response.headers)
        answer.headers.emplace_back(field.name, field.value);
    return answer;
}

http::Response to_response(store::KeyedAnswer done, const host::Context& context) {
    using namespace http::problems;
    if (done.outcome == store::KeyedOutcome::still_running) {
        return http::to_response({.type = request_in_progress,
                                  .detail = "Send the request again to learn its outcome.",
                                  .retry_after = std::chrono::seconds{1}},
                                 context.trace_id);
    }
    if (done.outcome == store::KeyedOutcome::other_request) {
        return http::to_response(
            {.type = idempotency_key_reused,
             .detail = "A key is for one request and its repetitions: choose another."},
            context.trace_id);
    }
    http::Response response{done.answer.status, {}, std::move(done.answer.body)};
    for (auto& [name, value] : done.answer.headers)
        response.headers.add(std::move(name), std::move(value));
    return response;
}

}  // namespace atlas::api

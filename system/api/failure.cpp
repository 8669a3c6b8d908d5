#include "system/api/failure.hpp"

namespace atlas::api {

http::Response to_response(const host::Error& error, const host::Context& context) {
    using namespace http::problems;
    // A broken row, or a statement of ours that PostgreSQL refused: the client cannot mend it.
    if (error.code == host::ErrorCode::data_corrupted ||
        (error.code == host::ErrorCode::invalid_argument &&
         error.certainty == host::Certainty::definite)) {
        return http::to_response({.type = internal_error}, context.trace_id);
    }
    if (error.certainty == host::Certainty::indefinite) {
        return http::to_response(
            {.type = outcome_unknown,
             .detail = "The request may or may not have taken effect: look before repeating it."},
            context.trace_id);
    }
    const bool late = error.code == host::ErrorCode::deadline_exceeded;
    return http::to_response(
        {.type = not_started,
         .detail = late ? "There was not enough time; nothing was changed."
                        : "The service cannot do this now; nothing was changed.",
         .retry_after = std::chrono::seconds{1}},
        context.trace_id);
}

}  // namespace atlas::api

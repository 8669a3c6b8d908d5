#include "properties/workloads/history_recorder.hpp"

#include <fmt/format.h>

#include <utility>

#include "system/api/openapi.hpp"
#include "system/host/check.hpp"

namespace atlas::properties {

HistoryRecorder::HistoryRecorder(Clock clock)
    : clock_(std::move(clock)), description_(api::describe_api(api::routes())) {}

void HistoryRecorder::review_response(std::string_view method, std::string_view target,
                                      const http::Response& response) {
    for (const std::string& fault : description_.faults_in(method, target, response)) {
        undescribed_.push_back(fmt::format("The answer {} to {} {} is not as described: {}.",
                                           response.status, method, target, fault));
    }
}

void HistoryRecorder::add(Entry entry) {
    ATLAS_CHECK(history_.empty() || history_.back().time <= entry.time,
                "the clock of a history never goes back");
    history_.push_back(std::move(entry));
}

void HistoryRecorder::invoke(std::uint64_t process, UserFunction function,
                             const UserFields& request,
                             const sim::scenario::OperationId& operation) {
    add({.process = process,
         .time = now(),
         .function = std::string(name(function)),
         .value = to_json(request),
         .operation = to_string(operation)});
}

void HistoryRecorder::complete(std::uint64_t process, UserFunction function, EntryType outcome,
                               const UserFields& response, std::string error) {
    add({.process = process,
         .type = outcome,
         .time = now(),
         .function = std::string(name(function)),
         .value = to_json(response),
         .error = std::move(error)});
}

}  // namespace atlas::properties

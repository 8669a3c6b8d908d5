#include "properties/workloads/history_recorder.hpp"

#include <utility>

#include "system/host/check.hpp"

namespace atlas::properties {

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

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
                             const UserFields& request) {
    add({process, EntryType::invoke, now(), std::string(name(function)), to_json(request), {}});
}

void HistoryRecorder::complete(std::uint64_t process, UserFunction function, EntryType outcome,
                               const UserFields& response, std::string error) {
    add({process, outcome, now(), std::string(name(function)), to_json(response),
         std::move(error)});
}

}  // namespace atlas::properties

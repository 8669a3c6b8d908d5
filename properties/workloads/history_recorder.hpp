#pragma once
// Writes down what clients do while they do it. One recorder for all clients of a run, wherever
// they run: the order of its entries is the real-time order that checkers judge by.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "properties/checkers/described_response.hpp"
#include "properties/history/history.hpp"
#include "properties/history/user_operations.hpp"
#include "sim/scenario/operation_id.hpp"

namespace atlas::properties {

class HistoryRecorder {
  public:
    /// Time since the start of the run, of one clock that never goes back and that no simulated
    /// fault touches.
    using Clock = std::function<host::Duration()>;

    explicit HistoryRecorder(Clock clock);
    HistoryRecorder(const HistoryRecorder&) = delete;
    HistoryRecorder& operator=(const HistoryRecorder&) = delete;

    /// A number for one more client. A client that was killed in mid-operation comes back under
    /// another one.
    std::uint64_t new_process() { return next_process_++; }

    void invoke(std::uint64_t process, UserFunction function, const UserFields& request,
                const sim::scenario::OperationId& operation);
    void complete(std::uint64_t process, UserFunction function, EntryType outcome,
                  const UserFields& response, std::string error);

    /// Holds the response against /openapi.json.
    void review_response(std::string_view method, std::string_view target,
                         const http::Response& response);

    /// Responses that are not as described, one sentence each.
    const std::vector<std::string>& undescribed_responses() const { return undescribed_; }

    const History& history() const { return history_; }
    host::Duration now() const { return clock_(); }

  private:
    void add(Entry entry);

    Clock clock_;
    std::uint64_t next_process_ = 0;
    History history_;
    ApiDescription description_;
    std::vector<std::string> undescribed_;
};

}  // namespace atlas::properties

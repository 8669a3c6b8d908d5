#pragma once
// One client of a run: calls the API through system/client and writes each call into the history.

#include <cstdint>
#include <string>
#include <vector>

#include "properties/workloads/history_recorder.hpp"
#include "sim/scenario/operation_id.hpp"
#include "system/client/client.hpp"
#include "system/host/host.hpp"

namespace atlas::properties {

/// One call at a time: in the history it is one process.
class RecordedClient {
  public:
    RecordedClient(host::Host& host, HistoryRecorder& recorder, client::ClientOptions options);

    /// The calls from now on belong to that operation: their trace ids and the names they set
    /// follow from it, and they draw from its source (idempotency keys too). To be called before
    /// the first one.
    void begin(sim::scenario::OperationId operation, host::RandomSource random);

    host::Task<client::Outcome<client::User>> register_user(std::string email);
    host::Task<client::Outcome<client::User>> get_user(std::string id);
    /// Sets a name that nobody else ever sets.
    host::Task<client::Outcome<client::User>> patch_user(std::string id, std::int64_t if_match);

    host::Task<client::Outcome<void>> delete_user(std::string id, std::int64_t if_match);

    std::uint64_t process() const { return process_; }
    void close() noexcept { client_.close(); }

  private:
    /// No deadline of its own: the client's timeout bounds the call.
    host::Context next_context();
    std::string next_name() const;
    void record(UserFunction function, const client::Outcome<client::User>& outcome);
    void record(UserFunction function, const client::Failure& failure);

    HistoryRecorder& recorder_;
    std::uint64_t process_;
    client::Client client_;
    sim::scenario::OperationId operation_;
    host::RandomSource random_{0};  ///< Of the operation.
    std::uint8_t calls_ = 0;        ///< Of the operation.
};

}  // namespace atlas::properties

#pragma once
// One client of a run: calls the API through system/client and writes each call into the history.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "properties/workloads/history_recorder.hpp"
#include "properties/workloads/user_directory.hpp"
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

    /// Under a name that nobody else ever sets, and a new key.
    FinishedRegistration next_registration(std::string email);
    host::Task<client::Outcome<client::User>> register_user(FinishedRegistration registration);
    /// One whose outcome is known; or its key with another name, which the API refuses.
    host::Task<client::Outcome<client::User>> repeat_registration(FinishedRegistration registration,
                                                                  bool under_another_name);
    host::Task<client::Outcome<client::User>> get_user(
        std::string id, client::Consistency consistency = client::Consistency::strong);
    /// Sets a name that nobody else ever sets.
    host::Task<client::Outcome<client::User>> patch_user(std::string id, std::int64_t if_match);
    /// Likewise, and the e-mail with it.
    host::Task<client::Outcome<client::User>> change_email(std::string id, std::string email,
                                                           std::int64_t if_match);

    /// The next page of this client's walk through the listing. A page that failed is asked for
    /// again; after the last one a new walk begins.
    host::Task<client::Outcome<client::UserPage>> list_next(std::size_t limit);
    /// The next page is a first one.
    void begin_walk() { cursor_.reset(); }

    host::Task<client::Outcome<void>> delete_user(std::string id, std::int64_t if_match);

    std::uint64_t process() const { return process_; }
    void close() noexcept { client_.close(); }

  private:
    /// No deadline of its own: the client's timeout bounds the call.
    host::Context next_context();
    std::string next_name() const;
    host::Task<client::Outcome<client::User>> send_registration(UserFunction function,
                                                                FinishedRegistration registration);
    host::Task<client::Outcome<client::User>> send_patch(UserFunction function, std::string id,
                                                         client::UserPatch patch,
                                                         std::int64_t if_match);
    void record(UserFunction function, const client::Outcome<client::User>& outcome);
    void record(UserFunction function, const client::Failure& failure);

    HistoryRecorder& recorder_;
    std::uint64_t process_;
    client::Client client_;
    sim::scenario::OperationId operation_;
    host::RandomSource random_{0};       ///< Of the operation.
    std::uint8_t calls_ = 0;             ///< Of the operation.
    std::optional<std::string> cursor_;  ///< Where the walk goes on.
};

}  // namespace atlas::properties

#pragma once
// For those who use a lease store: its calls over HTTP, one at a time.

#include <memory>
#include <optional>
#include <string>

#include "system/host/host.hpp"
#include "system/http/client_connection.hpp"
#include "system/lease_store/entries.hpp"
#include "system/lease_store/store_mark.hpp"

namespace atlas::lease_store {

/// Keeps a connection from one call to the next. A listing is repeated once if that connection
/// turns out to be dead; a change never is: whoever asked for it and was not told what became of it
/// reads what there is now.
///
/// A client knows its store again. One that is another store, or that does not have any more what
/// it once showed (a disk that was replaced, a backup put back), changes nothing for it, and every
/// call ends with data_corrupted: revisions and tokens of the two mean different things.
class Client {
  public:
    Client(host::Host& host, host::Endpoint endpoint);

    /// The keys that begin so, at one moment between call and answer.
    /// Errors: unavailable, deadline_exceeded, protocol_error, data_corrupted. As nothing changes,
    /// all definite.
    host::Task<host::Result<Entries>> list(host::Context context, std::string prefix);

    /// Errors: those of Entries::put, definite; else unavailable, deadline_exceeded,
    /// protocol_error and data_corrupted, definite or not as their certainty says.
    host::Task<host::Result<Entry>> put(host::Context context, Put put);
    host::Task<host::Result<void>> remove(host::Context context, Removal removal);

    void close() noexcept;

  private:
    host::Task<host::Result<http::Response>> exchange(host::Context context, http::Request request);
    host::Task<host::Result<std::unique_ptr<http::ClientConnection>>> connect(
        host::Context context);
    void add_fields(const host::Context& context, http::Request& request) const;
    host::Result<void> note_mark(const http::Response& response);
    void drop_old_connection();

    host::Host& host_;
    host::Endpoint endpoint_;
    std::unique_ptr<http::ClientConnection> idle_;
    host::TimePoint idle_since_{};
    /// Of the store, when it last answered.
    std::optional<StoreMark> known_;
};

}  // namespace atlas::lease_store

#pragma once
// For those who use a lease store: its calls over HTTP, one at a time.

#include <memory>
#include <string>

#include "system/host/host.hpp"
#include "system/http/client_connection.hpp"
#include "system/lease_store/entries.hpp"

namespace atlas::lease_store {

/// Keeps a connection from one call to the next. Repeats nothing: whoever asked for a change and
/// was not told what became of it reads what there is now.
class Client {
  public:
    Client(host::Host& host, host::Endpoint endpoint);

    /// The keys that begin so, at one moment between call and answer.
    /// Errors: unavailable, deadline_exceeded, protocol_error. As nothing changes, all definite.
    host::Task<host::Result<Entries>> list(host::Context context, std::string prefix);

    /// Errors: those of Entries::put, definite; else unavailable, deadline_exceeded and
    /// protocol_error, definite or not as their certainty says.
    host::Task<host::Result<Entry>> put(host::Context context, Put put);
    host::Task<host::Result<void>> remove(host::Context context, Removal removal);

    void close() noexcept;

  private:
    host::Task<host::Result<http::Response>> exchange(host::Context context, http::Request request);

    host::Host& host_;
    host::Endpoint endpoint_;
    std::unique_ptr<http::ClientConnection> idle_;
};

}  // namespace atlas::lease_store

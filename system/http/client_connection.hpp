#pragma once
// One connection to an HTTP/1.1 server: a request, then its response, then the next.

#include <memory>

#include "system/host/host.hpp"
#include "system/http/parser.hpp"

namespace atlas::http {

class ClientConnection {
  public:
    ClientConnection(std::unique_ptr<host::ByteStream> stream, MessageLimits limits);

    /// Sends a request and waits for its response, until the deadline. After any failure the
    /// connection is over.
    /// Errors, all indefinite, since the request may have arrived: connection_reset,
    /// deadline_exceeded, protocol_error (the answer is not HTTP/1.1 or past a limit).
    host::Task<host::Result<Response>> exchange(Request request, host::Deadline deadline);

    /// Whether it can carry another request.
    bool is_reusable() const { return reusable_; }

    void close() noexcept { stream_->close(); }

  private:
    host::Task<host::Result<Response>> receive(host::Deadline deadline);

    std::unique_ptr<host::ByteStream> stream_;
    ResponseParser parser_;
    std::string output_;
    bool reusable_ = true;
};

}  // namespace atlas::http

#pragma once
// The limits of an HTTP server: sizes, counts and times, and what they do not apply to.

#include <chrono>
#include <cstddef>
#include <functional>

#include "system/host/time.hpp"
#include "system/http/limits.hpp"
#include "system/http/message.hpp"

namespace atlas::http {

struct ServerOptions {
    MessageLimits message = {};

    /// Beyond it a new connection gets 503 and is closed.
    std::size_t connections = 1024;
    /// Over all connections; beyond it a request gets 503 and its connection goes on.
    std::size_t requests_in_flight = 256;
    /// Requests answered in spite of that limit: whether the process lives is asked above all when
    /// it is loaded, and a "no" would have it restarted. None when empty.
    std::function<bool(const Request&)> is_never_shed = {};

    /// From the first byte of a request to its last: then 408.
    host::Duration read_time = std::chrono::seconds{10};
    /// Between two requests of one connection: then it is closed without a word.
    host::Duration idle_time = std::chrono::seconds{60};
    /// For the peer to take one whole response: then the connection is dropped.
    host::Duration write_time = std::chrono::seconds{10};
    /// After a response that ends the connection: how long the peer may go on sending before it is
    /// dropped. (Closing with bytes unread would destroy the response under way, RFC 9112 9.6.)
    host::Duration linger_time = std::chrono::seconds{1};

    /// A request's deadline. `Atlas-Timeout-Ms` may shorten it.
    host::Duration request_time = std::chrono::seconds{10};
    /// What the 503 of a limit tells the client to wait (Retry-After, whole seconds).
    std::chrono::seconds retry_after{1};
};

}  // namespace atlas::http

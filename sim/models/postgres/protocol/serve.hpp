#pragma once
// The PostgreSQL model as a server on the network. One call serves until the process is asked to
// stop; the same call runs in a simulated process and in `atlas-sim model postgres`.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/models/postgres/protocol/replication_client.hpp"
#include "sim/models/postgres/session.hpp"
#include "system/host/event.hpp"
#include "system/host/host.hpp"
#include "system/host/task.hpp"
#include "system/sql/protocol/frames.hpp"

namespace atlas::sim::models::postgres {
class Server;
}

namespace atlas::sim::models::postgres::protocol {

struct ServeLimits {
    /// One message from a client; PostgreSQL's own limit is 1 GiB.
    std::uint32_t message_bytes = sql::protocol::default_message_limit;
    /// Sockets, those of sessions not yet open included. Past it a client is told 53300; past
    /// twice that, its connection is closed without a word.
    std::size_t connections = 200;
    /// PostgreSQL's authentication_timeout: how long a client may take to open its session.
    host::Duration start_up = std::chrono::seconds(60);
    /// How long the last message of a terminated session may take to leave.
    host::Duration farewell = std::chrono::seconds(5);
};

/// What is served. The functions live as long as the call of serve.
struct Backend {
    using Parameters = std::vector<std::pair<std::string, std::string>>;

    std::function<Outcome<std::unique_ptr<Session>>(std::string user, std::string database,
                                                    Parameters parameters)>
        open_session;
    std::function<void(std::uint32_t process_id, std::uint32_t secret)> request_cancel;
    /// For connections that ask for replication; empty where there is none.
    std::function<host::Task<>(ReplicationClient client)> serve_replication = {};
    /// Opens no more sessions, terminates those there are and returns when they are destroyed.
    std::function<host::Task<>()> shutdown;
    /// Set when it is time for that; null: it is when the host is asked to shut down.
    host::Event* end = nullptr;
};

/// Accepts clients until the backend's end. Then it lets the backend terminate its
/// sessions (each client is told 57P01, and one that comes now whatever the backend tells it),
/// closes the listener, and returns.
host::Task<> serve(host::Host& host, std::unique_ptr<host::Listener> listener, Backend backend,
                   ServeLimits limits = {});

/// The model's server, which must outlive what is served of it, and has started by its end.
Backend backend_of(Server& server, host::Event* end = nullptr);

/// Starts the model's server, serves it until the host is asked to shut down, and shuts it down.
/// Listens first, so that clients that come too early are told 57P03. `started` is called when it
/// has started. An endpoint that cannot be listened on is fatal to the process.
/// Errors: those of Server::start.
host::Task<host::Result<void>> serve(host::Host& host, Server& server, host::Endpoint endpoint,
                                     std::function<void()> started = {});

}  // namespace atlas::sim::models::postgres::protocol

// serve() for the model's own server: apart from the loop, which knows only a Backend.

#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/models/postgres/server.hpp"

namespace atlas::sim::models::postgres::protocol {

Backend backend_of(Server& server) {
    return {
        .open_session =
            [&server](std::string user, std::string database, Backend::Parameters parameters) {
                return Session::open(server, std::move(user), std::move(database),
                                     std::move(parameters));
            },
        .request_cancel = [&server](
                              std::uint32_t process_id,
                              std::uint32_t secret) { server.request_cancel(process_id, secret); },
        .serve_replication =
            [&server](ReplicationClient client) {
                return serve_replication(server.engine(), std::move(client));
            },
        .shutdown = [&server] { return server.shutdown(); },
    };
}

host::Task<> serve(host::Host& host, Server& server, host::Endpoint endpoint) {
    host::Result<std::unique_ptr<host::Listener>> listener =
        host.network().listen(endpoint, host::Transport::plain());
    if (!listener) {
        host.fatal("cannot listen on " + host::to_string(endpoint) + ": " +
                   host::describe(listener.error()));
    }
    co_await serve(host, std::move(*listener), backend_of(server), ServeLimits{});
}

}  // namespace atlas::sim::models::postgres::protocol

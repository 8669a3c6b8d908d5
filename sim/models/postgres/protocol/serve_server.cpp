// serve() for the model's own server: apart from the loop, which knows only a Backend.

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/models/postgres/server.hpp"

namespace atlas::sim::models::postgres::protocol {
namespace {

// The model has one catalog, and roles without rights of their own: these are there, as if the
// first user of the system had made them.
constexpr std::array<std::string_view, 2> roles = {"atlas", "postgres"};
constexpr std::array<std::string_view, 2> databases = {"atlas", "postgres"};

bool is_among(std::span<const std::string_view> names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::unexpected<ServerMessage> refused(std::string sqlstate, std::string message) {
    return std::unexpected(ServerMessage{
        .severity = "FATAL", .sqlstate = std::move(sqlstate), .message = std::move(message)});
}

Outcome<std::unique_ptr<Session>> open_session(Server& server, std::string user,
                                               std::string database,
                                               Backend::Parameters parameters) {
    if (!is_among(roles, user)) {
        return refused("28000", "role \"" + user + "\" does not exist");
    }
    if (!is_among(databases, database)) {
        return refused("3D000", "database \"" + database + "\" does not exist");
    }
    return Session::open(server, std::move(user), std::move(database), std::move(parameters));
}

}  // namespace

Backend backend_of(Server& server) {
    return {
        .open_session =
            [&server](std::string user, std::string database, Backend::Parameters parameters) {
                return open_session(server, std::move(user), std::move(database),
                                    std::move(parameters));
            },
        .request_cancel = [&server](
                              std::uint32_t process_id,
                              std::uint32_t secret) { server.request_cancel(process_id, secret); },
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

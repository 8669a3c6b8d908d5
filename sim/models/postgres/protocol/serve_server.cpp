// serve() for the model's own server: apart from the loop, which knows only a Backend.

#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/models/postgres/server.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::models::postgres::protocol {

Backend backend_of(Server& server, host::Event* end) {
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
        .end = end,
    };
}

namespace {

host::Task<> start_and_serve(host::Host& host, Server& server,
                             std::unique_ptr<host::Listener> listener,
                             std::function<void()>& started, host::Event& ended,
                             host::Result<void>& outcome, host::TaskGroup& tasks) {
    tasks.spawn(serve(host, std::move(listener), backend_of(server, &ended), ServeLimits{}));
    outcome = co_await server.start();
    if (!outcome) {
        tasks.cancel();
    } else {
        if (started) started();
        co_await host.wait_for_shutdown();
        ended.set();
    }
    co_await tasks.join();
}

}  // namespace

host::Task<host::Result<void>> serve(host::Host& host, Server& server, host::Endpoint endpoint,
                                     std::function<void()> started) {
    host::Result<std::unique_ptr<host::Listener>> listener =
        host.network().listen(endpoint, host::Transport::plain());
    if (!listener) {
        host.fatal("cannot listen on " + host::to_string(endpoint) + ": " +
                   host::describe(listener.error()));
    }
    host::Event ended(host);
    host::Result<void> outcome;
    const auto body = [&](host::TaskGroup& tasks) {
        return start_and_serve(host, server, *std::move(listener), started, ended, outcome, tasks);
    };
    co_await host::with_task_group(host, body);
    co_return outcome;
}

}  // namespace atlas::sim::models::postgres::protocol

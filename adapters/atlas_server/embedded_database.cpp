#include "adapters/atlas_server/embedded_database.hpp"

#include <exception>
#include <memory>
#include <utility>

#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/models/postgres/server.hpp"
#include "system/host/event.hpp"
#include "system/host/task_group.hpp"

namespace atlas {
namespace {

namespace postgres = sim::models::postgres;

// The database must be there until the program has let go of it, however the program ends.
host::Task<> run_beside(host::Host& host, host::TaskGroup& tasks, postgres::Server& server,
                        std::unique_ptr<host::Listener> listener, host::Event& ended,
                        std::function<host::Task<>(host::Endpoint)>& program) {
    const host::Endpoint endpoint = listener->local_endpoint();
    tasks.spawn(postgres::protocol::serve(host, std::move(listener),
                                          postgres::protocol::backend_of(server, &ended)));
    std::exception_ptr failure;
    try {
        co_await program(endpoint);
    } catch (...) {
        failure = std::current_exception();
    }
    ended.set();
    co_await host::shield_from_cancellation();
    co_await tasks.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

// Past that limit of sockets it tells a client so, and past twice that it closes what comes. Those
// of the files are few.
std::size_t embedded_database_descriptors() {
    return 2 * postgres::protocol::ServeLimits{}.connections;
}

host::Task<host::Result<void>> with_embedded_database(
    host::Host& host, std::function<host::Task<>(host::Endpoint)> program) {
    host::Result<std::unique_ptr<host::Listener>> listener =
        host.network().listen({"127.0.0.1", 0}, host::Transport::plain());
    if (!listener) co_return std::unexpected(std::move(listener.error()));
    host::Result<std::unique_ptr<postgres::Server>> server =
        co_await postgres::Server::open(host, {}, "pgdata");
    if (!server) co_return std::unexpected(std::move(server.error()));
    host::Event ended(host);
    const auto body = [&](host::TaskGroup& tasks) {
        return run_beside(host, tasks, **server, std::move(*listener), ended, program);
    };
    co_await host::with_task_group(host, body);
    co_return host::Result<void>{};
}

}  // namespace atlas

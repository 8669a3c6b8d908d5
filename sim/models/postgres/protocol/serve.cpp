#include "sim/models/postgres/protocol/serve.hpp"

#include "sim/models/postgres/protocol/connection.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::models::postgres::protocol {
namespace {

/// Counts a connection for as long as its task lives.
class Counted {
  public:
    explicit Counted(std::size_t& count) : count_(count) { ++count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count_; }

  private:
    std::size_t& count_;
};

host::Task<> serve_connection(ConnectionEnvironment environment,
                              std::unique_ptr<host::ByteStream> stream, std::size_t& count) {
    const Counted counted(count);
    const bool too_many = count > environment.limits.connections;
    const auto connection = std::make_shared<Connection>(environment, std::move(stream));
    co_await connection->run(too_many);
}

host::Task<> accept_connections(host::Listener& listener, ConnectionEnvironment environment,
                                std::size_t& count) {
    while (true) {
        host::Result<std::unique_ptr<host::ByteStream>> accepted =
            co_await listener.accept(host::Deadline::never());
        if (accepted) {
            if (count >= 2 * environment.limits.connections) continue;
            environment.tasks.spawn(serve_connection(environment, std::move(*accepted), count));
        } else if (accepted.error().code == host::ErrorCode::closed) {
            co_return;
        } else {
            // Out of descriptors: those there are will be given back.
            co_await host::sleep_for(environment.host, std::chrono::milliseconds(100));
        }
    }
}

host::Task<> serve_until_shutdown(host::Host& host, host::Listener& listener, Backend& backend,
                                  ServeLimits& limits, std::size_t& connections,
                                  host::TaskGroup& tasks) {
    const ConnectionEnvironment environment{host, tasks, backend, limits};
    tasks.spawn(accept_connections(listener, environment, connections));
    if (backend.end != nullptr) {
        co_await backend.end->wait();
    } else {
        co_await host.wait_for_shutdown();
    }
    co_await backend.shutdown();
    listener.close();
    // Those that have not opened a session yet are left.
    tasks.cancel();
    co_await tasks.join();
}

}  // namespace

host::Task<> serve(host::Host& host, std::unique_ptr<host::Listener> listener, Backend backend,
                   ServeLimits limits) {
    std::size_t connections = 0;
    const auto body = [&](host::TaskGroup& tasks) {
        return serve_until_shutdown(host, *listener, backend, limits, connections, tasks);
    };
    co_await host::with_task_group(host, body);
}

}  // namespace atlas::sim::models::postgres::protocol

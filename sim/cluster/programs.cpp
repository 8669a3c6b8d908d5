#include "sim/cluster/programs.hpp"

#include <utility>

#include "sim/models/postgres/protocol/serve.hpp"

namespace atlas::sim::cluster {
namespace {

constexpr const char* data_directory = "pgdata";

/// Shows the server to invariants for as long as it lives, a crash included.
class Showing {
  public:
    Showing(PostgresView& view, const models::postgres::Server& server) : view_(view) {
        view_.server = &server;
    }
    Showing(const Showing&) = delete;
    Showing& operator=(const Showing&) = delete;
    ~Showing() { view_.server = nullptr; }

  private:
    PostgresView& view_;
};

host::Task<> run_postgres(host::Host& host, models::postgres::ServerSettings settings,
                          PostgresView& view) {
    auto server =
        co_await models::postgres::Server::open(host, std::move(settings), data_directory);
    if (!server) host.fatal("PostgreSQL cannot start: " + describe(server.error()));
    Showing showing(view, **server);
    co_await models::postgres::protocol::serve(host, **server, {"0.0.0.0", postgres_port});
}

host::Task<> run_api(host::Host& host, ApiNodeParts parts) {
    host::Result<void> served =
        co_await parts.run(host, *parts.driver, std::move(parts.options), std::move(parts.hooks));
    if (!served) host.fatal("the API node cannot serve: " + describe(served.error()));
}

}  // namespace

Program postgres_program(models::postgres::ServerSettings settings, PostgresView& view) {
    return [settings = std::move(settings), &view](host::Host& host) {
        return run_postgres(host, settings, view);
    };
}

Program api_node_program(std::function<ApiNodeParts(host::Host&)> make_parts) {
    return [make_parts = std::move(make_parts)](host::Host& host) {
        return run_api(host, make_parts(host));
    };
}

}  // namespace atlas::sim::cluster

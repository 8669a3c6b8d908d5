#include "sim/cluster/programs.hpp"

#include <utility>

#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/sql_client/driver.hpp"

namespace atlas::sim::cluster {
namespace {

/// Shows the server to invariants from when it has started, for as long as it lives, a crash
/// included.
class Showing {
  public:
    explicit Showing(PostgresView& view) : view_(view) {}
    Showing(const Showing&) = delete;
    Showing& operator=(const Showing&) = delete;
    ~Showing() { view_.server = nullptr; }

    void show(const models::postgres::Server& server) { view_.server = &server; }

  private:
    PostgresView& view_;
};

host::Task<> run_postgres(host::Host& host, models::postgres::ServerSettings settings,
                          std::string data_directory, PostgresView& view) {
    models::postgres::Server server(host, std::move(settings), std::move(data_directory));
    Showing showing(view);
    const host::Result<void> served = co_await models::postgres::protocol::serve(
        host, server, {"0.0.0.0", postgres_port}, [&] { showing.show(server); });
    if (!served) host.fatal("PostgreSQL cannot start: " + describe(served.error()));
}

host::Task<> run_agent(host::Host& host, Cluster& cluster, MachineDatabaseOptions options,
                       failover::AgentSettings settings) {
    MachineDatabase database(host, cluster, std::move(options));
    sql_client::Driver driver(host);
    const host::Result<void> ran =
        co_await failover::run_agent(host, database, driver, std::move(settings));
    if (!ran) host.fatal("the agent cannot run: " + describe(ran.error()));
}

host::Task<> run_lease_store(host::Host& host) {
    const host::Result<void> served =
        co_await lease_store::run_lease_store(host, {.listen = {"0.0.0.0", lease_store_port}});
    if (!served) host.fatal("the lease store cannot serve: " + describe(served.error()));
}

host::Task<> run_api(host::Host& host, ApiNodeParts parts) {
    host::Result<void> served =
        co_await parts.run(host, *parts.driver, std::move(parts.options), std::move(parts.hooks));
    if (!served) host.fatal("the API node cannot serve: " + describe(served.error()));
}

}  // namespace

Program postgres_program(models::postgres::ServerSettings settings, PostgresView& view,
                         std::string data_directory) {
    return [settings = std::move(settings), &view, directory = std::move(data_directory)](
               host::Host& host) { return run_postgres(host, settings, directory, view); };
}

Program agent_program(Cluster& cluster, MachineDatabaseOptions database,
                      failover::AgentSettings settings) {
    return [&cluster, database = std::move(database), settings = std::move(settings)](
               host::Host& host) { return run_agent(host, cluster, database, settings); };
}

Program lease_store_program() {
    return [](host::Host& host) { return run_lease_store(host); };
}

Program api_node_program(std::function<ApiNodeParts(host::Host&)> make_parts) {
    return [make_parts = std::move(make_parts)](host::Host& host) {
        return run_api(host, make_parts(host));
    };
}

}  // namespace atlas::sim::cluster

#pragma once
// The programs of an Atlas cluster, as a simulated machine runs them: PostgreSQL, the agent that
// looks after it where there are several, the lease store, and the API node.

#include <functional>

#include "sim/cluster/cluster.hpp"
#include "sim/cluster/machine_database.hpp"
#include "sim/models/postgres/server.hpp"
#include "sim/models/postgres/settings.hpp"
#include "system/failover/agent.hpp"
#include "system/lease_store/server.hpp"
#include "system/node/api_node.hpp"
#include "system/sql/connection.hpp"

namespace atlas::sim::cluster {

inline constexpr std::uint16_t postgres_port = 5432;
inline constexpr std::uint16_t api_port = 8080;
inline constexpr std::uint16_t lease_store_port = 7379;

/// The running server of one machine, for invariants that read its state: null while it does not
/// run.
struct PostgresView {
    const models::postgres::Server* server = nullptr;
};

/// Opens the data directory, serves it on every address of the machine, ends at a graceful stop. A
/// data directory that cannot be opened is fatal: the supervisor tries again. `view` outlives it.
Program postgres_program(models::postgres::ServerSettings settings, PostgresView& view,
                         std::string data_directory = "pgdata");

/// Runs beside a PostgreSQL of the same machine, which it starts and stops. What cannot be served
/// is fatal: the supervisor tries again. `cluster` outlives it.
Program agent_program(Cluster& cluster, MachineDatabaseOptions database,
                      failover::AgentSettings settings);

/// On every address of the machine.
Program lease_store_program();

/// Made anew for each incarnation; the driver and the hooks belong to it.
struct ApiNodeParts {
    std::unique_ptr<sql::Driver> driver;
    node::ApiNodeOptions options;
    node::ApiNodeHooks hooks;
    /// What runs it: the node itself, or one with a bug planted in it.
    std::function<host::Task<host::Result<void>>(host::Host&, sql::Driver&, node::ApiNodeOptions,
                                                 node::ApiNodeHooks)>
        run = node::run_api_node;
};
Program api_node_program(std::function<ApiNodeParts(host::Host&)> make_parts);

}  // namespace atlas::sim::cluster

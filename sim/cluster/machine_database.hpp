#pragma once
// The PostgreSQL beside an agent, in simulation: the model's server as a process of the same
// machine, its files on the machine's disk. What an agent does to it takes time, and goes on when
// the agent dies.

#include "sim/cluster/cluster.hpp"
#include "sim/models/postgres/settings.hpp"
#include "system/failover/data_directory.hpp"
#include "system/failover/database_server.hpp"

namespace atlas::sim::cluster {

struct MachineDatabaseOptions {
    /// The server's own process; its program serves data_directory(options).
    ProcessNumber process = 0;
    std::string directory = "postgres";
    /// Of the server while it is being made.
    models::postgres::ServerSettings settings = {};
};

std::string data_directory(const MachineDatabaseOptions& options);

class MachineDatabase final : public failover::DatabaseServer {
  public:
    /// `host` is the agent's.
    MachineDatabase(host::Host& host, Cluster& cluster, MachineDatabaseOptions options);

    host::Task<host::Result<failover::ServerState>> state(host::Context context) override;
    host::Task<host::Result<void>> start(host::Context context) override;
    host::Task<host::Result<void>> stop_now(host::Context context) override;
    host::Task<host::Result<void>> published() override;
    host::Task<host::Result<void>> create(host::Context context,
                                          failover::ServerSettings settings) override;
    host::Task<host::Result<void>> copy_from(host::Context context, std::string conninfo) override;
    host::Task<host::Result<void>> rewind_to(host::Context context, std::string conninfo) override;
    host::Task<host::Result<void>> follow(host::Context context, std::string conninfo) override;

  private:
    host::Result<void> is_down() const;
    host::Task<host::Result<void>> make_new();

    host::Host& host_;
    Cluster& cluster_;
    MachineDatabaseOptions options_;
    failover::DataDirectory files_;
    /// As its files say; empty when it has to be read.
    std::string database_;
};

}  // namespace atlas::sim::cluster

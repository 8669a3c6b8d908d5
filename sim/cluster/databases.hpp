#pragma once
// The PostgreSQL of a run: one server by itself; or several, each with an agent beside it, and a
// lease store (system/failover). What is read here is the truth about them, for invariants: no
// program of the run sees it.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/cluster/programs.hpp"
#include "system/failover/observation.hpp"

namespace atlas::sim::cluster {

struct DatabasesOptions {
    /// Of every server.
    models::postgres::ServerSettings settings = {};
    /// Of every agent; who it is and where, it is told beside.
    failover::AgentSettings agent = {};
    /// What stands around the program of each server; nothing when empty.
    std::function<Program(Program)> decorate = {};
};

class Databases {
  public:
    /// The machines of the servers, and of the lease store where there is more than one of them.
    /// The cluster outlives it, and it the cluster's processes.
    Databases(Cluster& cluster, const std::vector<network::MachineNumber>& machines,
              std::optional<network::MachineNumber> lease_store, DatabasesOptions options);
    Databases(const Databases&) = delete;
    Databases& operator=(const Databases&) = delete;

    void start();

    std::size_t count() const { return servers_.size(); }
    /// Where API nodes find them, by their machines' names.
    std::vector<host::Endpoint> endpoints() const;
    /// Null while it does not run.
    const models::postgres::Server* server(std::size_t number) const;
    const std::string& name(std::size_t number) const;
    /// The server runs, its agent too, and neither is paused or slow.
    bool is_at_its_pace(std::size_t number) const;

    /// The only one that takes writes; null if there is none, or several.
    const models::postgres::Server* primary() const;
    /// Of all that take writes, by their machines.
    std::vector<std::string> names_of_primaries() const;
    /// One takes writes, all others follow it, and one of them confirms its commits. A server by
    /// itself has settled when it runs.
    bool has_settled() const;

    /// There are several, and it is not so that one of them leads, another one that runs and
    /// follows it has all that was confirmed, and the lease store has written down that either may
    /// lead. As long as it is so, the loss of any one of them is survived, but for a change of what
    /// is written there that is on its way at that moment, on a slow link or a slow disk: one that
    /// names the lost one alone would leave nobody who may lead. No seed has been seen to hit that.
    bool lack_heir() const;

    /// Servers and lease store.
    std::vector<network::MachineNumber> machines() const;
    /// In the order in which they are to be stopped, those at once that can be.
    std::vector<std::vector<ProcessNumber>> processes() const;

  private:
    struct Database {
        network::MachineNumber machine{};
        ProcessNumber process{};
        std::optional<ProcessNumber> agent = {};
        PostgresView view = {};
    };

    void add_alone(network::MachineNumber machine);
    void add_with_agent(network::MachineNumber machine, network::MachineNumber lease_store);
    Program decorated(Program program) const;
    std::vector<const Database*> primaries() const;
    std::optional<failover::StoreView> in_store() const;
    bool follows(const Database& follower, const Database& leader) const;

    Cluster& cluster_;
    DatabasesOptions options_;
    std::vector<std::unique_ptr<Database>> servers_;
    std::optional<ProcessNumber> lease_store_;
};

}  // namespace atlas::sim::cluster

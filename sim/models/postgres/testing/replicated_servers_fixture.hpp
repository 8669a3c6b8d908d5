#pragma once
// For tests: several servers of the model on machines of a simulated world, each of which may
// follow another, and statements sent to them from outside.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/models/postgres/replication/base_backup.hpp"
#include "sim/models/postgres/settings.hpp"

namespace atlas::sim::models::postgres {
class Server;
}

namespace atlas::sim::models::postgres::testing {

class ReplicatedServers {
  public:
    ReplicatedServers(kernel::Kernel& kernel, network::NetworkPolicy& network,
                      disk::DiskPolicy& disk);
    ~ReplicatedServers();

    /// A machine with a server. It starts at start().
    int add(ServerSettings settings = {});
    /// When it starts next it first becomes a copy of that one: a follower called "node-N". With a
    /// slot, that is made at the source.
    void copy_before_start(int node, int source, std::string slot = {});
    /// The same by rewind(), which may find that there is nothing to do.
    void rewind_before_start(int node, int source);
    /// When it starts next there is such a file beside its data, empty.
    void leave_file_before_start(int node, std::string name) {
        nodes_[static_cast<std::size_t>(node)]->left_file = std::move(name);
    }
    void start(int node);
    void kill(int node);
    void power_off(int node);
    void power_on(int node);
    void stop(int node);

    std::string conninfo(int node, int of) const;

    /// Runs the world until the statements have ended: "(1,2) SELECT 1", "25006 cannot ...",
    /// "WARNING" is not shown. "lost" when the connection was.
    std::string run(int node, std::string statements);
    /// Lets them go on while the world runs. The same session takes statements in turn.
    void begin(int session, int node, std::string statements);
    /// nullopt while they have not ended.
    std::optional<std::string> outcome(int session);

    void let_pass(host::Duration duration);
    /// Until the statements give that, for at most so long. The last outcome.
    std::string run_until(int node, std::string statements, std::string expected,
                          host::Duration patience = std::chrono::seconds(30));

    /// Null while it does not run.
    Server* server(int node) const { return nodes_[static_cast<std::size_t>(node)]->server; }
    network::MachineNumber machine(int node) const {
        return nodes_[static_cast<std::size_t>(node)]->machine;
    }

    cluster::Cluster& cluster() { return cluster_; }
    /// What a copy came to: empty if it went well.
    std::string copy_error(int node) const { return nodes_[static_cast<std::size_t>(node)]->error; }
    std::optional<Rewind> rewind_outcome(int node) const {
        return nodes_[static_cast<std::size_t>(node)]->rewound;
    }

  private:
    enum class Copy : std::uint8_t { none, backup, rewind };
    struct Node {
        ServerSettings settings;
        network::MachineNumber machine{};
        cluster::ProcessNumber process{};
        host::Endpoint endpoint;
        Server* server = nullptr;
        Copy copy = Copy::none;
        std::string source = {};
        std::string slot = {};
        std::string left_file = {};
        std::string error = {};
        std::optional<Rewind> rewound = {};
    };
    struct Request {
        int session;
        int node;
        std::string statements;
    };
    struct Sessions;

    host::Task<host::Result<void>> make_copy(host::Host& host, const Node& node);
    host::Task<> serve_node(host::Host& host, Node& node);
    host::Task<> run_requests(host::Host& host);
    Node& node(int number) { return *nodes_[static_cast<std::size_t>(number)]; }

    kernel::Kernel& kernel_;
    cluster::Cluster cluster_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::vector<Request> requests_;
    std::map<int, std::string> outcomes_;
    /// The sessions of run() end with it; below are those of begin().
    static constexpr int first_own_session = 1000;
    int next_session_ = first_own_session;
};

}  // namespace atlas::sim::models::postgres::testing

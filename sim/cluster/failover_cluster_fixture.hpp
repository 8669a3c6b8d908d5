#pragma once
// For tests: three machines with a PostgreSQL and an agent each, a machine with the lease store,
// and clients that write all the time, to whoever takes it. What they were told is compared with
// what there is in the end.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "sim/cluster/programs.hpp"

namespace atlas::sim::cluster {

class FailoverCluster {
  public:
    static constexpr int nodes = 3;

    FailoverCluster(kernel::Kernel& kernel, network::NetworkPolicy& network, disk::DiskPolicy& disk,
                    failover::AgentSettings settings = {});
    FailoverCluster(const FailoverCluster&) = delete;
    FailoverCluster& operator=(const FailoverCluster&) = delete;

    void let_pass(host::Duration time);
    /// Until one leads, the other two follow it, and one of them may take over; for at most so
    /// long. False if it has not come to that.
    bool settle(host::Duration patience = std::chrono::seconds{60});
    bool has_settled() const;
    /// The servers that take writes.
    std::vector<int> primaries() const;
    /// The only one; -1 if there is none, or several.
    int primary() const;
    /// Which of the others the primary's commits wait for; -1 if that cannot be said.
    int confirming() const;

    ProcessNumber database(int node) const { return nodes_[index(node)]->database; }
    ProcessNumber agent(int node) const { return nodes_[index(node)]->agent; }
    network::MachineNumber machine(int node) const { return nodes_[index(node)]->machine; }
    network::MachineNumber store_machine() const { return store_machine_; }
    ProcessNumber store() const { return store_; }
    Cluster& cluster() { return cluster_; }

    /// From the other databases and the lease store; clients still reach it, or not.
    void set_cut_off(int node, bool cut_off, bool from_clients_too);
    void set_store_cut_off(bool cut_off);
    /// Power, processes and links as they should be.
    void heal();

    struct Write {
        int id = 0;
        int node = 0;
        host::TimePoint begun = {};
        host::TimePoint confirmed = {};
    };
    /// In the order in which clients were told.
    const std::vector<Write>& confirmed() const { return confirmed_; }
    /// How many of them a node has confirmed since then.
    std::size_t confirmed_by(int node, host::TimePoint since) const;

    /// What was confirmed and is not there, or stands in another order than clients saw it come
    /// about. Empty is right.
    std::string judge() const;

    /// Those of a table that the primary has; -1 if there is no such table, or primary.
    int count_rows(std::string_view table) const;

    /// How each server is now, a line for each.
    std::string describe() const;

    /// What the agents have done, in order: "@12345 node-1: promote the server".
    const std::vector<std::string>& acts() const { return acts_; }

  private:
    struct Node {
        network::MachineNumber machine{};
        ProcessNumber database{};
        ProcessNumber agent{};
        PostgresView view = {};
    };
    static std::size_t index(int node) { return static_cast<std::size_t>(node); }

    void add_node(int number, const failover::AgentSettings& settings);
    void write_acts_down();
    void set_blocked(network::MachineNumber a, network::MachineNumber b, bool blocked);
    host::Task<> run_clients(host::Host& host);
    host::Task<> run_client(host::Host& host, int number);
    host::Task<> make_table(host::Host& host);

    kernel::Kernel& kernel_;
    // What its processes refer to outlives the cluster.
    std::array<std::unique_ptr<Node>, nodes> nodes_;
    int last_id_ = 0;
    std::vector<Write> confirmed_;
    std::vector<std::string> acts_;
    Cluster cluster_;
    network::MachineNumber store_machine_;
    ProcessNumber store_;
    network::MachineNumber client_machine_{};
};

}  // namespace atlas::sim::cluster

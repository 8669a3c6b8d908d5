#pragma once
// A world without faults: policies with fixed small numbers, and one call that runs a program in
// such a world. For contract tests that hold in both worlds, and for benchmarks.

#include <functional>
#include <string>

#include "sim/cluster/cluster.hpp"
#include "sim/disk/policy.hpp"
#include "sim/network/policy.hpp"
#include "system/host/host.hpp"

namespace atlas::sim::cluster {

/// Every packet takes `delay`; reads and writes are whole.
class CalmNetwork : public network::NetworkPolicy {
  public:
    explicit CalmNetwork(host::Duration delay = std::chrono::microseconds{100}) : delay_(delay) {}

    network::Flight flight(network::Link, std::size_t) override { return {delay_}; }
    host::Duration retransmission_delay(network::Link) override { return delay_; }
    std::size_t read_limit(network::Link, std::size_t available) override { return available; }
    std::size_t write_limit(network::Link, std::size_t offered) override { return offered; }
    bool loses_in_flight(network::Link) override { return false; }
    network::ConnectFate connect_fate(network::Link) override {
        return network::ConnectFate::as_usual;
    }
    network::NameFate name_fate(network::MachineNumber) override {
        return network::NameFate::as_usual;
    }
    void delivered(network::Link, host::Duration, const network::Flight&) override {}
    void held_back(network::Link) override {}
    void lost_in_flight(network::Link, std::size_t) override {}
    void unanswered(network::Link) override {}
    void reset_seen(std::uint64_t) override {}
    void half_close_seen(std::uint64_t) override {}
    void connect_failed(network::Link, network::ConnectFate, host::ErrorCode) override {}

  private:
    host::Duration delay_;
};

/// A sync takes `sync_latency`, all else nothing; nothing unsynced outlives a power loss.
class CalmDisk final : public disk::DiskPolicy {
  public:
    explicit CalmDisk(host::Duration sync_latency = std::chrono::microseconds{100})
        : sync_latency_(sync_latency) {}

    disk::Decision decide(const disk::Operation& operation) override;
    bool survives(const disk::Loss&, const disk::UnsyncedPart&) override { return false; }
    void completed(const disk::Operation&, const disk::Outcome&) override {}

  private:
    host::Duration sync_latency_;
};

/// How a run in a calm world came out.
struct CalmRun {
    bool finished = false;  ///< The program returned in time.
    kernel::TraceDigest digest;
    std::vector<std::string> leftovers;
};

/// Runs one program on a machine of its own until it returns, at most for that virtual time.
CalmRun run_calmly(const Program& program, kernel::Seed seed = kernel::Seed{1},
                   host::Duration at_most = std::chrono::hours{1});

}  // namespace atlas::sim::cluster

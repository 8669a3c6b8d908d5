#pragma once
// The simulated network: TCP connections between machines as programs see them, that is connect,
// refusal, bytes in order with bounded buffers, half-close, reset, silence. Mechanism only; the
// numbers come from a NetworkPolicy, and faults act through the calls below.
//
// A blocked link swallows packets; they arrive after it opens again, as retransmission would have
// it. So a partition is a black hole, never a refusal. A machine without power is one too; when it
// is back, it answers old connections with a reset.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "sim/kernel/kernel.hpp"
#include "sim/network/connection.hpp"
#include "sim/network/policy.hpp"
#include "system/host/host.hpp"

namespace atlas::sim::network {

class SimulatedListener;

class SimulatedNetwork {
  public:
    SimulatedNetwork(kernel::Kernel& kernel, NetworkPolicy& policy)
        : kernel_(kernel), policy_(policy) {}
    SimulatedNetwork(const SimulatedNetwork&) = delete;
    SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;

    /// The machine gets the address 10.0.0.(number + 1), and its name resolves to it.
    MachineNumber add_machine(std::string name);
    const std::string& address_of(MachineNumber machine) const;
    const std::string& name_of(MachineNumber machine) const { return machines_[machine].name; }
    std::size_t machine_count() const { return machines_.size(); }

    /// One that it had before this run: 10.0.1.(number + 1).
    std::string former_address_of(MachineNumber machine) const;

    /// While blocked, no packet passes in that direction.
    void set_blocked(Link link, bool blocked);
    bool is_blocked(Link link) const { return blocked_.contains(link); }

    /// From now on; packets under way are not changed.
    void set_condition(Link link, LinkCondition condition);

    /// The machine falls silent: its connections and listeners are gone, and nobody is told.
    void power_off(MachineNumber machine);
    void power_on(MachineNumber machine);

    /// Breaks one open connection between the two machines, at both ends. `choice` picks it (modulo
    /// their number). Its number, if there was one that was whole.
    std::optional<std::uint64_t> reset_connection(MachineNumber a, MachineNumber b,
                                                  std::uint64_t choice);

    /// Tells one end of such a connection that the other has ended, though it has not: a middlebox
    /// has closed half. What the other end sends from then on is answered with a reset. `choice`
    /// picks the connection and the end that is told; nothing is done where that has ended already.
    /// The number of that end (Connection::end_number).
    std::optional<std::uint64_t> half_close(MachineNumber a, MachineNumber b, std::uint64_t choice);

    /// Connection ends and listeners that a process holds: zero after it has ended.
    std::size_t open_ends(const kernel::Process& process) const;

    // For the streams and listeners of this room.
    kernel::Kernel& kernel() { return kernel_; }
    NetworkPolicy& policy() { return policy_; }

  private:
    friend class ProcessNetwork;
    friend class SimulatedStream;
    friend class SimulatedListener;

    struct Machine {
        std::string name;
        std::string address;
        kernel::TieSource ties;  ///< Of the packets that it sends.
        bool powered = true;
        std::uint16_t next_port = 49152;
    };
    struct Packet {
        std::shared_ptr<Connection> connection;
        PacketKind kind;
        std::vector<std::byte> payload;
        host::TimePoint sent;
        Flight flight = {};       ///< As the policy gave it: for the ledger.
        std::uint32_t epoch = 0;  ///< Of the connection, when it was sent.
        std::uint64_t sequence = 0;
        bool lost = false;
    };

    /// Sends a packet from one end of a connection to the other.
    void transmit(std::shared_ptr<Connection> connection, Side from, PacketKind kind,
                  std::vector<std::byte> payload = {});
    void apply_condition(Link link, std::size_t bytes, Flight& flight);
    void launch(Packet packet, Side from, host::Duration delay);
    void arrive(Packet packet, Side from);
    void take_in_order(Packet packet, Side from);
    void take(Packet packet, Side from);
    void deliver(const std::shared_ptr<Connection>& connection, Side to, PacketKind kind,
                 std::vector<std::byte> payload);
    void accept_syn(const std::shared_ptr<Connection>& connection);
    void answer_with_reset(const std::shared_ptr<Connection>& connection, Side from);
    void forget(Connection& connection);
    /// Those that both sides hold, by number.
    std::vector<Connection*> open_between(MachineNumber a, MachineNumber b) const;

    SimulatedListener* find_listener(MachineNumber machine, const host::Endpoint& endpoint) const;
    std::uint16_t ephemeral_port(MachineNumber machine);
    bool is_former_address(const std::string& address) const;
    std::optional<MachineNumber> machine_at(const std::string& address) const;

    kernel::Kernel& kernel_;
    NetworkPolicy& policy_;
    std::vector<Machine> machines_;
    std::set<Link> blocked_;
    std::map<Link, LinkCondition> conditions_;
    /// When the last byte of what was sent will have gone through a narrow link.
    std::map<Link, host::TimePoint> narrow_until_;
    struct Held {
        Packet packet;
        Side from;
    };
    std::map<Link, std::vector<Held>> held_;
    /// What overtook an older packet of its connection, as it can when a link opens again: by
    /// connection, sender and sequence.
    std::map<std::tuple<std::uint64_t, Side, std::uint64_t>, Packet> early_;
    std::map<host::Endpoint, SimulatedListener*> listeners_;
    std::uint64_t next_connection_ = 1;
    /// All connections with at least one end that is open, by number.
    std::map<std::uint64_t, std::shared_ptr<Connection>> connections_;
};

/// The network as one process sees it. Everything it gives out is gone when the process dies.
class ProcessNetwork final : public host::Network {
  public:
    /// `host` is the process's own; it parks the tasks that wait.
    ProcessNetwork(SimulatedNetwork& network, MachineNumber machine, kernel::Process& process)
        : network_(network), machine_(machine), process_(process) {}

    /// Must be called once, before any other call. (The host is made with a reference to this.)
    void attach(host::Host& host) { host_ = &host; }

    host::Task<host::Result<std::unique_ptr<host::ByteStream>>> connect(
        host::Endpoint endpoint, host::Transport transport, host::Deadline deadline) override;
    host::Result<std::unique_ptr<host::Listener>> listen(host::Endpoint endpoint,
                                                         host::Transport transport) override;
    host::Task<host::Result<std::vector<std::string>>> resolve(std::string name,
                                                               host::Deadline deadline) override;

  private:
    SimulatedNetwork& network_;
    MachineNumber machine_;
    kernel::Process& process_;
    host::Host* host_ = nullptr;
};

}  // namespace atlas::sim::network

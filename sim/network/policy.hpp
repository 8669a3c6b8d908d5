#pragma once
// What the simulated network asks whoever decides: how long a delivery takes, how much of a read or
// a write goes through at once. The mechanism is in simulated_network.hpp and draws nothing itself.

#include <compare>
#include <cstddef>
#include <cstdint>

#include "system/host/time.hpp"

namespace atlas::sim::network {

/// A machine on the network, in the order of SimulatedNetwork::add_machine, from 0.
using MachineNumber = std::uint32_t;

/// One direction between two machines; from == to is the loopback.
struct Link {
    MachineNumber from = 0;
    MachineNumber to = 0;

    friend auto operator<=>(const Link&, const Link&) = default;
};

/// How long a packet travels, and whether a fault has made it that long.
struct Flight {
    host::Duration delay{};
    bool slowed = false;
};

class NetworkPolicy {
  public:
    virtual ~NetworkPolicy() = default;

    /// How long one packet of that many payload bytes travels. Never negative. Packets of one
    /// connection and direction arrive in order whatever this says.
    virtual Flight flight(Link link, std::size_t bytes) = 0;

    /// How long after a blocked link opens again a packet that was held arrives (retransmission).
    virtual host::Duration retransmission_delay(Link link) = 0;

    /// How much a read gives of what has arrived: 1..available.
    virtual std::size_t read_limit(Link link, std::size_t available) = 0;

    /// How much a write takes of what is offered and fits: 1..offered.
    virtual std::size_t write_limit(Link link, std::size_t offered) = 0;

    /// Whether the packets under way on a connection are lost when its machine loses power.
    /// (Otherwise those sent before still arrive. A reset is seen at both ends at once: nobody
    /// reads what was under way then.)
    virtual bool loses_in_flight(Link link) = 0;

    // What came of it, as seen at the seam: for the ledger, which believes only effects.

    /// A packet arrived, that long after it was sent; `slowed` as flight() said of it.
    virtual void delivered(Link link, host::Duration travelled, bool slowed) = 0;
    /// A packet found its link blocked and waits for it to open.
    virtual void held_back(Link link) = 0;
    /// A packet of that many payload bytes was dropped on its way.
    virtual void lost_in_flight(Link link, std::size_t bytes) = 0;
    /// A packet came to a machine without power.
    virtual void unanswered(Link link) = 0;
    /// An operation of a program ended with connection_reset, because reset_connection broke that
    /// connection.
    virtual void reset_seen(std::uint64_t connection) = 0;
};

}  // namespace atlas::sim::network

#pragma once
// What the simulated network asks whoever decides: how long a delivery takes, how much of a read or
// a write goes through at once. The mechanism is in simulated_network.hpp and draws nothing itself.

#include <compare>
#include <cstddef>
#include <cstdint>

#include "system/host/error.hpp"
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

/// What a link does to every packet, beyond what the policy says of the single one.
struct LinkCondition {
    host::Duration extra_delay{};
    /// How long 1024 bytes take, one packet after the other. (A time and not a rate: dividing by
    /// it could make nothing of it.) Zero: none.
    host::Duration time_per_kibibyte{};

    friend bool operator==(const LinkCondition&, const LinkCondition&) = default;
};

/// How long a packet travels, and which faults have made it that long.
struct Flight {
    host::Duration delay{};
    bool slowed = false;
    bool lost_once = false;  ///< It came by a retransmission: the delay has the wait for that.
    // Of the delay: what the link's condition added.
    host::Duration by_slow_link{};
    host::Duration by_bandwidth{};
};

/// What becomes of a connection request that reaches its machine.
enum class ConnectFate : std::uint8_t {
    as_usual,  ///< Accepted if somebody listens.
    refused,   ///< ... refused all the same.
    ignored,   ///< ... never answered.
};

/// What becomes of the resolution of a machine's name.
enum class NameFate : std::uint8_t {
    as_usual,
    fails,  ///< `unavailable`.
    stale,  ///< An address that the machine had before: it swallows what is sent there.
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

    /// Asked once for each connect, when it begins.
    virtual ConnectFate connect_fate(Link link) = 0;

    /// Asked once for each resolution of another machine's name; the program then sees just that.
    virtual NameFate name_fate(MachineNumber asker) = 0;

    // What came of it, as seen at the seam: for the ledger, which believes only effects.

    /// A packet arrived, that long after it was sent, and somebody was still there for it; `flight`
    /// as flight() said of it.
    virtual void delivered(Link link, host::Duration travelled, const Flight& flight) = 0;
    /// A packet found its link blocked and waits for it to open.
    virtual void held_back(Link link) = 0;
    /// A packet of that many payload bytes was dropped on its way.
    virtual void lost_in_flight(Link link, std::size_t bytes) = 0;
    /// A packet came to a machine without power.
    virtual void unanswered(Link link) = 0;
    /// An operation of a program ended with connection_reset, because reset_connection broke that
    /// connection.
    virtual void reset_seen(std::uint64_t connection) = 0;
    /// A read of a program gave the end of the stream, because half_close said so to that end.
    virtual void half_close_seen(std::uint64_t end) = 0;
    /// A connect that was to be accepted, but for its fate, ended for its program with this error.
    virtual void connect_failed(Link link, ConnectFate fate, host::ErrorCode code) = 0;
};

}  // namespace atlas::sim::network

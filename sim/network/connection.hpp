#pragma once
// The state of one simulated TCP connection: two ends, each with what has arrived and not been
// read.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "sim/kernel/process.hpp"
#include "sim/network/policy.hpp"
#include "system/host/network.hpp"

namespace atlas::sim::network {

/// The side that connected, and the side that accepted.
enum class Side : std::uint8_t { client = 0, server = 1 };
constexpr Side other(Side side) {
    return side == Side::client ? Side::server : Side::client;
}

enum class PacketKind : std::uint8_t { syn, syn_ack, refuse, data, fin, reset };

/// Bytes that one side may have on their way or unread at the other, before its writes must wait.
inline constexpr std::size_t window_bytes = std::size_t{256} * 1024;

/// Who is to be told when the state of an end changes: the stream that a program holds.
class EndObserver {
  public:
    virtual void readable() = 0;
    virtual void writable() = 0;

  protected:
    ~EndObserver() = default;
};

/// Bytes in order, taken in any portions.
class ByteQueue {
  public:
    std::size_t size() const { return size_; }
    void append(std::vector<std::byte> bytes) {
        size_ += bytes.size();
        if (!bytes.empty()) chunks_.push_back(std::move(bytes));
    }
    /// Fills the buffer; it holds no more than there is.
    void take(std::span<std::byte> buffer);

  private:
    std::deque<std::vector<std::byte>> chunks_;
    std::size_t taken_of_first_ = 0;
    std::size_t size_ = 0;
};

struct End {
    MachineNumber machine = 0;
    host::Endpoint endpoint;
    kernel::Process* process = nullptr;
    EndObserver* observer = nullptr;

    bool open = false;      ///< A program holds it.
    bool vanished = false;  ///< Its machine lost power: it answers nothing.
    bool established = false;
    bool refused = false;
    bool reset = false;            ///< The peer, or a fault, broke the connection.
    bool broken_by_fault = false;  ///< ... and that was SimulatedNetwork::reset_connection.
    bool fin_received = false;
    bool ended_by_fault = false;  ///< ... and that was SimulatedNetwork::half_close.
    bool fin_sent = false;
    ByteQueue received;
    std::size_t credit = window_bytes;     ///< What it may still send.
    std::size_t held_credit = 0;           ///< Given back by the peer while its link was blocked.
    host::TimePoint last_arrival_there{};  ///< Of the packets it sent: the next arrives no sooner.
    std::uint64_t packets_sent = 0;
    std::uint64_t packets_taken =
        0;  ///< Of those it sent, by the other end: always the first ones.
    std::uint64_t packets_early = 0;  ///< ... and those that wait for one sent before them.
    /// One of them is lost for good: no byte behind it is ever read.
    bool has_hole = false;
};

struct Connection {
    std::uint64_t number = 0;
    End ends[2];
    /// Packets sent before a power loss that took what was under way belong to an older epoch.
    std::uint32_t epoch = 0;
    ConnectFate fate = ConnectFate::as_usual;
    bool fate_struck = false;  ///< The request came, and but for its fate was to be accepted.
    bool unanswered_on_dead_machine = false;  ///< Something was sent to a machine without power.

    End& end(Side side) { return ends[static_cast<std::size_t>(side)]; }
    const End& end(Side side) const { return ends[static_cast<std::size_t>(side)]; }
    /// Names one of its ends among those of all connections.
    std::uint64_t end_number(Side side) const {
        return 2 * number + static_cast<std::uint64_t>(side);
    }
    Link link(Side from) const { return {end(from).machine, end(other(from)).machine}; }
};

}  // namespace atlas::sim::network

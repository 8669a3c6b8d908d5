#pragma once
// The dice of the network: ordinary latency, and the faults that befall single packets, reads,
// writes, connects and resolutions. What is done to links and open connections is scheduled; who
// does it is told here of its effects.

#include <functional>
#include <string>
#include <vector>

#include "sim/faults/dice.hpp"
#include "sim/network/policy.hpp"

namespace atlas::sim::faults {

class NetworkDice final : public network::NetworkPolicy {
  public:
    /// The names of all machines, in the order in which the network numbers them.
    NetworkDice(Dice& dice, std::vector<std::string> machine_names);

    network::Flight flight(network::Link link, std::size_t bytes) override;
    host::Duration retransmission_delay(network::Link link) override;
    std::size_t read_limit(network::Link link, std::size_t available) override;
    std::size_t write_limit(network::Link link, std::size_t offered) override;
    bool loses_in_flight(network::Link link) override;
    network::ConnectFate connect_fate(network::Link link) override;
    network::NameFate name_fate(network::MachineNumber asker) override;

    void delivered(network::Link link, host::Duration travelled,
                   const network::Flight& flight) override;
    void held_back(network::Link link) override;
    void lost_in_flight(network::Link link, std::size_t bytes) override;
    void unanswered(network::Link) override {}
    void reset_seen(std::uint64_t connection) override;
    void half_close_seen(std::uint64_t end) override;
    void connect_failed(network::Link link, network::ConnectFate fate,
                        host::ErrorCode code) override;

    /// Whom to tell of the effects of scheduled faults: packets held back, by the names of both
    /// machines, connections whose reset was seen, and ends of connections that saw a false end.
    using LinkObserver = std::function<void(std::string_view from, std::string_view to)>;
    void observe_held_back(LinkObserver observer) { held_back_observer_ = std::move(observer); }
    /// Packets that came later because of what a link does to all of them: how long ago each was
    /// sent.
    using SlownessObserver = std::function<void(FaultKind kind, std::string_view from,
                                                std::string_view to, host::Duration travelled)>;
    void observe_slowness(SlownessObserver observer) { slowness_observer_ = std::move(observer); }
    using ConnectionObserver = std::function<void(std::uint64_t connection_or_end)>;
    void observe_resets(ConnectionObserver observer) { reset_observer_ = std::move(observer); }
    void observe_half_closes(ConnectionObserver observer) {
        half_close_observer_ = std::move(observer);
    }

  private:
    struct LinkState {
        LinkState(Dice& dice, const std::string& from, const std::string& to);

        DecisionSources ordinary;
        std::uint64_t packets = 0;
        Decisions latency;
        Decisions loss;
        Decisions short_read;
        Decisions short_write;
        Decisions in_flight_loss;
        Decisions connect_refused;
        Decisions connect_hang;
        std::uint64_t losses = 0;  ///< Decided and not yet seen to have dropped a packet.
    };
    struct NameState {
        NameState(Dice& dice, const std::string& asker);

        Decisions failure;
        Decisions stale;
    };
    LinkState& at(network::Link link) { return links_[link.from * names_.size() + link.to]; }
    host::Duration ordinary_limit(network::Link link) const;
    void tell_if_slow(FaultKind kind, network::Link link, host::Duration added,
                      host::Duration travelled);

    Dice& dice_;
    std::vector<std::string> names_;
    std::vector<LinkState> links_;
    std::vector<NameState> askers_;
    LinkObserver held_back_observer_;
    SlownessObserver slowness_observer_;
    ConnectionObserver reset_observer_;
    ConnectionObserver half_close_observer_;
};

}  // namespace atlas::sim::faults

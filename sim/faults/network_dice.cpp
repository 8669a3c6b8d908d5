#include "sim/faults/network_dice.hpp"

#include <utility>

namespace atlas::sim::faults {
namespace {

constexpr host::Duration loopback_latency = 10us;
constexpr host::Duration loopback_jitter = 10us;
// TCP's retransmission timer doubles up to about a minute; Linux starts at 200 ms. What waits when
// a link opens again is sent within this time.
constexpr host::Duration longest_retransmission = 800ms;
constexpr host::Duration first_retransmission = 200ms;

// How long the sender of a lost packet waits until it sends the one that arrives: the timer doubles
// with each that is lost again.
host::Duration wait_for_retransmission(host::RandomSource& source) {
    constexpr int most = 5;
    host::Duration timer = first_retransmission;
    host::Duration waited = timer;
    for (int again = 1; again < most && source.chance(1, 4); ++again) {
        timer *= 2;
        waited += timer;
    }
    return waited;
}

}  // namespace

NetworkDice::LinkState::LinkState(Dice& dice, const std::string& from, const std::string& to)
    : ordinary(dice.seed(), "network.ordinary", from + ">" + to),
      latency(dice, FaultKind::network_latency, from + ">" + to),
      loss(dice, FaultKind::network_loss, from + ">" + to),
      short_read(dice, FaultKind::network_short_read, from + ">" + to),
      short_write(dice, FaultKind::network_short_write, from + ">" + to),
      in_flight_loss(dice, FaultKind::network_in_flight_loss, from + ">" + to),
      connect_refused(dice, FaultKind::network_connect_refused, from + ">" + to),
      connect_hang(dice, FaultKind::network_connect_hang, from + ">" + to) {}

NetworkDice::NameState::NameState(Dice& dice, const std::string& asker)
    : failure(dice, FaultKind::network_name_failure, asker),
      stale(dice, FaultKind::network_name_stale, asker) {}

NetworkDice::NetworkDice(Dice& dice, std::vector<std::string> machine_names)
    : dice_(dice), names_(std::move(machine_names)) {
    for (const std::string& asker : names_)
        askers_.emplace_back(dice, asker);
    links_.reserve(names_.size() * names_.size());
    for (const std::string& from : names_) {
        for (const std::string& to : names_)
            links_.emplace_back(dice, from, to);
    }
}

host::Duration NetworkDice::ordinary_limit(network::Link link) const {
    if (link.from == link.to) return loopback_latency + loopback_jitter;
    return dice_.options().network.latency + dice_.options().network.jitter;
}

network::Flight NetworkDice::flight(network::Link link, std::size_t) {
    LinkState& state = at(link);
    const bool is_loopback = link.from == link.to;
    const NetworkOptions& ordinary = dice_.options().network;
    const host::Duration jitter = is_loopback ? loopback_jitter : ordinary.jitter;
    host::Duration delay = is_loopback ? loopback_latency : ordinary.latency;
    host::RandomSource source = state.ordinary.source(state.packets++);
    delay += source.between(host::Duration::zero(), jitter);

    const LatencyFault& fault = dice_.options().faults.network_latency;
    auto strike = state.latency.next(fault.on, fault.per_million, !is_loopback);
    if (strike) {
        // At least the jitter, so that it cannot be mistaken for what is ordinary.
        delay += jitter + host::Duration{1} + strike->exponential(fault.tail);
    }
    const OperationFault& loss = dice_.options().faults.network_loss;
    auto lost = state.loss.next(loss.on, loss.per_million, !is_loopback);
    if (lost) delay += wait_for_retransmission(*lost);
    return {.delay = delay, .slowed = strike.has_value(), .lost_once = lost.has_value()};
}

host::Duration NetworkDice::retransmission_delay(network::Link link) {
    LinkState& state = at(link);
    host::RandomSource source = state.ordinary.source(state.packets++);
    const host::Duration latency = dice_.options().network.latency;
    return source.between(latency, latency + longest_retransmission);
}

std::size_t NetworkDice::read_limit(network::Link link, std::size_t available) {
    const OperationFault& fault = dice_.options().faults.network_short_read;
    auto strike = at(link).short_read.next(fault.on, fault.per_million, available > 1);
    if (!strike) return available;
    dice_.ledger().effect(FaultKind::network_short_read);
    return 1 + strike->below(available - 1);
}

std::size_t NetworkDice::write_limit(network::Link link, std::size_t offered) {
    const OperationFault& fault = dice_.options().faults.network_short_write;
    auto strike = at(link).short_write.next(fault.on, fault.per_million, offered > 1);
    if (!strike) return offered;
    dice_.ledger().effect(FaultKind::network_short_write);
    return 1 + strike->below(offered - 1);
}

bool NetworkDice::loses_in_flight(network::Link link) {
    const OperationFault& fault = dice_.options().faults.network_in_flight_loss;
    LinkState& state = at(link);
    if (!state.in_flight_loss.next(fault.on, fault.per_million)) return false;
    ++state.losses;
    return true;
}

network::ConnectFate NetworkDice::connect_fate(network::Link link) {
    const OperationFault& refused = dice_.options().faults.network_connect_refused;
    const OperationFault& hang = dice_.options().faults.network_connect_hang;
    const bool is_remote = link.from != link.to;
    LinkState& state = at(link);
    const auto refusal = state.connect_refused.roll(refused.on, refused.per_million, is_remote);
    const auto hanging = state.connect_hang.roll(hang.on, hang.per_million, is_remote);
    // A request that is refused cannot hang as well, nor does it when the refusal is suppressed.
    if (refusal) {
        return state.connect_refused.fire(*refusal) ? network::ConnectFate::refused
                                                    : network::ConnectFate::as_usual;
    }
    const bool hangs = hanging && state.connect_hang.fire(*hanging);
    return hangs ? network::ConnectFate::ignored : network::ConnectFate::as_usual;
}

network::NameFate NetworkDice::name_fate(network::MachineNumber asker) {
    const FaultOptions& faults = dice_.options().faults;
    NameState& state = askers_[asker];
    const auto failure =
        state.failure.roll(faults.network_name_failure.on, faults.network_name_failure.per_million);
    const auto staleness =
        state.stale.roll(faults.network_name_stale.on, faults.network_name_stale.per_million);
    // No answer is no old answer either, nor is it one when the failure is suppressed.
    if (failure) {
        if (!state.failure.fire(*failure)) return network::NameFate::as_usual;
        dice_.ledger().effect(FaultKind::network_name_failure);
        return network::NameFate::fails;
    }
    if (!staleness || !state.stale.fire(*staleness)) return network::NameFate::as_usual;
    dice_.ledger().effect(FaultKind::network_name_stale);
    return network::NameFate::stale;
}

void NetworkDice::connect_failed(network::Link, network::ConnectFate fate, host::ErrorCode code) {
    if (fate == network::ConnectFate::refused && code == host::ErrorCode::connection_refused) {
        dice_.ledger().effect(FaultKind::network_connect_refused);
    }
    if (fate == network::ConnectFate::ignored && code == host::ErrorCode::deadline_exceeded) {
        dice_.ledger().effect(FaultKind::network_connect_hang);
    }
}

void NetworkDice::delivered(network::Link link, host::Duration travelled,
                            const network::Flight& flight) {
    if (flight.slowed && travelled > ordinary_limit(link))
        dice_.ledger().effect(FaultKind::network_latency);
    if (flight.lost_once && travelled >= first_retransmission)
        dice_.ledger().effect(FaultKind::network_loss);
    tell_if_slow(FaultKind::network_slow_link, link, flight.by_slow_link, travelled);
    tell_if_slow(FaultKind::network_bandwidth, link, flight.by_bandwidth, travelled);
}

void NetworkDice::tell_if_slow(FaultKind kind, network::Link link, host::Duration added,
                               host::Duration travelled) {
    if (added == host::Duration::zero() || travelled < added || !slowness_observer_) return;
    slowness_observer_(kind, names_[link.from], names_[link.to], travelled);
}

void NetworkDice::lost_in_flight(network::Link link, std::size_t) {
    // The loss is decided for a connection, and drops packets in both of its directions.
    for (const network::Link each : {link, network::Link{link.to, link.from}}) {
        LinkState& state = at(each);
        if (state.losses == 0) continue;
        // Its other packets are of the same loss.
        state.losses = 0;
        dice_.ledger().effect(FaultKind::network_in_flight_loss);
        return;
    }
}

void NetworkDice::held_back(network::Link link) {
    if (held_back_observer_) held_back_observer_(names_[link.from], names_[link.to]);
}

void NetworkDice::reset_seen(std::uint64_t connection) {
    if (reset_observer_) reset_observer_(connection);
}

void NetworkDice::half_close_seen(std::uint64_t end) {
    if (half_close_observer_) half_close_observer_(end);
}

}  // namespace atlas::sim::faults

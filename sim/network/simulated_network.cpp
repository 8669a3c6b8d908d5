#include "sim/network/simulated_network.hpp"

#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "sim/network/stream.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::network {

using host::ErrorCode;
using host::failure;
using kernel::EventKind;

namespace {

// After six retransmissions of its request Linux gives a connect up.
constexpr host::Duration longest_connect = std::chrono::seconds{127};

// Of IP and TCP, without options.
constexpr std::size_t header_bytes = 40;

const char* label_of(PacketKind kind) {
    switch (kind) {
        case PacketKind::syn:
            return "connect";
        case PacketKind::syn_ack:
            return "connected";
        case PacketKind::refuse:
            return "refused";
        case PacketKind::data:
            return "data";
        case PacketKind::fin:
            return "end of stream";
        case PacketKind::reset:
            return "reset";
    }
    return "packet";
}

}  // namespace

MachineNumber SimulatedNetwork::add_machine(std::string name) {
    const auto number = static_cast<MachineNumber>(machines_.size());
    ATLAS_CHECK(number < 250, "machine addresses end at 10.0.0.250");
    kernel::TieSource ties(kernel_.seed(), "network", name);
    machines_.push_back({std::move(name), "10.0.0." + std::to_string(number + 1), ties});
    return number;
}

const std::string& SimulatedNetwork::address_of(MachineNumber machine) const {
    return machines_[machine].address;
}

std::string SimulatedNetwork::former_address_of(MachineNumber machine) const {
    return "10.0.1." + std::to_string(machine + 1);
}

bool SimulatedNetwork::is_former_address(const std::string& address) const {
    for (MachineNumber i = 0; i < machines_.size(); ++i) {
        if (former_address_of(i) == address) return true;
    }
    return false;
}

std::optional<MachineNumber> SimulatedNetwork::machine_at(const std::string& address) const {
    for (MachineNumber i = 0; i < machines_.size(); ++i) {
        if (machines_[i].address == address) return i;
    }
    return std::nullopt;
}

std::uint16_t SimulatedNetwork::ephemeral_port(MachineNumber machine) {
    std::uint16_t& next = machines_[machine].next_port;
    const std::uint16_t port = next;
    next = port == UINT16_MAX ? 49152 : static_cast<std::uint16_t>(port + 1);
    return port;
}

SimulatedListener* SimulatedNetwork::find_listener(MachineNumber machine,
                                                   const host::Endpoint& endpoint) const {
    const auto exact = listeners_.find(endpoint);
    if (exact != listeners_.end() && exact->second->machine() == machine) return exact->second;
    return nullptr;
}

void SimulatedNetwork::transmit(std::shared_ptr<Connection> connection, Side from, PacketKind kind,
                                std::vector<std::byte> payload) {
    const Link link = connection->link(from);
    if (!machines_[link.from].powered) return;
    Flight flight = policy_.flight(link, payload.size());
    apply_condition(link, payload.size(), flight);
    const std::uint32_t epoch = connection->epoch;
    const std::uint64_t sequence = connection->end(from).packets_sent++;
    launch({.connection = std::move(connection),
            .kind = kind,
            .payload = std::move(payload),
            .sent = kernel_.now(),
            .flight = flight,
            .epoch = epoch,
            .sequence = sequence},
           from, flight.delay);
}

void SimulatedNetwork::set_condition(Link link, LinkCondition condition) {
    conditions_[link] = condition;
    // What still queues comes when it was to come; what is sent now queues anew.
    narrow_until_.erase(link);
}

void SimulatedNetwork::apply_condition(Link link, std::size_t bytes, Flight& flight) {
    const auto condition = conditions_.find(link);
    if (condition == conditions_.end()) return;
    flight.by_slow_link = condition->second.extra_delay;
    const host::Duration per_kibibyte = condition->second.time_per_kibibyte;
    if (per_kibibyte > host::Duration::zero()) {
        const auto size = static_cast<std::int64_t>(header_bytes + bytes);
        host::TimePoint& until = narrow_until_[link];
        until = std::max(until, kernel_.now()) + per_kibibyte * size / 1024;
        flight.by_bandwidth = until - kernel_.now();
    }
    flight.delay += flight.by_slow_link + flight.by_bandwidth;
}

void SimulatedNetwork::launch(Packet packet, Side from, host::Duration delay) {
    End& sender = packet.connection->end(from);
    const host::TimePoint at =
        std::max(kernel_.now() + delay, sender.last_arrival_there + host::Duration{1});
    sender.last_arrival_there = at;
    const std::uint64_t digest = XXH3_64bits_withSeed(
        packet.payload.data(), packet.payload.size(),
        packet.connection->number * 16 + static_cast<std::uint64_t>(packet.kind));
    const char* label = label_of(packet.kind);
    kernel::TieSource& ties = machines_[sender.machine].ties;
    kernel_.schedule(
        at, ties, EventKind::network, label, digest,
        [this, packet = std::move(packet), from]() mutable { arrive(std::move(packet), from); });
}

void SimulatedNetwork::arrive(Packet packet, Side from) {
    const Link link = packet.connection->link(from);
    if (machines_[link.to].powered && packet.epoch != packet.connection->epoch) {
        policy_.lost_in_flight(link, packet.payload.size());
        packet.lost = true;
    } else if (blocked_.contains(link)) {
        policy_.held_back(link);
        held_[link].push_back({std::move(packet), from});
        return;
    } else if (!machines_[link.to].powered) {
        policy_.unanswered(link);
        packet.connection->unanswered_on_dead_machine = true;
        packet.lost = true;
    }
    take_in_order(std::move(packet), from);
}

void SimulatedNetwork::take_in_order(Packet packet, Side from) {
    const std::shared_ptr<Connection> connection = packet.connection;
    End& sender = connection->end(from);
    if (packet.sequence != sender.packets_taken) {
        ++sender.packets_early;
        const auto key = std::tuple(connection->number, from, packet.sequence);
        early_.emplace(key, std::move(packet));
        return;
    }
    ++sender.packets_taken;
    take(std::move(packet), from);
    while (sender.packets_early > 0) {
        const auto next = early_.find({connection->number, from, sender.packets_taken});
        if (next == early_.end()) return;
        --sender.packets_early;
        ++sender.packets_taken;
        Packet following = std::move(next->second);
        early_.erase(next);
        take(std::move(following), from);
    }
}

void SimulatedNetwork::take(Packet packet, Side from) {
    End& sender = packet.connection->end(from);
    const bool is_awaited = packet.connection->end(other(from)).open;
    if (packet.lost) {
        sender.has_hole = sender.has_hole || is_awaited;
        return;
    }
    if (sender.has_hole && is_awaited && packet.kind != PacketKind::reset) return;
    const bool is_felt = packet.kind == PacketKind::syn ? sender.open : is_awaited;
    if (is_felt) {
        const Link link = packet.connection->link(from);
        policy_.delivered(link, kernel_.now() - packet.sent, packet.flight);
    }
    deliver(packet.connection, other(from), packet.kind, std::move(packet.payload));
}

void SimulatedNetwork::deliver(const std::shared_ptr<Connection>& connection, Side to,
                               PacketKind kind, std::vector<std::byte> payload) {
    if (kind == PacketKind::syn) return accept_syn(connection);
    End& end = connection->end(to);
    if (!end.open) {
        // Nobody is there any more. A reset is not answered, and neither is a farewell.
        const bool wants_answer = kind == PacketKind::data || kind == PacketKind::syn_ack;
        if (wants_answer || (end.vanished && kind == PacketKind::fin)) {
            answer_with_reset(connection, to);
        }
        return;
    }
    if (end.ended_by_fault && kind == PacketKind::data) return answer_with_reset(connection, to);
    switch (kind) {
        case PacketKind::syn:
            break;
        case PacketKind::syn_ack:
            end.established = true;
            break;
        case PacketKind::refuse:
            end.refused = true;
            break;
        case PacketKind::data:
            end.received.append(std::move(payload));
            break;
        case PacketKind::fin:
            end.fin_received = true;
            break;
        case PacketKind::reset:
            end.reset = true;
            break;
    }
    if (end.observer == nullptr) return;
    end.observer->readable();
    if (kind == PacketKind::reset) end.observer->writable();
}

void SimulatedNetwork::accept_syn(const std::shared_ptr<Connection>& connection) {
    End& server = connection->end(Side::server);
    if (!connection->end(Side::client).open) return;
    SimulatedListener* listener = find_listener(server.machine, server.endpoint);
    connection->fate_struck = listener != nullptr && connection->fate != ConnectFate::as_usual;
    if (connection->fate == ConnectFate::ignored) return;
    if (listener == nullptr || connection->fate == ConnectFate::refused) {
        return transmit(connection, Side::server, PacketKind::refuse);
    }
    server.process = &listener->process();
    server.open = true;
    server.established = true;
    if (!listener->offer(connection)) {
        server.open = false;  // Dropped in silence, as a full backlog does.
        return;
    }
    transmit(connection, Side::server, PacketKind::syn_ack);
}

void SimulatedNetwork::answer_with_reset(const std::shared_ptr<Connection>& connection, Side from) {
    transmit(connection, from, PacketKind::reset);
}

void SimulatedNetwork::forget(Connection& connection) {
    if (connection.ends[0].open || connection.ends[1].open) return;
    connections_.erase(connection.number);
}

void SimulatedNetwork::set_blocked(Link link, bool blocked) {
    if (blocked) {
        blocked_.insert(link);
        return;
    }
    if (blocked_.erase(link) == 0) return;
    const auto held = held_.find(link);
    if (held != held_.end()) {
        std::vector<Held> packets = std::move(held->second);
        held_.erase(held);
        for (Held& each : packets) {
            // Nobody sends again what a machine without power has sent.
            if (each.packet.connection->end(each.from).vanished) {
                each.packet.lost = true;
                take_in_order(std::move(each.packet), each.from);
                continue;
            }
            const host::Duration delay = policy_.retransmission_delay(link);
            launch(std::move(each.packet), each.from, delay);
        }
    }
    // Acknowledgements for data that flowed the other way get through again.
    for (const auto& [number, connection] : connections_) {
        for (const Side side : {Side::client, Side::server}) {
            if (connection->link(other(side)) != link) continue;
            End& end = connection->end(side);
            if (end.held_credit == 0) continue;
            end.credit += std::exchange(end.held_credit, 0);
            if (end.observer != nullptr) end.observer->writable();
        }
    }
}

void SimulatedNetwork::power_off(MachineNumber machine) {
    machines_[machine].powered = false;
    for (const auto& [number, connection] : connections_) {
        for (const Side side : {Side::client, Side::server}) {
            End& end = connection->end(side);
            if (end.machine != machine || !end.open) continue;
            end.vanished = true;
            if (policy_.loses_in_flight(connection->link(side))) ++connection->epoch;
        }
    }
    std::vector<SimulatedListener*> gone;
    for (const auto& [endpoint, listener] : listeners_) {
        if (listener->machine() == machine) gone.push_back(listener);
    }
    for (SimulatedListener* listener : gone)
        listener->vanish();
}

void SimulatedNetwork::power_on(MachineNumber machine) {
    machines_[machine].powered = true;
    for (const auto& [number, connection] : connections_) {
        if (!connection->unanswered_on_dead_machine) continue;
        for (const Side side : {Side::client, Side::server}) {
            if (connection->end(side).machine != machine) continue;
            connection->unanswered_on_dead_machine = false;
            if (connection->end(side).vanished) {
                answer_with_reset(connection, side);
            } else if (side == Side::server && !connection->end(Side::client).established) {
                transmit(connection, side, PacketKind::refuse);
            }
        }
    }
}

std::vector<Connection*> SimulatedNetwork::open_between(MachineNumber a, MachineNumber b) const {
    std::vector<Connection*> between;
    for (const auto& [number, connection] : connections_) {
        const Link link = connection->link(Side::client);
        const bool same = (link.from == a && link.to == b) || (link.from == b && link.to == a);
        if (same && connection->ends[0].open && connection->ends[1].open) {
            between.push_back(connection.get());
        }
    }
    return between;
}

std::optional<std::uint64_t> SimulatedNetwork::half_close(MachineNumber a, MachineNumber b,
                                                          std::uint64_t choice) {
    const std::vector<Connection*> between = open_between(a, b);
    if (between.empty()) return std::nullopt;
    Connection& connection = *between[choice % between.size()];
    const Side told = choice / between.size() % 2 == 0 ? Side::client : Side::server;
    End& end = connection.end(told);
    if (end.fin_received || end.reset) return std::nullopt;
    end.ended_by_fault = true;
    end.fin_received = true;
    if (end.observer != nullptr) end.observer->readable();
    return connection.end_number(told);
}

std::optional<std::uint64_t> SimulatedNetwork::reset_connection(MachineNumber a, MachineNumber b,
                                                                std::uint64_t choice) {
    const std::vector<Connection*> between = open_between(a, b);
    if (between.empty()) return std::nullopt;
    Connection& broken = *between[choice % between.size()];
    if (broken.ends[0].reset && broken.ends[1].reset) return std::nullopt;
    for (End& end : broken.ends) {
        end.reset = true;
        end.broken_by_fault = true;
        if (end.observer == nullptr) continue;
        end.observer->readable();
        end.observer->writable();
    }
    return broken.number;
}

std::size_t SimulatedNetwork::open_ends(const kernel::Process& process) const {
    std::size_t count = 0;
    for (const auto& [number, connection] : connections_) {
        for (const End& end : connection->ends)
            count += end.open && end.process == &process;
    }
    for (const auto& [endpoint, listener] : listeners_)
        count += &listener->process() == &process;
    return count;
}

host::Task<host::Result<std::unique_ptr<host::ByteStream>>> ProcessNetwork::connect(
    host::Endpoint endpoint, host::Transport transport, host::Deadline deadline) {
    if (transport.is_tls()) co_return failure(ErrorCode::unsupported, "TLS is not simulated yet");
    if (endpoint.address == "127.0.0.1") endpoint.address = network_.address_of(machine_);
    const host::Deadline patience =
        deadline.earlier_of(host::deadline_after(*host_, longest_connect));
    const std::optional<MachineNumber> target = network_.machine_at(endpoint.address);
    if (!target && network_.is_former_address(endpoint.address)) {
        co_await host::sleep_until(*host_, patience.point());
        co_return failure(ErrorCode::deadline_exceeded, "connect to " + host::to_string(endpoint));
    }
    if (!target) {
        co_return failure(ErrorCode::unavailable, "no route to " + host::to_string(endpoint));
    }
    auto connection = std::make_shared<Connection>();
    connection->number = network_.next_connection_++;
    End& client = connection->end(Side::client);
    client.machine = machine_;
    client.endpoint = {network_.address_of(machine_), network_.ephemeral_port(machine_)};
    client.process = &process_;
    client.open = true;
    End& server = connection->end(Side::server);
    server.machine = *target;
    server.endpoint = endpoint;
    const Link link = connection->link(Side::client);
    connection->fate = network_.policy().connect_fate(link);
    network_.connections_.emplace(connection->number, connection);
    auto stream = std::make_unique<SimulatedStream>(network_, *host_, connection, Side::client);
    network_.transmit(connection, Side::client, PacketKind::syn);
    host::Result<void> established = co_await stream->wait_until_established(patience);
    if (!established) {
        if (connection->fate_struck) {
            network_.policy().connect_failed(link, connection->fate, established.error().code);
        }
        established.error().detail = "connect to " + host::to_string(endpoint);
        co_return std::unexpected(std::move(established.error()));
    }
    co_return std::move(stream);
}

host::Result<std::unique_ptr<host::Listener>> ProcessNetwork::listen(host::Endpoint endpoint,
                                                                     host::Transport transport) {
    if (transport.is_tls()) return failure(ErrorCode::unsupported, "TLS is not simulated yet");
    const std::string& own = network_.address_of(machine_);
    const bool any = endpoint.address == "0.0.0.0" || endpoint.address == "127.0.0.1";
    if (any) endpoint.address = own;
    if (endpoint.address != own) {
        return failure(ErrorCode::invalid_argument,
                       host::to_string(endpoint) + " is not an address of this machine");
    }
    if (endpoint.port == 0) endpoint.port = network_.ephemeral_port(machine_);
    if (network_.listeners_.contains(endpoint)) {
        return failure(ErrorCode::address_in_use, host::to_string(endpoint));
    }
    return std::make_unique<SimulatedListener>(network_, *host_, process_, machine_,
                                               std::move(endpoint));
}

host::Task<host::Result<std::vector<std::string>>> ProcessNetwork::resolve(std::string name,
                                                                           host::Deadline) {
    const bool is_numeric = name.find_first_not_of("0123456789.") == std::string::npos;
    if (is_numeric || name.find(':') != std::string::npos) co_return std::vector{name};
    if (name == "localhost") co_return std::vector{network_.address_of(machine_)};
    for (MachineNumber i = 0; i < network_.machine_count(); ++i) {
        if (network_.name_of(i) != name) continue;
        const NameFate fate =
            i == machine_ ? NameFate::as_usual : network_.policy().name_fate(machine_);
        if (fate == NameFate::fails) {
            co_return failure(ErrorCode::unavailable, "no name server answers for " + name);
        }
        const bool is_stale = fate == NameFate::stale;
        co_return std::vector{is_stale ? network_.former_address_of(i) : network_.address_of(i)};
    }
    co_return failure(ErrorCode::not_found, "no machine is called " + name);
}

}  // namespace atlas::sim::network

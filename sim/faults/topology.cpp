#include "sim/faults/topology.hpp"

#include <map>
#include <utility>

namespace atlas::sim::faults {

std::vector<MachineInfo> machines_of(const TopologyOptions& topology) {
    const bool has_zones = topology.followers > 0;
    const auto zone = [&](std::uint64_t number) {
        const std::uint64_t zones = topology.followers + 1;
        return has_zones ? "zone-" + std::to_string(number % zones) : std::string();
    };
    std::vector<MachineInfo> machines;
    for (std::uint64_t i = 0; i <= topology.followers; ++i)
        machines.push_back({"postgres-" + std::to_string(i), Role::postgres, zone(i)});
    if (has_zones) machines.push_back({"lease-store", Role::lease_store, "zone-witness"});
    for (std::uint64_t i = 1; i <= topology.api_nodes; ++i)
        machines.push_back({"api-" + std::to_string(i), Role::api, zone(i - 1)});
    for (std::uint64_t i = 1; i <= topology.client_machines; ++i)
        machines.push_back({"client-" + std::to_string(i), Role::client});
    return machines;
}

std::vector<std::vector<std::string>> zones_of(const std::vector<MachineInfo>& machines) {
    std::map<std::string, std::vector<std::string>> zones;
    for (const MachineInfo& machine : machines) {
        if (!machine.zone.empty()) zones[machine.zone].push_back(machine.name);
    }
    std::vector<std::vector<std::string>> found;
    for (auto& [zone, names] : zones)
        found.push_back(std::move(names));
    return found;
}

host::Duration settling_time(const TopologyOptions& topology) {
    return topology.followers > 0 ? host::Duration{30s} : host::Duration::zero();
}

Envelope Envelope::single_postgres() {
    Envelope envelope;
    for (const FaultKindInfo& each : all_fault_kinds()) {
        Roles& roles = envelope.survived_[static_cast<std::size_t>(each.kind)];
        switch (each.kind) {
            // Nobody survives these: what is read back is not what was written.
            case FaultKind::disk_bit_rot:
            case FaultKind::disk_misdirected_write:
                break;
            // Of a cluster of databases: see failover().
            case FaultKind::network_partition_majorities_ring:
            case FaultKind::network_partition_bridge:
            case FaultKind::network_partition_primaries:
            case FaultKind::network_partition_zone:
            case FaultKind::zone_power_loss:
                break;
            // An API node keeps nothing on its disk.
            case FaultKind::machine_lost:
                roles = {.api = true};
                break;
            case FaultKind::process_kill:
            case FaultKind::process_restart:
            case FaultKind::process_restart_loop:
            case FaultKind::process_pause:
            case FaultKind::process_slow:
            case FaultKind::process_fault_point:
            case FaultKind::process_computation_refused:
            case FaultKind::machine_power_loss:
                roles = {.api = true, .postgres = true};
                break;
            case FaultKind::network_latency:
            case FaultKind::network_loss:
            case FaultKind::network_short_read:
            case FaultKind::network_short_write:
            case FaultKind::network_partition_symmetric:
            case FaultKind::network_partition_one_way:
            case FaultKind::network_clog:
            case FaultKind::network_swizzle:
            case FaultKind::network_slow_link:
            case FaultKind::network_bandwidth:
            case FaultKind::network_reset:
            case FaultKind::network_half_close:
            case FaultKind::network_in_flight_loss:
            case FaultKind::network_connect_refused:
            case FaultKind::network_connect_hang:
            case FaultKind::network_name_failure:
            case FaultKind::network_name_stale:
            case FaultKind::clock_offset:
            case FaultKind::clock_step:
            case FaultKind::clock_drift:
            case FaultKind::clock_strobe:
            case FaultKind::disk_short_read:
            case FaultKind::disk_short_write:
            case FaultKind::disk_read_error:
            case FaultKind::disk_write_error:
            case FaultKind::disk_stall:
            case FaultKind::disk_no_space:
            case FaultKind::disk_sync_failure:
            case FaultKind::disk_unsynced_writes_lost:
            case FaultKind::disk_torn_write:
            case FaultKind::disk_unsynced_names_lost:
                roles = {.api = true, .postgres = true, .client = true};
                break;
        }
    }
    return envelope;
}

// A lease store survives what a database survives, but for the loss of its disk: nobody else knows
// who may lead.
Envelope Envelope::failover() {
    Envelope envelope = single_postgres();
    for (Roles& roles : envelope.survived_)
        roles.lease_store = roles.postgres;
    for (const FaultKind of_those_that_serve :
         {FaultKind::network_partition_majorities_ring, FaultKind::network_partition_bridge,
          FaultKind::network_partition_zone, FaultKind::zone_power_loss})
        envelope.survived_[static_cast<std::size_t>(of_those_that_serve)] = {
            .api = true, .postgres = true, .lease_store = true};
    for (const FaultKind of_databases :
         {FaultKind::network_partition_primaries, FaultKind::machine_lost})
        envelope.survived_[static_cast<std::size_t>(of_databases)].postgres = true;
    return envelope;
}

Envelope Envelope::of(const TopologyOptions& topology) {
    return topology.followers > 0 ? failover() : single_postgres();
}

bool Envelope::Roles::has(Role role) const {
    switch (role) {
        case Role::api:
            return api;
        case Role::postgres:
            return postgres;
        case Role::client:
            return client;
        case Role::lease_store:
            return lease_store;
    }
    return false;
}

void Envelope::Roles::add(Role role) {
    switch (role) {
        case Role::api:
            api = true;
            break;
        case Role::postgres:
            postgres = true;
            break;
        case Role::client:
            client = true;
            break;
        case Role::lease_store:
            lease_store = true;
            break;
    }
}

bool Envelope::covers(FaultKind kind, Role role) const {
    return survived_[static_cast<std::size_t>(kind)].has(role);
}

bool Envelope::covers_any(FaultKind kind) const {
    const Roles& roles = survived_[static_cast<std::size_t>(kind)];
    return roles.api || roles.postgres || roles.client || roles.lease_store;
}

Envelope Envelope::with(FaultKind kind, Role role) const {
    Envelope wider = *this;
    wider.survived_[static_cast<std::size_t>(kind)].add(role);
    return wider;
}

std::vector<std::string_view> Envelope::targets(FaultKind kind,
                                                const std::vector<MachineInfo>& machines) const {
    std::vector<std::string_view> names;
    for (const MachineInfo& machine : machines) {
        if (covers(kind, machine.role)) names.push_back(machine.name);
    }
    return names;
}

}  // namespace atlas::sim::faults

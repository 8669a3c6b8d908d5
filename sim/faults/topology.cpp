#include "sim/faults/topology.hpp"

namespace atlas::sim::faults {

std::vector<MachineInfo> machines_of(const TopologyOptions& topology) {
    std::vector<MachineInfo> machines{{"postgres-0", Role::postgres}};
    for (std::uint64_t i = 1; i <= topology.api_nodes; ++i)
        machines.push_back({"api-" + std::to_string(i), Role::api});
    for (std::uint64_t i = 1; i <= topology.client_machines; ++i)
        machines.push_back({"client-" + std::to_string(i), Role::client});
    return machines;
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
            case FaultKind::process_kill:
            case FaultKind::process_restart:
            case FaultKind::process_restart_loop:
            case FaultKind::process_pause:
            case FaultKind::process_slow:
            case FaultKind::process_fault_point:
            case FaultKind::process_computation_refused:
            case FaultKind::machine_power_loss:
                roles = {.api = true, .postgres = true, .client = false};
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

bool Envelope::covers(FaultKind kind, Role role) const {
    const Roles& roles = survived_[static_cast<std::size_t>(kind)];
    switch (role) {
        case Role::api:
            return roles.api;
        case Role::postgres:
            return roles.postgres;
        case Role::client:
            return roles.client;
    }
    return false;
}

bool Envelope::covers_any(FaultKind kind) const {
    const Roles& roles = survived_[static_cast<std::size_t>(kind)];
    return roles.api || roles.postgres || roles.client;
}

Envelope Envelope::with(FaultKind kind, Role role) const {
    Envelope wider = *this;
    Roles& roles = wider.survived_[static_cast<std::size_t>(kind)];
    switch (role) {
        case Role::api:
            roles.api = true;
            break;
        case Role::postgres:
            roles.postgres = true;
            break;
        case Role::client:
            roles.client = true;
            break;
    }
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

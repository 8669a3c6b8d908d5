#include "sim/faults/fault_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "sim/faults/knobs.hpp"

namespace atlas::sim::faults {
namespace {

using enum FaultKind;

const MachineInfo* find_machine(const std::vector<MachineInfo>& machines, std::string_view name) {
    const auto found = std::ranges::find(machines, name, &MachineInfo::name);
    return found == machines.end() ? nullptr : &*found;
}

bool is_on_link(FaultKind kind) {
    return kind == network_clog || kind == network_slow_link || kind == network_bandwidth ||
           kind == network_reset || kind == network_half_close;
}

/// Its machines are all that it is about, those cut off and the others.
bool has_shape(FaultKind kind) {
    return kind == network_partition_majorities_ring || kind == network_partition_bridge;
}

bool is_on_zone(FaultKind kind) {
    return kind == network_partition_zone || kind == zone_power_loss;
}

bool is_on_cluster(FaultKind kind) {
    return kind == network_partition_symmetric || kind == network_partition_one_way ||
           kind == network_swizzle || has_shape(kind) || kind == network_partition_primaries ||
           is_on_link(kind) || is_on_zone(kind);
}

// The member without which a strike does nothing.
std::optional<std::string_view> missing_member(const Strike& strike) {
    const bool lasts = strike.lasts > host::Duration::zero();
    const bool has_amount = strike.amount > host::Duration::zero();
    switch (strike.id.kind) {
        case network_slow_link:
        case network_bandwidth:
        case process_slow:
        case process_restart_loop:
            if (!has_amount) return "amount";
            [[fallthrough]];
        case network_partition_symmetric:
        case network_partition_one_way:
        case network_partition_majorities_ring:
        case network_partition_bridge:
        case network_partition_primaries:
        case network_partition_zone:
        case network_clog:
        case network_swizzle:
        case process_pause:
        case disk_no_space:
            if (!lasts) return "lasts";
            return std::nullopt;
        case clock_strobe:
            if (!lasts) return "lasts";
            [[fallthrough]];
        case clock_offset:
        case clock_step:
        case clock_drift:
            if (strike.clock == host::Duration::zero()) return "clock";
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

bool names_one_twice(const std::vector<std::string>& machines) {
    const std::set<std::string_view> different(machines.begin(), machines.end());
    return different.size() < machines.size();
}

bool is_zone(std::vector<std::string> names, const std::vector<MachineInfo>& machines) {
    std::ranges::sort(names);
    return std::ranges::any_of(zones_of(machines), [&](std::vector<std::string> zone) {
        std::ranges::sort(zone);
        return zone == names;
    });
}

std::vector<std::string> struck(const Strike& strike) {
    if (is_on_cluster(strike.id.kind)) return strike.machines;
    return {strike.id.target};
}

}  // namespace

std::size_t fewest_machines(FaultKind kind) {
    // Of three each neighbour of a machine would be the other's as well: all reach all.
    if (kind == network_partition_majorities_ring) return 4;
    return kind == network_partition_bridge ? 3 : 2;
}

void sort_plan(FaultPlan& plan) {
    std::ranges::sort(plan, [](const Strike& a, const Strike& b) {
        return std::tie(a.at, a.id) < std::tie(b.at, b.id);
    });
}

std::vector<std::string> plan_faults(const FaultPlan& plan,
                                     const std::vector<MachineInfo>& machines) {
    std::vector<std::string> wrong;
    std::set<FaultId> seen;
    for (const Strike& strike : plan) {
        const std::string id = to_string(strike.id);
        if (!seen.insert(strike.id).second) wrong.push_back(fmt::format("{} is there twice", id));
        if (info(strike.id.kind).occasion != Occasion::scheduled) {
            wrong.push_back(fmt::format("{} befalls operations and cannot be planned", id));
            continue;
        }
        if (is_on_cluster(strike.id.kind) && strike.id.target != cluster_target) {
            wrong.push_back(fmt::format("{} must have the target '{}'", id, cluster_target));
        }
        for (const std::string& name : struck(strike)) {
            if (find_machine(machines, name) == nullptr) {
                wrong.push_back(fmt::format("{} names '{}', which is no machine", id, name));
            }
        }
        if (const auto missing = missing_member(strike)) {
            wrong.push_back(fmt::format("{} does nothing without '{}'", id, *missing));
        }
        if (names_one_twice(strike.machines)) {
            wrong.push_back(fmt::format("{} names a machine twice", id));
        }
        const std::size_t count = strike.machines.size();
        if (is_on_link(strike.id.kind)) {
            if (count != 2) {
                wrong.push_back(fmt::format("{} must name the two ends of a link", id));
            }
        } else if (strike.id.kind == network_partition_primaries) {
            if (count != 0) wrong.push_back(fmt::format("{} must name no machine", id));
        } else if (is_on_zone(strike.id.kind)) {
            if (!is_zone(strike.machines, machines))
                wrong.push_back(fmt::format("{} must name all machines of one zone", id));
        } else if (has_shape(strike.id.kind)) {
            const std::size_t fewest = fewest_machines(strike.id.kind);
            if (count < fewest)
                wrong.push_back(fmt::format("{} must name {} machines at least", id, fewest));
        } else if (is_on_cluster(strike.id.kind) && (count == 0 || count >= machines.size())) {
            wrong.push_back(fmt::format("{} must cut off some machines and not all", id));
        }
    }
    return wrong;
}

std::vector<FaultId> outside_envelope(const FaultPlan& plan, const Envelope& envelope,
                                      const std::vector<MachineInfo>& machines) {
    std::vector<FaultId> outside;
    for (const Strike& strike : plan) {
        const auto names = struck(strike);
        const bool covered = std::ranges::all_of(names, [&](const std::string& name) {
            const MachineInfo* machine = find_machine(machines, name);
            return machine != nullptr && envelope.covers(strike.id.kind, machine->role);
        });
        if (!covered) outside.push_back(strike.id);
    }
    return outside;
}

std::string describe(const Strike& strike) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(strike.at).count();
    std::string text = fmt::format("{:>4}.{:03}s {}", ms / 1000, ms % 1000, to_string(strike.id));
    if (!strike.machines.empty()) text += fmt::format(" [{}]", fmt::join(strike.machines, " "));
    if (strike.id.kind == network_partition_one_way) text += strike.inward ? " inward" : " outward";
    if (strike.clock != host::Duration::zero()) {
        text += fmt::format(" by {}", text_of(strike.clock));
    }
    if (strike.amount != host::Duration::zero()) {
        text += fmt::format(" by {}", text_of(strike.amount));
    }
    if (strike.lasts != host::Duration::zero()) {
        const auto lasts = std::chrono::duration_cast<std::chrono::milliseconds>(strike.lasts);
        text += fmt::format(" for {}ms", lasts.count());
    }
    if (strike.moment == Moment::sync) text += ", during a sync";
    if (strike.moment == Moment::sync_of_rename) text += ", during a sync of a rename";
    return text;
}

}  // namespace atlas::sim::faults

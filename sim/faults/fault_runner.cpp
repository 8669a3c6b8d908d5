#include "sim/faults/fault_runner.hpp"

#include <algorithm>
#include <utility>

#include "sim/faults/knobs.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::faults {
namespace {

// How long a strike waits for a sync to be in the middle of.
host::Duration patience(Moment moment) {
    return moment == Moment::sync_of_rename ? host::Duration{20s} : host::Duration{2s};
}

enum class Family : std::uint8_t { links, connections, processes, clocks, disks };

Family family_of(FaultKind kind) {
    switch (kind) {
        case FaultKind::network_partition_symmetric:
        case FaultKind::network_partition_one_way:
        case FaultKind::network_partition_majorities_ring:
        case FaultKind::network_partition_bridge:
        case FaultKind::network_partition_primaries:
        case FaultKind::network_partition_zone:
        case FaultKind::network_clog:
        case FaultKind::network_swizzle:
        case FaultKind::network_slow_link:
        case FaultKind::network_bandwidth:
            return Family::links;
        case FaultKind::network_reset:
        case FaultKind::network_half_close:
            return Family::connections;
        case FaultKind::process_kill:
        case FaultKind::process_restart:
        case FaultKind::process_restart_loop:
        case FaultKind::process_pause:
        case FaultKind::process_slow:
        case FaultKind::machine_power_loss:
        case FaultKind::machine_lost:
        case FaultKind::zone_power_loss:
            return Family::processes;
        case FaultKind::clock_offset:
        case FaultKind::clock_step:
        case FaultKind::clock_drift:
        case FaultKind::clock_strobe:
            return Family::clocks;
        case FaultKind::disk_no_space:
        case FaultKind::disk_bit_rot:
        case FaultKind::disk_misdirected_write:
            return Family::disks;
        default:
            break;
    }
    ATLAS_CHECK(false, "what is planned has a family");
    std::unreachable();
}

}  // namespace

FaultRunner::FaultRunner(kernel::Kernel& kernel, ClusterControl& control, Dice& dice,
                         NetworkDice& network_dice, DiskDice& disk_dice, FaultPlan plan)
    : control_(control),
      dice_(dice),
      disk_dice_(disk_dice),
      book_(kernel, dice, std::move(plan)),
      links_(book_, control, network_dice),
      connections_(book_, control, network_dice),
      processes_(book_, control, disk_dice),
      clocks_(book_, control),
      disks_(book_, control, disk_dice) {}

void FaultRunner::start() {
    arm();
    for (StrikeIndex index = 0; index < book_.size(); ++index) {
        const host::TimePoint at = host::TimePoint{} + book_.strike(index).at;
        book_.schedule(std::max(at, book_.now()), index, "strike",
                       [this, index] { strike(index); });
    }
}

void FaultRunner::arm() {
    Ledger& ledger = dice_.ledger();
    for (const StrikeRecord& record : records())
        ledger.arm(record.strike.id.kind);
    for (const FaultKindInfo& each : all_fault_kinds()) {
        if (each.occasion == Occasion::scheduled) continue;
        if (has(dice_.options(), each.kind) && has_occasion(each.kind)) ledger.arm(each.kind);
    }
}

// What follows from other faults comes about only with them.
bool FaultRunner::has_occasion(FaultKind kind) const {
    const Ledger& ledger = dice_.ledger();
    if (kind == FaultKind::network_in_flight_loss) {
        return ledger.entry(FaultKind::machine_power_loss).armed > 0 ||
               ledger.entry(FaultKind::machine_lost).armed > 0 ||
               ledger.entry(FaultKind::zone_power_loss).armed > 0;
    }
    if (info(kind).occasion == Occasion::power_loss) return database_loses_power();
    return true;
}

bool FaultRunner::database_loses_power() const {
    const auto is_database = [&](const std::string& name) {
        const std::vector<MachineInfo>& machines = control_.machines();
        const auto machine = std::ranges::find(machines, name, &MachineInfo::name);
        return machine != machines.end() && machine->role == Role::postgres;
    };
    return std::ranges::any_of(records(), [&](const StrikeRecord& record) {
        const Strike& strike = record.strike;
        if (strike.id.kind == FaultKind::zone_power_loss)
            return std::ranges::any_of(strike.machines, is_database);
        return strike.id.kind == FaultKind::machine_power_loss && is_database(strike.id.target);
    });
}

void FaultRunner::strike(StrikeIndex index) {
    if (book_.strike(index).moment == Moment::as_planned) {
        begin(index);
    } else {
        wait_for_sync(index);
    }
}

// Strikes in the middle of the next sync, when the most is at stake; at the latest when patience
// ends, since a database that never syncs must not be spared for it.
void FaultRunner::wait_for_sync(StrikeIndex index) {
    const Strike& strike = book_.strike(index);
    waiting_.insert(index);
    book_.schedule(book_.now() + patience(strike.moment), index, "strike without a sync",
                   [this, index] { begin(index); });
    const auto observe = [this, index](host::Duration takes) {
        if (book_.is_closed() || waiting_.erase(index) == 0) return;
        book_.cancel(index);
        book_.schedule(book_.now() + takes / 2, index, "strike during a sync",
                       [this, index] { begin(index); });
    };
    if (strike.moment == Moment::sync_of_rename) {
        disk_dice_.at_next_sync_of_rename(strike.id.target, observe);
    } else {
        disk_dice_.at_next_sync_of_write(strike.id.target, observe);
    }
}

void FaultRunner::begin(StrikeIndex index) {
    waiting_.erase(index);
    book_.began(index);
    if (!begin_in_family(index)) return;
    book_.schedule(book_.now() + book_.strike(index).lasts, index, "heal",
                   [this, index] { end(index); });
}

bool FaultRunner::begin_in_family(StrikeIndex index) {
    switch (family_of(book_.strike(index).id.kind)) {
        case Family::links:
            return links_.begin(index);
        case Family::connections:
            connections_.strike(index);
            return false;
        case Family::processes:
            return processes_.begin(index);
        case Family::clocks:
            clocks_.begin(index);
            return false;
        case Family::disks:
            return disks_.begin(index);
    }
    std::unreachable();
}

void FaultRunner::end(StrikeIndex index) {
    book_.ended(index);
    switch (family_of(book_.strike(index).id.kind)) {
        case Family::links:
            return links_.end(index);
        case Family::connections:
            return;
        case Family::processes:
            return processes_.end(index);
        case Family::clocks:
            return clocks_.end(index);
        case Family::disks:
            return disks_.end(index);
    }
}

void FaultRunner::stop_and_heal() {
    if (book_.is_closed()) return;
    dice_.calm_down();
    for (StrikeIndex index = 0; index < book_.size(); ++index) {
        if (book_.is_under_way(index)) end(index);
    }
    book_.close();
    clocks_.stop();
    for (const MachineInfo& machine : control_.machines()) {
        control_.resume(machine.name);
        control_.power_on(machine.name);
        control_.restart(machine.name);
    }
}

}  // namespace atlas::sim::faults

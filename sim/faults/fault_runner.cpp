#include "sim/faults/fault_runner.hpp"

#include <xxhash.h>

#include <algorithm>

namespace atlas::sim::faults {
namespace {

// How long a strike waits for a sync to be in the middle of.
constexpr host::Duration patience = 2s;

bool has_power_loss(const std::vector<StrikeRecord>& records,
                    const std::vector<MachineInfo>& machines) {
    return std::ranges::any_of(records, [&](const StrikeRecord& record) {
        if (record.strike.id.kind != FaultKind::machine_power_loss) return false;
        const auto struck =
            std::ranges::find(machines, record.strike.id.target, &MachineInfo::name);
        return struck != machines.end() && struck->role == Role::postgres;
    });
}

}  // namespace

FaultRunner::FaultRunner(kernel::Kernel& kernel, ClusterControl& control, Dice& dice,
                         NetworkDice& network_dice, DiskDice& disk_dice, FaultPlan plan)
    : kernel_(kernel),
      control_(control),
      dice_(dice),
      network_dice_(network_dice),
      disk_dice_(disk_dice) {
    for (Strike& strike : plan) {
        if (dice_.is_suppressed(strike.id.kind, strike.id.target, strike.id.ordinal)) continue;
        ties_.emplace_back(kernel.seed(), "fault", to_string(strike.id));
        records_.push_back({.strike = std::move(strike)});
    }
    waiting_.resize(records_.size(), false);
    pending_.resize(records_.size(), nullptr);
    network_dice_.observe_held_back(
        [this](std::string_view from, std::string_view to) { packet_held_back(from, to); });
    network_dice_.observe_slowness([this](FaultKind kind, std::string_view from,
                                          std::string_view to) { packet_slowed(kind, from, to); });
    disk_dice_.observe_no_space([this](std::string_view machine) { disk_was_full(machine); });
    disk_dice_.observe_damage([this](std::string_view machine, std::uint64_t damage) {
        const auto found = damages_.find({std::string(machine), damage});
        if (found != damages_.end()) effective(found->second);
    });
    network_dice_.observe_resets([this](std::uint64_t connection) { reset_seen(connection); });
    network_dice_.observe_half_closes(
        [this](std::uint64_t connection) { half_close_seen(connection); });
}

FaultRunner::~FaultRunner() {
    network_dice_.observe_held_back({});
    disk_dice_.observe_no_space({});
    disk_dice_.observe_damage({});
    network_dice_.observe_slowness({});
    network_dice_.observe_resets({});
    network_dice_.observe_half_closes({});
    for (kernel::Event* event : pending_) {
        if (event != nullptr) kernel_.cancel(*event);
    }
}

void FaultRunner::start() {
    arm();
    for (Index index = 0; index < records_.size(); ++index) {
        const host::TimePoint at = host::TimePoint{} + records_[index].strike.at;
        schedule(std::max(at, kernel_.now()), index, &FaultRunner::strike, "strike");
    }
}

void FaultRunner::arm() {
    Ledger& ledger = dice_.ledger();
    for (const StrikeRecord& record : records_)
        ledger.arm(record.strike.id.kind);
    const FaultOptions& faults = dice_.options().faults;
    const auto arm_if = [&ledger](bool on, FaultKind kind) {
        if (on) ledger.arm(kind);
    };
    arm_if(faults.network_latency.on, FaultKind::network_latency);
    arm_if(faults.network_loss.on, FaultKind::network_loss);
    arm_if(faults.network_connect_refused.on, FaultKind::network_connect_refused);
    arm_if(faults.network_connect_hang.on, FaultKind::network_connect_hang);
    arm_if(faults.network_name_failure.on, FaultKind::network_name_failure);
    arm_if(faults.network_name_stale.on, FaultKind::network_name_stale);
    arm_if(faults.network_short_read.on, FaultKind::network_short_read);
    arm_if(faults.network_short_write.on, FaultKind::network_short_write);
    arm_if(faults.process_fault_point.on, FaultKind::process_fault_point);
    arm_if(faults.disk_short_read.on, FaultKind::disk_short_read);
    arm_if(faults.disk_short_write.on, FaultKind::disk_short_write);
    arm_if(faults.disk_read_error.on, FaultKind::disk_read_error);
    arm_if(faults.disk_write_error.on, FaultKind::disk_write_error);
    arm_if(faults.disk_stall.on, FaultKind::disk_stall);
    arm_if(faults.process_computation_refused.on, FaultKind::process_computation_refused);
    arm_if(faults.disk_sync_failure.on, FaultKind::disk_sync_failure);
    // What follows from other faults has its occasion only with them.
    arm_if(
        faults.network_in_flight_loss.on && ledger.entry(FaultKind::machine_power_loss).armed > 0,
        FaultKind::network_in_flight_loss);
    const bool loses_power = has_power_loss(records_, control_.machines());
    arm_if(faults.disk_unsynced_writes_lost.on && loses_power,
           FaultKind::disk_unsynced_writes_lost);
    arm_if(faults.disk_torn_write.on && loses_power, FaultKind::disk_torn_write);
    arm_if(faults.disk_unsynced_names_lost.on && loses_power, FaultKind::disk_unsynced_names_lost);
}

void FaultRunner::schedule(host::TimePoint at, Index index, void (FaultRunner::*what)(Index),
                           const char* label) {
    const std::string id = to_string(records_[index].strike.id);
    const std::uint64_t digest = XXH3_64bits(id.data(), id.size());
    pending_[index] = &kernel_.schedule(at, ties_[index], kernel::EventKind::fault, label, digest,
                                        [this, index, what] {
                                            pending_[index] = nullptr;
                                            (this->*what)(index);
                                        });
}

void FaultRunner::strike(Index index) {
    if (stopped_) return;
    if (records_[index].strike.during_sync) {
        wait_for_sync(index);
    } else {
        begin(index);
    }
}

// Strikes in the middle of the next sync, when the most is at stake; at the latest when patience
// ends, since a database that never syncs must not be spared for it.
void FaultRunner::wait_for_sync(Index index) {
    waiting_[index] = true;
    schedule(kernel_.now() + patience, index, &FaultRunner::begin, "strike without a sync");
    disk_dice_.at_next_sync(records_[index].strike.id.target, [this, index](host::Duration takes) {
        if (!waiting_[index] || stopped_) return;
        kernel_.cancel(*pending_[index]);
        schedule(kernel_.now() + takes / 2, index, &FaultRunner::begin, "strike during a sync");
        waiting_[index] = false;
    });
}

void FaultRunner::begin(Index index) {
    waiting_[index] = false;
    if (stopped_) return;
    StrikeRecord& record = records_[index];
    record.began = kernel_.now();
    switch (record.strike.id.kind) {
        case FaultKind::process_kill:
        case FaultKind::process_restart:
            kill(index);
            break;
        case FaultKind::process_pause:
            if (control_.pause(record.strike.id.target)) fired(index);
            break;
        case FaultKind::machine_power_loss:
            lose_power(index);
            break;
        case FaultKind::network_partition_symmetric:
        case FaultKind::network_partition_one_way:
            fired(index);
            set_partition(index, true);
            break;
        case FaultKind::network_clog:
            fired(index);
            set_blocked(index, {record.strike.machines[0], record.strike.machines[1]}, true);
            break;
        case FaultKind::network_swizzle:
            fired(index);
            swizzle(index);
            return;
        case FaultKind::network_slow_link:
        case FaultKind::network_bandwidth:
            fired(index);
            set_condition(index, true);
            break;
        case FaultKind::disk_no_space:
            fired(index);
            set_disk_full(index, true);
            break;
        case FaultKind::process_slow:
            fired(index);
            set_slow(index, true);
            break;
        case FaultKind::process_restart_loop:
            kill_again(index);
            return;
        case FaultKind::disk_bit_rot:
        case FaultKind::disk_misdirected_write:
            damage_disk(index);
            return;
        case FaultKind::network_reset:
            reset_connection(index);
            return;
        case FaultKind::network_half_close:
            half_close(index);
            return;
        case FaultKind::clock_offset:
        case FaultKind::clock_step:
            step_clock(index);
            return;
        case FaultKind::clock_drift:
            drift_clock(index);
            return;
        case FaultKind::clock_strobe:
            fired(index);
            strobe_clock(index);
            return;
        default:
            return;
    }
    // Also when there was nothing to strike: what was down stays down until it is healed.
    schedule(kernel_.now() + record.strike.lasts, index, &FaultRunner::end, "heal");
}

void FaultRunner::end(Index index) {
    if (stopped_) return;
    StrikeRecord& record = records_[index];
    record.ended = kernel_.now();
    const std::string& target = record.strike.id.target;
    switch (record.strike.id.kind) {
        case FaultKind::process_kill:
        case FaultKind::process_restart:
            control_.restart(target);
            break;
        case FaultKind::process_pause:
            // Of two that overlap the second found it paused already: the first ends it.
            if (record.fired && control_.resume(target)) effective(index);
            break;
        case FaultKind::machine_power_loss:
            control_.power_on(target);
            break;
        case FaultKind::network_partition_symmetric:
        case FaultKind::network_partition_one_way:
            set_partition(index, false);
            break;
        case FaultKind::network_clog:
            set_blocked(index, {record.strike.machines[0], record.strike.machines[1]}, false);
            break;
        case FaultKind::network_swizzle:
            end_swizzle(index);
            break;
        case FaultKind::process_slow:
            set_slow(index, false);
            break;
        case FaultKind::disk_no_space:
            set_disk_full(index, false);
            break;
        case FaultKind::clock_strobe:
            throw_back_clock(index);
            break;
        case FaultKind::network_slow_link:
        case FaultKind::network_bandwidth:
            set_condition(index, false);
            break;
        default:
            break;
    }
}

void FaultRunner::stop_and_heal() {
    if (stopped_) return;
    dice_.calm_down();
    for (Index index = 0; index < records_.size(); ++index) {
        const StrikeRecord& record = records_[index];
        if (record.fired && record.strike.lasts > host::Duration::zero() &&
            record.ended == host::TimePoint{}) {
            end(index);
        }
    }
    stopped_ = true;
    for (const MachineInfo& machine : control_.machines()) {
        for (const FaultKind kind :
             {FaultKind::clock_offset, FaultKind::clock_step, FaultKind::clock_drift})
            judge_clock(kind, machine.name);
        control_.set_clock_drift(machine.name, host::Duration::zero());
        control_.resume(machine.name);
        control_.power_on(machine.name);
        control_.restart(machine.name);
    }
}

void FaultRunner::kill(Index index) {
    const WorkLost lost = control_.kill(records_[index].strike.id.target);
    if (lost.processes == 0) return;
    fired(index);
    if (lost.anything()) effective(index);
}

void FaultRunner::kill_again(Index index) {
    if (stopped_) return;
    StrikeRecord& record = records_[index];
    const std::string& machine = record.strike.id.target;
    const WorkLost lost = control_.kill(machine);
    if (lost.processes > 0 && !record.fired) fired(index);
    if (lost.anything() && ++lives_lost_[index] == 2) effective(index);
    control_.restart(machine);
    const host::TimePoint last = record.began + record.strike.lasts;
    if (kernel_.now() >= last) {
        record.ended = kernel_.now();
        return;
    }
    const host::Duration life = std::max(record.strike.amount, host::Duration{1ms});
    schedule(std::min(kernel_.now() + life, last), index, &FaultRunner::kill_again, "kill again");
}

void FaultRunner::lose_power(Index index) {
    const std::string& machine = records_[index].strike.id.target;
    disk_dice_.power_will_be_lost(machine, records_[index].strike.id.ordinal);
    const ClusterControl::PowerLoss loss = control_.power_loss(machine);
    disk_dice_.power_lost(machine, loss.disk);
    if (loss.work.processes == 0) return;
    fired(index);
    if (loss.work.anything() || loss.disk.anything_lost()) effective(index);
}

void FaultRunner::damage_disk(Index index) {
    const Strike& strike = records_[index].strike;
    const std::string& machine = strike.id.target;
    const std::optional<std::uint64_t> damage =
        strike.id.kind == FaultKind::disk_bit_rot
            ? control_.rot_bit(machine, strike.choice)
            : control_.misdirect_next_write(machine, strike.choice);
    if (!damage) return;
    fired(index);
    damages_[{machine, *damage}] = index;
}

void FaultRunner::set_disk_full(Index index, bool full) {
    const std::string& machine = records_[index].strike.id.target;
    std::vector<Index>& strikes = full_disks_[machine];
    if (full) {
        strikes.push_back(index);
    } else {
        std::erase(strikes, index);
    }
    // Strikes may overlap: there is room again with the end of the last.
    if (strikes.size() == (full ? 1 : 0)) control_.set_disk_full(machine, full);
}

void FaultRunner::disk_was_full(std::string_view machine) {
    const auto strikes = full_disks_.find(machine);
    if (strikes == full_disks_.end()) return;
    for (const Index index : strikes->second)
        effective(index);
}

void FaultRunner::set_slow(Index index, bool slow) {
    const std::string& machine = records_[index].strike.id.target;
    std::vector<Index>& strikes = slow_machines_[machine];
    const std::vector<Index> before = strikes;
    if (slow) {
        strikes.push_back(index);
    } else {
        std::erase(strikes, index);
    }
    host::Duration step_time{};
    for (const Index each : strikes)
        step_time += records_[each].strike.amount;
    if (control_.set_step_time(machine, step_time) == 0) return;
    for (const Index each : before)
        effective(each);
}

void FaultRunner::fired(Index index) {
    records_[index].fired = true;
    dice_.ledger().fire(records_[index].strike.id.kind);
}

void FaultRunner::effective(Index index) {
    if (records_[index].effective) return;
    records_[index].effective = true;
    dice_.ledger().effect(records_[index].strike.id.kind);
}

}  // namespace atlas::sim::faults

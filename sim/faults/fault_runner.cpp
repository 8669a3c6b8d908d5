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
    network_dice_.observe_resets([this](std::uint64_t connection) { reset_seen(connection); });
}

FaultRunner::~FaultRunner() {
    network_dice_.observe_held_back({});
    network_dice_.observe_resets({});
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
    arm_if(faults.network_short_read.on, FaultKind::network_short_read);
    arm_if(faults.network_short_write.on, FaultKind::network_short_write);
    arm_if(faults.process_fault_point.on, FaultKind::process_fault_point);
    arm_if(faults.disk_short_read.on, FaultKind::disk_short_read);
    arm_if(faults.disk_short_write.on, FaultKind::disk_short_write);
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
        case FaultKind::network_reset:
            reset_connection(index);
            return;
        case FaultKind::clock_offset:
        case FaultKind::clock_step:
            step_clock(index);
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
        judge_clock(machine.name);
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

void FaultRunner::lose_power(Index index) {
    const std::string& machine = records_[index].strike.id.target;
    disk_dice_.power_will_be_lost(machine, records_[index].strike.id.ordinal);
    const ClusterControl::PowerLoss loss = control_.power_loss(machine);
    disk_dice_.power_lost(machine, loss.disk);
    if (loss.work.processes == 0) return;
    fired(index);
    if (loss.work.anything() || loss.disk.anything_lost()) effective(index);
}

void FaultRunner::reset_connection(Index index) {
    const Strike& strike = records_[index].strike;
    const std::optional<std::uint64_t> connection =
        control_.reset_connection(strike.machines[0], strike.machines[1], strike.choice);
    if (!connection) return;
    fired(index);
    resets_.emplace(*connection, index);
}

void FaultRunner::step_clock(Index index) {
    const Strike& strike = records_[index].strike;
    judge_clock(strike.id.target);
    const host::Duration before = control_.clock_offset(strike.id.target);
    control_.set_clock_offset(strike.id.target, before + strike.clock);
    fired(index);
    if (control_.clock_offset(strike.id.target) == before) return;
    clock_changes_[strike.id.target] = {index, control_.clock_readings(strike.id.target)};
}

// A wrong clock has an effect once somebody has read it.
void FaultRunner::judge_clock(const std::string& machine) {
    const auto change = clock_changes_.find(machine);
    if (change == clock_changes_.end()) return;
    const auto [index, readings_before] = change->second;
    if (control_.clock_readings(machine) > readings_before) effective(index);
    clock_changes_.erase(change);
}

void FaultRunner::set_partition(Index index, bool blocked) {
    const Strike& strike = records_[index].strike;
    const bool both_ways = strike.id.kind == FaultKind::network_partition_symmetric;
    for (const std::string& inside : strike.machines) {
        for (const MachineInfo& machine : control_.machines()) {
            const std::string& outside = machine.name;
            if (std::ranges::find(strike.machines, outside) != strike.machines.end()) continue;
            for (const bool inward : {false, true}) {
                if (!both_ways && inward != strike.inward) continue;
                const MachinePair link =
                    inward ? MachinePair{outside, inside} : MachinePair{inside, outside};
                std::vector<Index>& partitions = blocked_[link];
                if (blocked) {
                    partitions.push_back(index);
                } else {
                    std::erase(partitions, index);
                }
                // Partitions may overlap: the link opens with the last of them.
                if (partitions.size() <= 1) {
                    control_.set_link_blocked(link.first, link.second, !partitions.empty());
                }
            }
        }
    }
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

void FaultRunner::packet_held_back(std::string_view from, std::string_view to) {
    const auto partitions = blocked_.find({std::string(from), std::string(to)});
    if (partitions == blocked_.end()) return;
    for (const Index index : partitions->second)
        effective(index);
}

void FaultRunner::reset_seen(std::uint64_t connection) {
    const auto reset = resets_.find(connection);
    if (reset != resets_.end()) effective(reset->second);
}

}  // namespace atlas::sim::faults

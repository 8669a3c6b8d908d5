#include "sim/faults/disk_dice.hpp"

#include <xxhash.h>

#include <array>
#include <utility>

namespace atlas::sim::faults {

using disk::OperationKind;
using disk::UnsyncedPart;

namespace {

// Longer than an operation ordinarily takes.
constexpr host::Duration least_stall = 100ms;

}  // namespace

DiskDice::MachineState::MachineState(Dice& dice, const std::string& machine)
    : ordinary(dice.seed(), "disk.ordinary", machine),
      short_read(dice, FaultKind::disk_short_read, machine),
      short_write(dice, FaultKind::disk_short_write, machine),
      read_error(dice, FaultKind::disk_read_error, machine),
      write_error(dice, FaultKind::disk_write_error, machine),
      stall(dice, FaultKind::disk_stall, machine),
      sync_failure(dice, FaultKind::disk_sync_failure, machine) {}

DiskDice::MachineState& DiskDice::at(std::string_view machine) {
    const auto found = machines_.find(machine);
    if (found != machines_.end()) return found->second;
    const std::string name{machine};
    return machines_.emplace(name, MachineState(dice_, name)).first->second;
}

host::Duration DiskDice::ordinary_latency(MachineState& state, OperationKind kind) {
    const DiskOptions& ordinary = dice_.options().disk;
    host::RandomSource source = state.ordinary.source(state.operations++);
    switch (kind) {
        case OperationKind::sync:
        case OperationKind::sync_directory:
        case OperationKind::make_directory:
            return ordinary.sync / 2 + source.exponential(ordinary.sync / 2);
        case OperationKind::open:
        case OperationKind::list:
        case OperationKind::read:
            return source.between(ordinary.read / 2, ordinary.read * 3 / 2);
        case OperationKind::write:
        case OperationKind::truncate:
        case OperationKind::rename:
        case OperationKind::remove:
            return source.between(ordinary.write / 2, ordinary.write * 3 / 2);
    }
    return {};
}

disk::Decision DiskDice::decide(const disk::Operation& operation) {
    MachineState& state = at(operation.machine);
    disk::Decision decision{.latency = ordinary_latency(state, operation.kind)};
    strike_latency(state, operation, decision);
    if (operation.kind == OperationKind::write && operation.bytes > disk::sector_bytes)
        state.has_written = true;
    if (operation.kind == OperationKind::rename) state.has_renamed = true;
    if (operation.kind == OperationKind::read || operation.kind == OperationKind::write) {
        strike_transfer(state, operation, decision);
        return decision;
    }
    const bool is_sync =
        operation.kind == OperationKind::sync || operation.kind == OperationKind::sync_directory;
    if (!is_sync) return decision;
    const OperationFault& fault = dice_.options().faults.disk_sync_failure;
    if (state.sync_failure.next(fault.on, fault.per_million)) {
        decision.error = host::ErrorCode::io_error;
    }
    const bool is_of_names = operation.kind == OperationKind::sync_directory;
    if (is_of_names && std::exchange(state.has_renamed, false))
        tell(state.rename_sync_observers, decision.latency);
    if (!is_of_names && std::exchange(state.has_written, false))
        tell(state.write_sync_observers, decision.latency);
    return decision;
}

void DiskDice::strike_latency(MachineState& state, const disk::Operation& operation,
                              disk::Decision& decision) {
    const bool can_stall = operation.kind == OperationKind::read ||
                           operation.kind == OperationKind::write ||
                           operation.kind == OperationKind::sync;
    if (!can_stall) return;
    const LatencyFault& fault = dice_.options().faults.disk_stall;
    auto strike = state.stall.next(fault.on, fault.per_million);
    if (!strike) return;
    const host::Duration added = least_stall + strike->exponential(fault.tail);
    decision.latency += added;
    state.stalled[{operation.kind, operation.ordinal}] = added;
}

// Those that their process does not live to see stay on the list, and have no effect.
void DiskDice::judge_stall(const disk::Operation& operation, const disk::Outcome& outcome) {
    auto& stalled = at(operation.machine).stalled;
    const auto found = stalled.find({operation.kind, operation.ordinal});
    if (found == stalled.end()) return;
    if (outcome.took >= found->second) dice_.ledger().effect(FaultKind::disk_stall);
    stalled.erase(found);
}

void DiskDice::strike_transfer(MachineState& state, const disk::Operation& operation,
                               disk::Decision& decision) {
    const bool reads = operation.kind == OperationKind::read;
    const OperationFault& fault =
        reads ? dice_.options().faults.disk_short_read : dice_.options().faults.disk_short_write;
    Decisions& decisions = reads ? state.short_read : state.short_write;
    const auto shortness = decisions.roll(fault.on, fault.per_million, operation.bytes > 1);
    const OperationFault& error =
        reads ? dice_.options().faults.disk_read_error : dice_.options().faults.disk_write_error;
    Decisions& errors = reads ? state.read_error : state.write_error;
    const auto failure = errors.roll(error.on, error.per_million, operation.bytes > 0);
    // What fails transfers nothing, so it is not short as well, nor is it when the failure is
    // suppressed.
    if (failure) {
        if (errors.fire(*failure)) decision.error = host::ErrorCode::io_error;
        return;
    }
    if (!shortness) return;
    auto strike = decisions.fire(*shortness);
    if (strike) decision.limit = 1 + strike->below(operation.bytes - 1);
}

void DiskDice::completed(const disk::Operation& operation, const disk::Outcome& outcome) {
    judge_stall(operation, outcome);
    if (outcome.damage && damage_observer_) damage_observer_(operation.machine, *outcome.damage);
    if (outcome.error == host::ErrorCode::no_space && space_observer_) {
        space_observer_(operation.machine, outcome.took);
    }
    const bool is_short = !outcome.error && outcome.bytes < operation.bytes;
    const bool failed = outcome.error == host::ErrorCode::io_error;
    if (operation.kind == OperationKind::read && failed) {
        dice_.ledger().effect(FaultKind::disk_read_error);
    } else if (operation.kind == OperationKind::read && is_short) {
        dice_.ledger().effect(FaultKind::disk_short_read);
    } else if (operation.kind == OperationKind::write && failed) {
        dice_.ledger().effect(FaultKind::disk_write_error);
    } else if (operation.kind == OperationKind::write && is_short) {
        dice_.ledger().effect(FaultKind::disk_short_write);
    } else if ((operation.kind == OperationKind::sync ||
                operation.kind == OperationKind::sync_directory) &&
               failed) {
        dice_.ledger().effect(FaultKind::disk_sync_failure);
    }
}

void DiskDice::at_next_sync_of_write(std::string_view machine, SyncObserver observer) {
    at(machine).write_sync_observers.push_back(std::move(observer));
}

void DiskDice::at_next_sync_of_rename(std::string_view machine, SyncObserver observer) {
    at(machine).rename_sync_observers.push_back(std::move(observer));
}

void DiskDice::tell(std::vector<SyncObserver>& observers, host::Duration latency) {
    for (const SyncObserver& observer : std::exchange(observers, {}))
        observer(latency);
}

bool DiskDice::decides(FaultKind kind, const OperationFault& fault, const disk::Loss& loss) const {
    if (!fault.on || dice_.is_calm()) return false;
    host::RandomSource source =
        DecisionSources(dice_.seed(), kind, loss.machine).source(loss.ordinal);
    return source.chance(fault.per_million, 1'000'000) &&
           !dice_.is_suppressed(kind, loss.machine, loss.ordinal);
}

DiskDice::LossState DiskDice::decide_loss(const disk::Loss& loss) {
    constexpr std::array<std::uint64_t, 6> survival_percents{0, 0, 25, 50, 75, 95};
    const bool is_power = loss.cause == disk::LossCause::power_loss;
    const std::string_view occasion = is_power ? "disk.power_loss" : "disk.failed_sync";
    host::RandomSource source =
        DecisionSources(dice_.seed(), occasion, loss.machine).source(loss.ordinal);
    LossState state{.cause = loss.cause, .ordinal = loss.ordinal};
    state.key = source.next();
    state.survival_percent = survival_percents[source.below(survival_percents.size())];
    if (!is_power) {
        state.takes_writes = true;
        return state;
    }
    const FaultOptions& faults = dice_.options().faults;
    state.takes_writes =
        decides(FaultKind::disk_unsynced_writes_lost, faults.disk_unsynced_writes_lost, loss);
    state.tears_writes = decides(FaultKind::disk_torn_write, faults.disk_torn_write, loss);
    state.takes_names =
        decides(FaultKind::disk_unsynced_names_lost, faults.disk_unsynced_names_lost, loss);
    return state;
}

bool DiskDice::survives(const disk::Loss& loss, const UnsyncedPart& part) {
    MachineState& machine = at(loss.machine);
    if (machine.loses_everything) return false;
    if (!machine.loss || machine.loss->cause != loss.cause ||
        machine.loss->ordinal != loss.ordinal) {
        disk::Loss drawn = loss;
        if (loss.cause == disk::LossCause::power_loss && machine.strike)
            drawn.ordinal = *machine.strike;
        machine.loss = decide_loss(drawn);
        machine.loss->ordinal = loss.ordinal;
    }
    LossState& state = *machine.loss;
    const std::uint64_t change_key =
        XXH3_64bits_withSeed(part.path.data(), part.path.size(), state.key + part.change);
    const auto drawn_to_survive = [&](std::uint64_t key) {
        return host::RandomSource(key).chance(state.survival_percent, 100);
    };
    if (part.kind == UnsyncedPart::Kind::name) {
        const bool survives = !state.takes_names || drawn_to_survive(change_key + 1);
        if (!survives) state.took_name = true;
        return survives;
    }
    const bool is_torn = state.tears_writes && part.kind == UnsyncedPart::Kind::sector &&
                         host::RandomSource(change_key + 2).chance(3, 4);
    if (is_torn) {
        const std::uint64_t sector_key = host::mix(change_key + 3 + part.sector);
        const bool survives = host::RandomSource(sector_key).chance(1, 2);
        if (!survives) state.tore_write = true;
        return survives;
    }
    const bool survives = !state.takes_writes || drawn_to_survive(change_key);
    if (!survives) state.took_write = true;
    return survives;
}

void DiskDice::power_will_be_lost(std::string_view machine, std::uint64_t strike) {
    at(machine).strike = strike;
}

void DiskDice::everything_unsynced_will_be_lost(std::string_view machine) {
    at(machine).loses_everything = true;
}

void DiskDice::power_lost(std::string_view machine, const disk::PowerLossReport& report) {
    MachineState& state = at(machine);
    state.strike.reset();
    state.has_written = state.has_renamed = false;
    if (!state.loss || state.loss->cause != disk::LossCause::power_loss) return;
    Ledger& ledger = dice_.ledger();
    const auto judge = [&ledger](FaultKind kind, bool fired, bool effective) {
        if (!fired) return;
        ledger.fire(kind);
        if (effective) ledger.effect(kind);
    };
    const bool content_changed =
        report.content.sectors_changed > 0 || report.content.sizes_lost > 0;
    judge(FaultKind::disk_unsynced_writes_lost, state.loss->took_write, content_changed);
    judge(FaultKind::disk_torn_write, state.loss->tore_write, report.content.writes_torn > 0);
    judge(FaultKind::disk_unsynced_names_lost, state.loss->took_name, report.names_lost > 0);
    state.loss.reset();
}

void DiskDice::disk_replaced(std::string_view machine) {
    MachineState& state = at(machine);
    state.has_written = state.has_renamed = false;
}

}  // namespace atlas::sim::faults

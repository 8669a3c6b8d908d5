// What the runner does to clocks: steps, drifts and strobes.

#include <algorithm>

#include "sim/faults/fault_runner.hpp"

namespace atlas::sim::faults {

void FaultRunner::step_clock(Index index) {
    const Strike& strike = records_[index].strike;
    judge_clock(strike.id.kind, strike.id.target);
    const host::Duration before = control_.clock_offset(strike.id.target);
    control_.set_clock_offset(strike.id.target, before + strike.clock);
    fired(index);
    if (control_.clock_offset(strike.id.target) == before) return;
    watch_clock(index);
}

void FaultRunner::drift_clock(Index index) {
    const Strike& strike = records_[index].strike;
    control_.set_clock_drift(strike.id.target, strike.clock);
    fired(index);
    // At first there is nothing to be seen of it.
    schedule(kernel_.now() + host::Duration{1s}, index, &FaultRunner::watch_clock, "drift shows");
}

void FaultRunner::watch_clock(Index index) {
    const FaultId& id = records_[index].strike.id;
    clock_changes_[{id.kind, id.target}] = {index, control_.clock_readings(id.target)};
}

// To one side or back again, until its time is over.
void FaultRunner::strobe_clock(Index index) {
    if (stopped_) return;
    StrikeRecord& record = records_[index];
    const Strike& strike = record.strike;
    const host::TimePoint last = record.began + strike.lasts;
    if (thrown_off_.contains(index)) {
        throw_back_clock(index);
    } else if (kernel_.now() < last) {
        const host::Duration offset = control_.clock_offset(strike.id.target);
        control_.set_clock_offset(strike.id.target, offset + strike.clock);
        thrown_off_[index] = control_.clock_readings(strike.id.target);
    }
    if (kernel_.now() >= last) {
        record.ended = kernel_.now();
        return;
    }
    const host::Duration stays = std::max(strike.amount, host::Duration{1ms});
    schedule(std::min(kernel_.now() + stays, last), index, &FaultRunner::strobe_clock, "strobe");
}

void FaultRunner::throw_back_clock(Index index) {
    const auto thrown = thrown_off_.find(index);
    if (thrown == thrown_off_.end()) return;
    const Strike& strike = records_[index].strike;
    const host::Duration offset = control_.clock_offset(strike.id.target);
    control_.set_clock_offset(strike.id.target, offset - strike.clock);
    if (control_.clock_readings(strike.id.target) > thrown->second) effective(index);
    thrown_off_.erase(thrown);
}

// A wrong clock has an effect once somebody has read it.
void FaultRunner::judge_clock(FaultKind kind, const std::string& machine) {
    const auto change = clock_changes_.find({kind, machine});
    if (change == clock_changes_.end()) return;
    const auto [index, readings_before] = change->second;
    if (control_.clock_readings(machine) > readings_before) effective(index);
    clock_changes_.erase(change);
}

}  // namespace atlas::sim::faults

#include "sim/faults/clock_strikes.hpp"

#include <algorithm>

namespace atlas::sim::faults {

void ClockStrikes::begin(StrikeIndex index) {
    book_.fired(index);
    switch (book_.strike(index).id.kind) {
        case FaultKind::clock_drift:
            return drift(index);
        case FaultKind::clock_strobe:
            return strobe(index);
        default:
            return step(index);
    }
}

void ClockStrikes::end(StrikeIndex index) {
    throw_back(index);
}

void ClockStrikes::stop() {
    for (const MachineInfo& machine : control_.machines()) {
        for (const FaultKind kind :
             {FaultKind::clock_offset, FaultKind::clock_step, FaultKind::clock_drift})
            judge(kind, machine.name);
        control_.set_clock_drift(machine.name, host::Duration::zero());
    }
}

void ClockStrikes::step(StrikeIndex index) {
    const Strike& strike = book_.strike(index);
    judge(strike.id.kind, strike.id.target);
    const host::Duration before = control_.clock_offset(strike.id.target);
    control_.set_clock_offset(strike.id.target, before + strike.clock);
    if (control_.clock_offset(strike.id.target) != before) watch(index);
}

void ClockStrikes::drift(StrikeIndex index) {
    const Strike& strike = book_.strike(index);
    control_.set_clock_drift(strike.id.target, strike.clock);
    // At first there is nothing to be seen of it.
    book_.schedule(book_.now() + host::Duration{1s}, index, "drift shows",
                   [this, index] { watch(index); });
}

void ClockStrikes::watch(StrikeIndex index) {
    const FaultId& id = book_.strike(index).id;
    changes_[{id.kind, id.target}] = {index, control_.clock_readings(id.target)};
}

// To one side or back again, until its time is over.
void ClockStrikes::strobe(StrikeIndex index) {
    const Strike& strike = book_.strike(index);
    const host::TimePoint last = book_.last_moment(index);
    if (thrown_off_.contains(index)) {
        throw_back(index);
    } else if (book_.now() < last) {
        const host::Duration offset = control_.clock_offset(strike.id.target);
        control_.set_clock_offset(strike.id.target, offset + strike.clock);
        thrown_off_[index] = control_.clock_readings(strike.id.target);
    }
    if (book_.now() >= last) return book_.ended(index);
    const host::Duration stays = std::max(strike.amount, host::Duration{1ms});
    book_.schedule(std::min(book_.now() + stays, last), index, "strobe",
                   [this, index] { strobe(index); });
}

void ClockStrikes::throw_back(StrikeIndex index) {
    const auto thrown = thrown_off_.find(index);
    if (thrown == thrown_off_.end()) return;
    const Strike& strike = book_.strike(index);
    const host::Duration offset = control_.clock_offset(strike.id.target);
    control_.set_clock_offset(strike.id.target, offset - strike.clock);
    if (control_.clock_readings(strike.id.target) > thrown->second) book_.effective(index);
    thrown_off_.erase(thrown);
}

void ClockStrikes::judge(FaultKind kind, const std::string& machine) {
    const auto change = changes_.find({kind, machine});
    if (change == changes_.end()) return;
    const auto [index, readings_before] = change->second;
    if (control_.clock_readings(machine) > readings_before) book_.effective(index);
    changes_.erase(change);
}

}  // namespace atlas::sim::faults

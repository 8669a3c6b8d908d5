#include "sim/faults/process_strikes.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace atlas::sim::faults {
namespace {

/// How long a strike waits until the machine may be lost, and how often it looks.
constexpr host::Duration patience = 60s;
constexpr host::Duration between_looks = 500ms;
/// A machine's power losses with its zone are numbered apart from those of its own.
constexpr std::uint64_t first_of_zones = 1'000'000;

}  // namespace

bool ProcessStrikes::begin(StrikeIndex index) {
    const Strike& strike = book_.strike(index);
    switch (strike.id.kind) {
        case FaultKind::process_restart_loop:
            kill_again(index);
            return false;
        case FaultKind::process_pause:
            if (control_.pause(strike.id.target)) book_.fired(index);
            return true;
        case FaultKind::process_slow:
            book_.fired(index);
            set_slow(index, true);
            return true;
        case FaultKind::machine_power_loss:
            lose_power(index, strike.id.target, strike.id.ordinal);
            return true;
        case FaultKind::zone_power_loss:
            lose_power_in_zone(index);
            return true;
        case FaultKind::machine_lost:
            lose_when_there_is_an_heir(index, book_.now() + patience);
            return false;
        default:
            kill(index);
            return true;
    }
}

void ProcessStrikes::end(StrikeIndex index) {
    const std::string& machine = book_.strike(index).id.target;
    switch (book_.strike(index).id.kind) {
        case FaultKind::process_restart_loop:
            return;
        case FaultKind::process_pause:
            // Of two that overlap the second found it paused already: the first ends it.
            if (book_.has_fired(index) && control_.resume(machine)) book_.effective(index);
            return;
        case FaultKind::process_slow:
            return set_slow(index, false);
        case FaultKind::zone_power_loss:
            for (const std::string& each : book_.strike(index).machines)
                hold_down_no_more(index, each);
            return;
        default:
            hold_down_no_more(index, machine);
    }
}

void ProcessStrikes::hold_down_no_more(StrikeIndex index, const std::string& machine) {
    if (down_.remove(machine, index).empty()) come_back(machine);
}

// Power brings the processes back with it.
void ProcessStrikes::come_back(const std::string& machine) {
    if (unpowered_.erase(machine) > 0) {
        control_.power_on(machine);
        for (const StrikeIndex index : std::exchange(emptied_[machine], {}))
            book_.effective(index);
    } else {
        control_.restart(machine);
    }
}

void ProcessStrikes::kill(StrikeIndex index) {
    down_.add(book_.strike(index).id.target, index);
    const WorkLost lost = control_.kill(book_.strike(index).id.target);
    if (lost.processes == 0) return;
    book_.fired(index);
    if (lost.anything()) book_.effective(index);
}

void ProcessStrikes::kill_again(StrikeIndex index) {
    const Strike& strike = book_.strike(index);
    const WorkLost lost = control_.kill(strike.id.target);
    if (lost.processes > 0 && !book_.has_fired(index)) book_.fired(index);
    if (lost.anything() && ++lives_lost_[index] == 2) book_.effective(index);
    if (down_.on(strike.id.target).empty()) control_.restart(strike.id.target);
    const host::TimePoint last = book_.last_moment(index);
    if (book_.now() >= last) return book_.ended(index);
    const host::Duration life = std::max(strike.amount, host::Duration{1ms});
    book_.schedule(std::min(book_.now() + life, last), index, "kill again",
                   [this, index] { kill_again(index); });
}

// The number says which of the machine's losses it is, to those who draw what it leaves.
void ProcessStrikes::lose_power(StrikeIndex index, const std::string& machine,
                                std::uint64_t number) {
    down_.add(machine, index);
    unpowered_.insert(machine);
    dice_.power_will_be_lost(machine, number);
    const ClusterControl::PowerLoss loss = control_.power_loss(machine);
    dice_.power_lost(machine, loss.disk);
    // What a process killed before had not synced is lost with the power all the same.
    if (loss.work.processes == 0 && !loss.disk.anything_lost()) return;
    if (!book_.has_fired(index)) book_.fired(index);
    if (loss.work.anything() || loss.disk.anything_lost()) book_.effective(index);
}

void ProcessStrikes::lose_power_in_zone(StrikeIndex index) {
    const Strike& strike = book_.strike(index);
    for (const std::string& machine : strike.machines)
        lose_power(index, machine, first_of_zones + strike.id.ordinal);
}

void ProcessStrikes::lose_when_there_is_an_heir(StrikeIndex index, host::TimePoint no_later) {
    if (!control_.lacks_heir(book_.strike(index).id.target)) return lose_machine(index);
    if (book_.now() >= no_later) return;
    book_.schedule(book_.now() + between_looks, index, "wait for an heir",
                   [this, index, no_later] { lose_when_there_is_an_heir(index, no_later); });
}

void ProcessStrikes::lose_machine(StrikeIndex index) {
    const std::string& machine = book_.strike(index).id.target;
    book_.began(index);
    down_.add(machine, index);
    unpowered_.insert(machine);
    const ClusterControl::MachineLoss loss = control_.lose(machine);
    dice_.disk_replaced(machine);
    book_.schedule(book_.last_moment(index), index, "replace", [this, index] {
        book_.ended(index);
        end(index);
    });
    if (loss.work.processes == 0 && loss.files == 0) return;
    book_.fired(index);
    if (loss.files > 0) emptied_[machine].push_back(index);
}

void ProcessStrikes::set_slow(StrikeIndex index, bool slow) {
    const std::string& machine = book_.strike(index).id.target;
    const std::vector<StrikeIndex> before = slow_.on(machine);
    host::Duration step_time{};
    for (const StrikeIndex each : slow ? slow_.add(machine, index) : slow_.remove(machine, index))
        step_time += book_.strike(each).amount;
    if (control_.set_step_time(machine, step_time) == 0) return;
    for (const StrikeIndex each : before)
        book_.effective(each);
}

}  // namespace atlas::sim::faults

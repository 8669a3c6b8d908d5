// What the runner does to links and connections, and what came of it.

#include <algorithm>

#include "sim/faults/fault_runner.hpp"

namespace atlas::sim::faults {
namespace {

// The machines of a swizzle in the order in which they come back: the choice names one of all the
// orders that there are.
std::vector<std::string> order_of_return(const Strike& strike) {
    std::vector<std::string> order = strike.machines;
    std::uint64_t choice = strike.choice;
    for (std::size_t left = order.size(); left > 1; --left) {
        std::swap(order[left - 1], order[choice % left]);
        choice /= left;
    }
    return order;
}

}  // namespace

void FaultRunner::reset_connection(Index index) {
    const Strike& strike = records_[index].strike;
    const std::optional<std::uint64_t> connection =
        control_.reset_connection(strike.machines[0], strike.machines[1], strike.choice);
    if (!connection) return;
    fired(index);
    resets_.emplace(*connection, index);
}

void FaultRunner::half_close(Index index) {
    const Strike& strike = records_[index].strike;
    const std::optional<std::uint64_t> connection =
        control_.half_close(strike.machines[0], strike.machines[1], strike.choice);
    if (!connection) return;
    fired(index);
    half_closes_.emplace(*connection, index);
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
                set_blocked(index, link, blocked);
            }
        }
    }
}

// One more machine is cut off, until all are; then one more comes back. Each step takes its share
// of the time.
void FaultRunner::swizzle(Index index) {
    if (stopped_) return;
    const Strike& strike = records_[index].strike;
    const std::size_t count = strike.machines.size();
    const std::size_t step = swizzled_[index]++;
    if (step < count) {
        set_cut_off(index, strike.machines[step], true);
    } else {
        set_cut_off(index, order_of_return(strike)[step - count], false);
    }
    if (step + 1 == 2 * count) {
        records_[index].ended = kernel_.now();
        return;
    }
    const auto steps = static_cast<std::int64_t>(2 * count);
    schedule(kernel_.now() + strike.lasts / steps, index, &FaultRunner::swizzle, "swizzle");
}

// In its midst: those that are cut off come back at once.
void FaultRunner::end_swizzle(Index index) {
    const Strike& strike = records_[index].strike;
    const std::vector<std::string> order = order_of_return(strike);
    const std::size_t steps = swizzled_[index];
    const std::size_t count = order.size();
    const std::size_t closed = std::min(steps, count);
    const auto first_closed = strike.machines.begin();
    const auto last_closed = first_closed + static_cast<std::ptrdiff_t>(closed);
    const std::size_t returned = steps - closed;
    for (std::size_t i = returned; i < count; ++i) {
        if (std::find(first_closed, last_closed, order[i]) != last_closed) {
            set_cut_off(index, order[i], false);
        }
    }
}

void FaultRunner::set_cut_off(Index index, const std::string& machine, bool cut_off) {
    for (const MachineInfo& each : control_.machines()) {
        if (each.name == machine) continue;
        set_blocked(index, {machine, each.name}, cut_off);
        set_blocked(index, {each.name, machine}, cut_off);
    }
}

void FaultRunner::set_blocked(Index index, const MachinePair& link, bool blocked) {
    std::vector<Index>& strikes = blocked_[link];
    if (blocked) {
        strikes.push_back(index);
    } else {
        // Once only: a swizzle blocks the link between two machines for each of them.
        strikes.erase(std::ranges::find(strikes, index));
    }
    // Strikes may overlap: the link opens with the last of them.
    if (strikes.size() <= 1) control_.set_link_blocked(link.first, link.second, !strikes.empty());
}

void FaultRunner::set_condition(Index index, bool on) {
    const std::vector<std::string>& ends = records_[index].strike.machines;
    for (const MachinePair& link : {MachinePair{ends[0], ends[1]}, MachinePair{ends[1], ends[0]}}) {
        std::vector<Index>& strikes = conditions_[link];
        if (on) {
            strikes.push_back(index);
        } else {
            std::erase(strikes, index);
        }
        network::LinkCondition condition;
        for (const Index each : strikes) {
            const Strike& strike = records_[each].strike;
            const bool narrows = strike.id.kind == FaultKind::network_bandwidth;
            (narrows ? condition.time_per_kibibyte : condition.extra_delay) += strike.amount;
        }
        control_.set_link_condition(link.first, link.second, condition);
    }
}

void FaultRunner::packet_slowed(FaultKind kind, std::string_view from, std::string_view to) {
    const auto strikes = conditions_.find({std::string(from), std::string(to)});
    if (strikes == conditions_.end()) return;
    for (const Index index : strikes->second) {
        if (records_[index].strike.id.kind == kind) effective(index);
    }
}

void FaultRunner::packet_held_back(std::string_view from, std::string_view to) {
    const auto strikes = blocked_.find({std::string(from), std::string(to)});
    if (strikes == blocked_.end()) return;
    for (const Index index : strikes->second)
        effective(index);
}

void FaultRunner::reset_seen(std::uint64_t connection) {
    const auto reset = resets_.find(connection);
    if (reset != resets_.end()) effective(reset->second);
}

void FaultRunner::half_close_seen(std::uint64_t connection) {
    const auto half_close = half_closes_.find(connection);
    if (half_close != half_closes_.end()) effective(half_close->second);
}

}  // namespace atlas::sim::faults

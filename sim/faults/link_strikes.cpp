#include "sim/faults/link_strikes.hpp"

#include <algorithm>
#include <vector>

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

// By their places on the ring: each machine reaches so many on either side of it that with itself
// they are a majority.
bool are_apart_on_ring(std::size_t from, std::size_t to, std::size_t count) {
    const std::size_t majority = count / 2 + 1;
    const std::size_t reach = majority / 2;
    const std::size_t steps = from < to ? to - from : from - to;
    return std::min(steps, count - steps) > reach;
}

// The first is the bridge; of the others one half comes before the other.
bool are_apart_by_bridge(std::size_t from, std::size_t to, std::size_t count) {
    if (from == 0 || to == 0) return false;
    const std::size_t half = (count - 1) / 2;
    return (from <= half) != (to <= half);
}

}  // namespace

LinkStrikes::LinkStrikes(StrikeBook& book, ClusterControl& control, NetworkDice& dice)
    : book_(book), control_(control), dice_(dice) {
    dice_.observe_held_back(
        [this](std::string_view from, std::string_view to) { packet_held_back(from, to); });
    dice_.observe_slowness([this](FaultKind kind, std::string_view from, std::string_view to,
                                  host::Duration travelled) {
        packet_slowed(kind, {std::string(from), std::string(to)}, book_.now() - travelled);
    });
}

LinkStrikes::~LinkStrikes() {
    dice_.observe_held_back({});
    dice_.observe_slowness({});
}

bool LinkStrikes::begin(StrikeIndex index) {
    if (book_.strike(index).id.kind == FaultKind::network_partition_primaries)
        return cut_primaries_off(index);
    book_.fired(index);
    switch (book_.strike(index).id.kind) {
        case FaultKind::network_swizzle:
            swizzle(index);
            return false;
        case FaultKind::network_clog:
            set_clog(index, true);
            return true;
        case FaultKind::network_slow_link:
        case FaultKind::network_bandwidth:
            set_condition(index, true);
            return true;
        case FaultKind::network_partition_majorities_ring:
        case FaultKind::network_partition_bridge:
            set_shape(index, true);
            return true;
        default:
            set_partition(index, true);
            return true;
    }
}

void LinkStrikes::end(StrikeIndex index) {
    switch (book_.strike(index).id.kind) {
        case FaultKind::network_swizzle:
            return end_swizzle(index);
        case FaultKind::network_clog:
            return set_clog(index, false);
        case FaultKind::network_slow_link:
        case FaultKind::network_bandwidth:
            return set_condition(index, false);
        case FaultKind::network_partition_majorities_ring:
        case FaultKind::network_partition_bridge:
            return set_shape(index, false);
        case FaultKind::network_partition_primaries:
            return join_primaries(index);
        default:
            return set_partition(index, false);
    }
}

void LinkStrikes::set_partition(StrikeIndex index, bool blocked) {
    const Strike& strike = book_.strike(index);
    const bool both_ways = strike.id.kind != FaultKind::network_partition_one_way;
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

void LinkStrikes::set_shape(StrikeIndex index, bool blocked) {
    const Strike& strike = book_.strike(index);
    const std::size_t count = strike.machines.size();
    for (std::size_t from = 0; from < count; ++from) {
        for (std::size_t to = 0; to < count; ++to) {
            const bool closed = strike.id.kind == FaultKind::network_partition_bridge
                                    ? are_apart_by_bridge(from, to, count)
                                    : are_apart_on_ring(from, to, count);
            if (closed) set_blocked(index, {strike.machines[from], strike.machines[to]}, blocked);
        }
    }
}

bool LinkStrikes::cut_primaries_off(StrikeIndex index) {
    primaries_[index] = control_.primaries();
    if (primaries_[index].empty()) return false;
    book_.fired(index);
    for (const std::string& machine : primaries_[index])
        set_cut_off(index, machine, true);
    return true;
}

void LinkStrikes::join_primaries(StrikeIndex index) {
    for (const std::string& machine : primaries_[index])
        set_cut_off(index, machine, false);
}

// One more machine is cut off, until all are; then one more comes back. Each step takes its share
// of the time.
void LinkStrikes::swizzle(StrikeIndex index) {
    const Strike& strike = book_.strike(index);
    const std::size_t count = strike.machines.size();
    const std::size_t step = swizzled_[index]++;
    if (step < count) {
        set_cut_off(index, strike.machines[step], true);
    } else {
        set_cut_off(index, order_of_return(strike)[step - count], false);
    }
    if (step + 1 == 2 * count) return book_.ended(index);
    const auto steps = static_cast<std::int64_t>(2 * count);
    book_.schedule(book_.now() + strike.lasts / steps, index, "swizzle",
                   [this, index] { swizzle(index); });
}

// Those that are cut off come back at once.
void LinkStrikes::end_swizzle(StrikeIndex index) {
    const Strike& strike = book_.strike(index);
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

// A swizzle blocks the link between two machines once for each of them.
void LinkStrikes::set_cut_off(StrikeIndex index, const std::string& machine, bool cut_off) {
    for (const MachineInfo& each : control_.machines()) {
        if (each.name == machine) continue;
        set_blocked(index, {machine, each.name}, cut_off);
        set_blocked(index, {each.name, machine}, cut_off);
    }
}

void LinkStrikes::set_clog(StrikeIndex index, bool blocked) {
    const std::vector<std::string>& ends = book_.strike(index).machines;
    set_blocked(index, {ends[0], ends[1]}, blocked);
}

void LinkStrikes::set_blocked(StrikeIndex index, const MachinePair& link, bool blocked) {
    const auto& strikes = blocked ? blocked_.add(link, index) : blocked_.remove(link, index);
    control_.set_link_blocked(link.first, link.second, !strikes.empty());
}

void LinkStrikes::set_condition(StrikeIndex index, bool on) {
    const std::vector<std::string>& ends = book_.strike(index).machines;
    for (const MachinePair& link : {MachinePair{ends[0], ends[1]}, MachinePair{ends[1], ends[0]}}) {
        network::LinkCondition condition;
        for (const StrikeIndex each : on ? slow_.add(link, index) : slow_.remove(link, index)) {
            const Strike& strike = book_.strike(each);
            const bool narrows = strike.id.kind == FaultKind::network_bandwidth;
            (narrows ? condition.time_per_kibibyte : condition.extra_delay) += strike.amount;
        }
        control_.set_link_condition(link.first, link.second, condition);
    }
}

// A packet has the condition that its link had when it was sent.
void LinkStrikes::packet_slowed(FaultKind kind, const MachinePair& link, host::TimePoint sent) {
    for (const StrikeIndex index : slow_.on(link)) {
        const StrikeRecord& record = book_.records()[index];
        if (record.strike.id.kind == kind && record.began <= sent) book_.effective(index);
    }
}

void LinkStrikes::packet_held_back(std::string_view from, std::string_view to) {
    for (const StrikeIndex index : blocked_.on({std::string(from), std::string(to)}))
        book_.effective(index);
}

}  // namespace atlas::sim::faults

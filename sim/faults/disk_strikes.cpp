#include "sim/faults/disk_strikes.hpp"

#include <optional>

namespace atlas::sim::faults {

DiskStrikes::DiskStrikes(StrikeBook& book, ClusterControl& control, DiskDice& dice)
    : book_(book), control_(control), dice_(dice) {
    dice_.observe_no_space([this](std::string_view machine, host::Duration took) {
        was_full(machine, book_.now() - took);
    });
    dice_.observe_damage(
        [this](std::string_view machine, std::uint64_t damage) { damage_seen(machine, damage); });
}

DiskStrikes::~DiskStrikes() {
    dice_.observe_no_space({});
    dice_.observe_damage({});
}

bool DiskStrikes::begin(StrikeIndex index) {
    const bool lasts = book_.strike(index).id.kind == FaultKind::disk_no_space;
    if (lasts) {
        book_.fired(index);
        fillings_[book_.strike(index).id.target].push_back(index);
        set_full(index, true);
    } else {
        damage(index);
    }
    return lasts;
}

void DiskStrikes::end(StrikeIndex index) {
    set_full(index, false);
}

void DiskStrikes::set_full(StrikeIndex index, bool full) {
    const std::string& machine = book_.strike(index).id.target;
    const auto& strikes = full ? full_.add(machine, index) : full_.remove(machine, index);
    if (strikes.size() == (full ? 1 : 0)) control_.set_disk_full(machine, full);
}

void DiskStrikes::damage(StrikeIndex index) {
    const Strike& strike = book_.strike(index);
    const std::string& machine = strike.id.target;
    const std::optional<std::uint64_t> damage =
        strike.id.kind == FaultKind::disk_bit_rot
            ? control_.rot_bit(machine, strike.choice)
            : control_.misdirect_next_write(machine, strike.choice);
    if (!damage) return;
    book_.fired(index);
    damages_[{machine, *damage}] = index;
}

// A write is refused when it begins, and its process may hear of that when there is room again.
void DiskStrikes::was_full(std::string_view machine, host::TimePoint at) {
    for (const StrikeIndex index : fillings_[std::string(machine)]) {
        const StrikeRecord& record = book_.records()[index];
        const bool held_then = book_.is_under_way(index) || at <= record.ended;
        if (record.began <= at && held_then) book_.effective(index);
    }
}

void DiskStrikes::damage_seen(std::string_view machine, std::uint64_t damage) {
    const auto found = damages_.find({std::string(machine), damage});
    if (found != damages_.end()) book_.effective(found->second);
}

}  // namespace atlas::sim::faults

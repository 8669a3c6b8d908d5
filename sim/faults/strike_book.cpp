#include "sim/faults/strike_book.hpp"

#include <xxhash.h>

#include <utility>

namespace atlas::sim::faults {

StrikeBook::StrikeBook(kernel::Kernel& kernel, Dice& dice, FaultPlan plan)
    : kernel_(kernel), dice_(dice) {
    for (Strike& strike : plan) {
        if (dice_.is_suppressed(strike.id.kind, strike.id.target, strike.id.ordinal)) continue;
        ties_.emplace_back(kernel.seed(), "fault", to_string(strike.id));
        records_.push_back({.strike = std::move(strike)});
    }
    pending_.resize(records_.size(), nullptr);
}

StrikeBook::~StrikeBook() {
    for (kernel::Event* event : pending_) {
        if (event != nullptr) kernel_.cancel(*event);
    }
}

host::TimePoint StrikeBook::last_moment(StrikeIndex index) const {
    return records_[index].began + records_[index].strike.lasts;
}

bool StrikeBook::is_under_way(StrikeIndex index) const {
    const StrikeRecord& record = records_[index];
    return record.fired && record.strike.lasts > host::Duration::zero() &&
           record.ended == host::TimePoint{};
}

void StrikeBook::fired(StrikeIndex index) {
    records_[index].fired = true;
    dice_.ledger().fire(records_[index].strike.id.kind);
}

void StrikeBook::effective(StrikeIndex index) {
    if (records_[index].effective) return;
    records_[index].effective = true;
    dice_.ledger().effect(records_[index].strike.id.kind);
}

void StrikeBook::schedule(host::TimePoint at, StrikeIndex index, const char* label,
                          std::function<void()> step) {
    const std::string id = to_string(records_[index].strike.id);
    const std::uint64_t digest = XXH3_64bits(id.data(), id.size());
    pending_[index] = &kernel_.schedule(at, ties_[index], kernel::EventKind::fault, label, digest,
                                        [this, index, step = std::move(step)] {
                                            pending_[index] = nullptr;
                                            if (!closed_) step();
                                        });
}

void StrikeBook::cancel(StrikeIndex index) {
    kernel_.cancel(*std::exchange(pending_[index], nullptr));
}

}  // namespace atlas::sim::faults

#include "sim/faults/ledger.hpp"

#include <fmt/format.h>

#include "system/host/check.hpp"

namespace atlas::sim::faults {

void Ledger::effect(FaultKind kind) {
    ++at(kind).effective;
    ATLAS_CHECK(at(kind).effective <= at(kind).fired, "an effect has a fault that fired");
}

void FloorTally::add(const Ledger& ledger) {
    for (const FaultKindInfo& each : all_fault_kinds()) {
        const LedgerEntry& entry = ledger.entry(each.kind);
        if (entry.armed == 0) continue;
        Count& count = counts_[static_cast<std::size_t>(each.kind)];
        ++count.armed;
        if (entry.effective > 0) ++count.effective;
    }
}

std::vector<FaultKind> FloorTally::below_floor(std::uint64_t least) const {
    std::vector<FaultKind> below;
    for (const FaultKindInfo& each : all_fault_kinds()) {
        const Count& counted = count(each.kind);
        if (counted.armed < least) continue;
        if (counted.effective * 100 < counted.armed * each.floor_percent) {
            below.push_back(each.kind);
        }
    }
    return below;
}

std::string FloorTally::table() const {
    std::string lines = fmt::format("{:<30}{:>8}{:>11}{:>10}{:>8}\n", "fault", "seeds", "effective",
                                    "percent", "floor");
    for (const FaultKindInfo& each : all_fault_kinds()) {
        const Count& counted = count(each.kind);
        const std::uint64_t percent =
            counted.armed == 0 ? 0 : counted.effective * 100 / counted.armed;
        lines += fmt::format("{:<30}{:>8}{:>11}{:>10}{:>8}\n", each.name, counted.armed,
                             counted.effective, percent, each.floor_percent);
    }
    return lines;
}

}  // namespace atlas::sim::faults

#pragma once
// What faults really did. A fault that was asked for and struck is not yet a fault: only a result
// seen at the seam (a later delivery, changed bytes, an error returned, work lost) counts as an
// effect, and the floors are about effects.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/faults/fault_kind.hpp"

namespace atlas::sim::faults {

struct LedgerEntry {
    /// Scheduled kinds: strikes in the plan. Others: 1 if the run has the kind and an occasion for
    /// it.
    std::uint64_t armed = 0;
    std::uint64_t fired = 0;      ///< The dice said "now", and there was something to strike.
    std::uint64_t effective = 0;  ///< Of those, how many had their effect. Never more than fired.
};

class Ledger {
  public:
    void arm(FaultKind kind, std::uint64_t times = 1) { at(kind).armed += times; }
    void fire(FaultKind kind) { ++at(kind).fired; }
    void effect(FaultKind kind);

    const LedgerEntry& entry(FaultKind kind) const {
        return entries_[static_cast<std::size_t>(kind)];
    }

  private:
    LedgerEntry& at(FaultKind kind) { return entries_[static_cast<std::size_t>(kind)]; }

    std::array<LedgerEntry, fault_kinds> entries_{};
};

/// How many seeds armed a kind, and in how many it had an effect.
class FloorTally {
  public:
    void add(const Ledger& ledger);

    struct Count {
        std::uint64_t armed = 0;
        std::uint64_t effective = 0;
    };
    const Count& count(FaultKind kind) const { return counts_[static_cast<std::size_t>(kind)]; }

    /// The kinds that stay below their floor. One that fewer than `least` seeds armed is not
    /// judged.
    std::vector<FaultKind> below_floor(std::uint64_t least = 20) const;

    /// A line for each kind, with a heading: seeds armed, seeds effective, floor.
    std::string table() const;

  private:
    std::array<Count, fault_kinds> counts_{};
};

}  // namespace atlas::sim::faults

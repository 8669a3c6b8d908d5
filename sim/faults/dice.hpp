#pragma once
// What decides: draws that depend on (seed, kind, target, ordinal) and on nothing else, so that
// suppressing one decision leaves all others alone. Shared by the dice of network and disk and by
// the runner of scheduled faults.

#include <optional>
#include <string>
#include <string_view>

#include "sim/faults/fault_id.hpp"
#include "sim/faults/ledger.hpp"
#include "sim/faults/swarm_options.hpp"
#include "sim/kernel/seed.hpp"
#include "system/host/random_sources.hpp"

namespace atlas::sim::faults {

/// A source of its own for each ordinal of (kind, target).
class DecisionSources {
  public:
    DecisionSources(const kernel::Seed& seed, FaultKind kind, std::string_view target);
    /// For what is no fault but must be as stable as one: ordinary latencies.
    DecisionSources(const kernel::Seed& seed, std::string_view name, std::string_view target);

    host::RandomSource source(std::uint64_t ordinal) const { return sources_.source(ordinal); }

  private:
    host::RandomSources sources_;
};

class Dice {
  public:
    /// The ledger outlives it.
    Dice(const kernel::Seed& seed, SwarmOptions options, SuppressedFaults suppressed,
         Ledger& ledger);
    Dice(const Dice&) = delete;
    Dice& operator=(const Dice&) = delete;

    const kernel::Seed& seed() const { return seed_; }
    const SwarmOptions& options() const { return options_; }
    Ledger& ledger() { return ledger_; }

    /// Once calm, no fault is decided any more; ordinary latencies go on.
    void calm_down() { calm_ = true; }
    bool is_calm() const { return calm_; }

    bool is_suppressed(FaultKind kind, std::string_view target, std::uint64_t ordinal) const;

  private:
    kernel::Seed seed_;
    SwarmOptions options_;
    SuppressedFaults suppressed_;
    Ledger& ledger_;
    bool calm_ = false;
};

/// The decisions of one kind about one target, one an operation, counted from 0.
class Decisions {
  public:
    Decisions(Dice& dice, FaultKind kind, std::string target);

    /// What fell for one operation, before anybody asks whether it is suppressed.
    struct Throw {
        std::uint64_t ordinal;
        host::RandomSource source;
    };
    /// The next decision. An operation that does not matter, since it cannot be harmed, is thrown
    /// for all the same, so that the ordinals of later ones do not depend on it.
    std::optional<Throw> roll(bool on, std::uint64_t per_million, bool matters = true);
    /// It happens, unless it is suppressed: counts as fired. A source for what else there is to
    /// draw about it.
    std::optional<host::RandomSource> fire(const Throw& thrown);

    /// Both, for what no other kind stands in the way of.
    std::optional<host::RandomSource> next(bool on, std::uint64_t per_million, bool matters = true);

  private:
    Dice& dice_;
    FaultKind kind_;
    std::string target_;
    DecisionSources sources_;
    std::uint64_t next_ordinal_ = 0;
};

}  // namespace atlas::sim::faults

#include "sim/faults/dice.hpp"

#include <utility>

namespace atlas::sim::faults {

DecisionSources::DecisionSources(const kernel::Seed& seed, FaultKind kind, std::string_view target)
    : DecisionSources(seed, name(kind), target) {}

DecisionSources::DecisionSources(const kernel::Seed& seed, std::string_view name,
                                 std::string_view target)
    : sources_(seed.derive({"fault", name, target})) {}

Dice::Dice(const kernel::Seed& seed, SwarmOptions options, SuppressedFaults suppressed,
           Ledger& ledger)
    : seed_(seed),
      options_(std::move(options)),
      suppressed_(std::move(suppressed)),
      ledger_(ledger) {}

bool Dice::is_suppressed(FaultKind kind, std::string_view target, std::uint64_t ordinal) const {
    return !suppressed_.empty() &&
           suppressed_.contains(FaultId{kind, std::string(target), ordinal});
}

Decisions::Decisions(Dice& dice, FaultKind kind, std::string target)
    : dice_(dice), kind_(kind), target_(std::move(target)), sources_(dice.seed(), kind, target_) {}

std::optional<Decisions::Throw> Decisions::roll(bool on, std::uint64_t per_million, bool matters) {
    const std::uint64_t ordinal = next_ordinal_++;
    if (!on || !matters || dice_.is_calm()) return std::nullopt;
    host::RandomSource source = sources_.source(ordinal);
    if (!source.chance(per_million, 1'000'000)) return std::nullopt;
    return Throw{ordinal, source};
}

std::optional<host::RandomSource> Decisions::fire(const Throw& thrown) {
    if (dice_.is_suppressed(kind_, target_, thrown.ordinal)) return std::nullopt;
    dice_.ledger().fire(kind_);
    return thrown.source;
}

std::optional<host::RandomSource> Decisions::next(bool on, std::uint64_t per_million,
                                                  bool matters) {
    const std::optional<Throw> thrown = roll(on, per_million, matters);
    return thrown ? fire(*thrown) : std::nullopt;
}

}  // namespace atlas::sim::faults

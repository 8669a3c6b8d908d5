#pragma once
// Whether a history of transactions has an isolation level, by Elle's method (Kingsbury and Alvaro,
// "Elle: inferring isolation anomalies from experimental observations", VLDB 2020).
//
// A violation is one: what it names cannot be explained by any execution of that level. The absence
// of one proves less: what nobody read is not seen.

#include <cstddef>

#include "properties/checkers/isolation/level.hpp"
#include "properties/checkers/isolation/transactions.hpp"
#include "properties/verdict.hpp"

namespace atlas::properties::isolation {

struct SerializabilityReport {
    /// Invalid where an anomaly breaks the level; unknown where no transaction depends on another.
    /// The prose names the weakest levels broken, and explains up to five anomalies of each kind.
    Judgement judgement = {};
    std::size_t transactions = 0;
    std::size_t dependencies = 0;
    /// The anomalies found, also those that the level allows; each once, ascending.
    std::vector<Anomaly> anomalies = {};
};

SerializabilityReport check_serializable(const TransactionHistory& history, Level level);

/// "G-single", "lost-update": as Elle names it.
std::string_view name(Anomaly anomaly) noexcept;

}  // namespace atlas::properties::isolation

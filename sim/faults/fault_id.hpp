#pragma once
// The stable name of one fault decision: what, to whom, and the how-manieth of its kind there. It
// does not change when other decisions are suppressed, so a shrinker can speak of it.

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "sim/faults/fault_kind.hpp"

namespace atlas::sim::faults {

struct FaultId {
    FaultKind kind = FaultKind::network_latency;
    /// A machine ("api-1"), a link ("api-1>postgres-0"), or "cluster".
    std::string target;
    std::uint64_t ordinal = 0;

    friend auto operator<=>(const FaultId&, const FaultId&) = default;
};

/// "process.kill/api-1/3".
std::string to_string(const FaultId& id);
/// nullopt when the text is not of that form or the kind is unknown.
std::optional<FaultId> parse_fault_id(std::string_view text);

/// The decisions that a run must take as "nothing happens".
using SuppressedFaults = std::set<FaultId>;

}  // namespace atlas::sim::faults

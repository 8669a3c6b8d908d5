#pragma once
// The stable name of one operation of a workload: whose, and the how-manieth that client begins. It
// does not change when other operations are suppressed, so a shrinker can speak of it.

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace atlas::sim::scenario {

struct OperationId {
    std::uint64_t client = 0;   ///< Among all of the run, from 0.
    std::uint64_t ordinal = 0;  ///< From 0.

    friend auto operator<=>(const OperationId&, const OperationId&) = default;
};

/// "operation/7/12".
std::string to_string(const OperationId& id);
/// nullopt when the text is not of that form.
std::optional<OperationId> parse_operation_id(std::string_view text);

/// Operations that a run leaves out; their clients wait as long as ever for their next ones.
using SuppressedOperations = std::set<OperationId>;

}  // namespace atlas::sim::scenario

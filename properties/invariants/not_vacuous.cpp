// A run in which a kind of operation never succeeded proves nothing about it: unknown, never a
// pass.

#include <fmt/format.h>

#include <algorithm>

#include "properties/invariants/invariants.hpp"

namespace atlas::properties {

Judgement check_not_vacuous(const RunRecord& run) {
    std::string never;
    for (const UserFunction function : all_user_functions) {
        if (run.facts.weights[static_cast<std::size_t>(function)] == 0) continue;
        const bool succeeded = std::any_of(
            run.operations.begin(), run.operations.end(), [&](const UserOperation& operation) {
                return operation.function == function && operation.outcome == EntryType::ok &&
                       !operation.response.absent;
            });
        if (!succeeded)
            never += fmt::format("No {} ever succeeded: the run is vacuous.\n", name(function));
    }
    if (never.empty()) return {Verdict::valid, "Every kind of operation succeeded.\n"};
    return {Verdict::unknown, std::move(never)};
}

}  // namespace atlas::properties

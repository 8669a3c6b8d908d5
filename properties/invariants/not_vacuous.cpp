// A run in which a kind of operation never succeeded, or a workload never came to anything, or no
// follower ever answered a read of a level, proves nothing about it: unknown, never a pass.

#include <fmt/format.h>

#include <algorithm>

#include "properties/invariants/invariants.hpp"

namespace atlas::properties {
namespace {

bool is_asked_for(const RunFacts& facts, UserFunction function) {
    return facts.weights[static_cast<std::size_t>(function)] != 0;
}

/// What was counted where there was something to count, and came to nothing.
std::string counted_as_nothing(const RunFacts& facts) {
    std::string never;
    const auto note = [&never](std::uint64_t count, std::string_view what) {
        if (count == 0) never += fmt::format("{}: the run is vacuous.\n", what);
    };
    if (facts.owners_committed) note(*facts.owners_committed, "No transaction of owners committed");
    if (facts.jobs_done) note(*facts.jobs_done, "No job was ever done");
    if (facts.follower_reads && is_asked_for(facts, UserFunction::get_user)) {
        note(facts.follower_reads->session, "No session read was answered by a follower");
        note(facts.follower_reads->eventual, "No eventual read was answered by a follower");
    }
    return never;
}

}  // namespace

Judgement check_not_vacuous(const RunRecord& run) {
    std::string never;
    for (const UserFunction function : all_user_functions) {
        if (!is_asked_for(run.facts, function)) continue;
        const bool succeeded = std::any_of(
            run.operations.begin(), run.operations.end(), [&](const UserOperation& operation) {
                return operation.function == function && operation.outcome == EntryType::ok &&
                       !operation.response.absent;
            });
        if (!succeeded)
            never += fmt::format("No {} ever succeeded: the run is vacuous.\n", name(function));
    }
    never += counted_as_nothing(run.facts);
    if (never.empty()) return {Verdict::valid, "Every kind of operation succeeded.\n"};
    return {Verdict::unknown, std::move(never)};
}

}  // namespace atlas::properties

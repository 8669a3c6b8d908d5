// After faults have stopped: every operation ends in time, and an operation of each kind succeeds.

#include <fmt/format.h>

#include <algorithm>

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

namespace {

const Judgement no_healing{Verdict::valid, "Faults never stopped in this run.\n"};

}  // namespace

Judgement check_operations_end(const RunRecord& run) {
    const RunFacts& facts = run.facts;
    if (!facts.faults_ended_at) return no_healing;
    std::vector<std::string> wrong;
    for (const UserOperation& operation : run.operations) {
        const bool has_ended = operation.end_line != 0;
        const host::Duration end = has_ended ? operation.ended_at : facts.ended_at;
        const host::Duration begin = std::max(operation.invoked_at, *facts.faults_ended_at);
        if (end - begin <= facts.healing_time && (has_ended || end < begin)) continue;
        if (end - begin <= facts.healing_time) {
            wrong.push_back(fmt::format("{} had not ended when the run did, at {}.",
                                        describe(operation), describe(facts.ended_at)));
            continue;
        }
        wrong.push_back(fmt::format("{} had not ended {} after faults had stopped.",
                                    describe(operation), describe(facts.healing_time)));
    }
    return judge(wrong, "Every operation ended in time after faults had stopped.");
}

Judgement check_service_recovers(const RunRecord& run) {
    if (!run.facts.faults_ended_at) return no_healing;
    std::vector<std::string> wrong;
    for (const UserFunction function : all_user_functions) {
        const bool succeeded = std::any_of(
            run.operations.begin(), run.operations.end(), [&](const UserOperation& operation) {
                return operation.function == function && operation.outcome == EntryType::ok &&
                       !operation.response.absent &&
                       operation.invoked_at >= *run.facts.faults_ended_at;
            });
        if (!succeeded) {
            wrong.push_back(fmt::format("No {} that began after faults had stopped succeeded.",
                                        name(function)));
        }
    }
    if (run.facts.final_phase_completed == false) {
        wrong.push_back(fmt::format(
            "The final phase (one operation of each kind, changes of the busiest users, a read of "
            "every user) was not done {} after faults had stopped.",
            describe(run.facts.healing_time)));
    }
    return judge(wrong, "An operation of each kind succeeded after faults had stopped.");
}

}  // namespace atlas::properties

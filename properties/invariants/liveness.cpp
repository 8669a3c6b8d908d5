// After faults have stopped: every operation ends in time, and an operation of each kind succeeds.

#include <fmt/format.h>

#include <algorithm>

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

namespace {

const Judgement no_healing{Verdict::valid, "Faults never stopped in this run.\n"};

}  // namespace

namespace {

/// A client gives up on its own, so a call that hangs would always "end". What was begun well after
/// faults had stopped and still ran out of time counts as not ended; the first half of the healing
/// time is the system's, to find out what it has lost.
bool was_given_up(const UserOperation& operation, const RunFacts& facts) {
    return operation.end_line != 0 && operation.response.failure == "deadline_exceeded" &&
           operation.invoked_at >= *facts.faults_ended_at + facts.healing_time / 2;
}

}  // namespace

Judgement check_operations_end(const RunRecord& run) {
    const RunFacts& facts = run.facts;
    if (!facts.faults_ended_at) return no_healing;
    std::vector<std::string> wrong;
    for (const UserOperation& operation : run.operations) {
        if (was_given_up(operation, facts)) {
            wrong.push_back(fmt::format(
                "{} began {} after faults had stopped, and its client gave up waiting.",
                describe(operation), describe(operation.invoked_at - *facts.faults_ended_at)));
            continue;
        }
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
    return judge(wrong, fmt::format("Every operation ended within {} after faults had stopped.",
                                    describe(facts.healing_time)));
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

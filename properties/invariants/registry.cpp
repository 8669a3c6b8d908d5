#include "properties/invariants/registry.hpp"

#include <algorithm>

#include "properties/invariants/invariants.hpp"

namespace atlas::properties {

namespace {

constexpr Property properties[] = {
    {"unique-emails", "No two live users have one e-mail, ASCII letters folded.",
     check_unique_emails},
    {"acknowledged-writes",
     "Every acknowledged write is there at the end, and nothing that nobody may have written.",
     check_acknowledged_writes},
    {"user-records", "Each user is a linearizable register with compare-and-set.",
     check_user_records},
    {"session-reads", "A client sees what it has written, and nothing older than it has seen.",
     check_session_reads},
    {"api-contract", "Every answer is one that the API's contract allows for what was asked.",
     check_api_contract},
    {"described", "Every response is one that /openapi.json describes: status, headers, body.",
     check_described},
    {"equal-replays",
     "One effect per idempotency key: who repeats a request is told what its first was told.",
     check_equal_replays},
    {"listings", "A walk through the listing shows whoever was there throughout, and nobody twice.",
     check_listings},
    {"no-internal-error", "No answer has status 500.", check_no_internal_error},
    {"abandoned-transactions-end",
     "No session of the database idles in a transaction beyond its limit, holding locks.",
     check_abandoned_transactions},
    {"one-primary",
     "Once another one takes writes, a server of the database that runs, as its agent does, goes "
     "on "
     "for five seconds at most.",
     check_one_primary},
    {"ownership", "Of two rows at least one is on, whoever changes them at once: no write skew.",
     check_ownership},
    {"job-queue", "Each job is done once, and no worker waits for a job that another one has.",
     check_job_queue},
    {"operations-end", "After faults have stopped, every operation ends within the healing time.",
     check_operations_end},
    {"service-recovers",
     "After faults have stopped, an operation of each kind succeeds and every user can be read.",
     check_service_recovers},
    {"dead-database-left-in-peace",
     "What is asked of a database that gives no answer is bounded by circuit breaker and retry "
     "budget.",
     check_dead_database},
    {"goodput-returns",
     "Well after faults have stopped, every client is served, nearly every operation answered, and "
     "at least half as many as before faults began.",
     check_goodput_returns},
    {"nothing-left-behind",
     "When all programs have ended, no task, connection, file or lock is left.",
     check_nothing_left_behind},
    {"not-vacuous",
     "Every kind of operation that the workloads have succeeded at least once; followers answered "
     "reads.",
     check_not_vacuous},
};

// Real servers, and a run that stopped early, leave nothing to count; all else is judged.
bool was_watched(const Property& property, const RunFacts& facts) {
    if (property.check == check_nothing_left_behind) return facts.leftovers.has_value();
    if (property.check == check_abandoned_transactions)
        return facts.abandoned_transactions.has_value();
    if (property.check == check_one_primary) return facts.old_primaries.has_value();
    if (property.check == check_ownership) return facts.unowned_pairs.has_value();
    if (property.check == check_job_queue) return facts.job_faults.has_value();
    return true;
}

}  // namespace

std::span<const Property> all_properties() {
    return properties;
}

const Property* find_property(std::string_view name) {
    const auto* const found = std::ranges::find(properties, name, &Property::name);
    return found == std::end(properties) ? nullptr : found;
}

bool RunVerdict::violates(std::string_view property) const {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
        return finding.property == property && finding.judgement.verdict == Verdict::invalid;
    });
}

RunVerdict judge_run(const RunRecord& run) {
    RunVerdict result;
    for (const Property& property : properties) {
        if (!was_watched(property, run.facts)) continue;
        Judgement judgement = property.check(run);
        result.verdict = merge(result.verdict, judgement.verdict);
        result.findings.push_back({property.name, std::move(judgement)});
    }
    return result;
}

}  // namespace atlas::properties

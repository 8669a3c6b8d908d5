#include "sim/atlas_sim/judgement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "properties/history/user_operations.hpp"
#include "properties/invariants/registry.hpp"
#include "sim/atlas_sim/exit_code.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using namespace std::chrono_literals;
using properties::EntryType;
using properties::UserOperation;
using properties::Verdict;

std::vector<reports::OperationCount> count_operations(
    const std::vector<UserOperation>& operations) {
    std::vector<reports::OperationCount> counts;
    for (const properties::UserFunction function : properties::all_user_functions) {
        reports::OperationCount count{std::string(properties::name(function))};
        for (const UserOperation& operation : operations) {
            if (operation.function != function) continue;
            count.ok += operation.outcome == EntryType::ok;
            count.fail += operation.outcome == EntryType::fail;
            count.info += operation.outcome == EntryType::info;
        }
        counts.push_back(std::move(count));
    }
    return counts;
}

std::vector<reports::FaultCount> count_faults(const faults::Ledger& ledger) {
    std::vector<reports::FaultCount> counts;
    for (const faults::FaultKindInfo& kind : faults::all_fault_kinds()) {
        const faults::LedgerEntry& entry = ledger.entry(kind.kind);
        counts.push_back({std::string(kind.name), entry.armed > 0, entry.fired, entry.effective});
    }
    return counts;
}

properties::RunRecord record_of(Simulation& simulation, const faults::SwarmOptions& options,
                                std::vector<UserOperation> operations) {
    properties::RunRecord record;
    record.operations = std::move(operations);
    if (simulation.final_users()) record.users = to_user_rows(*simulation.final_users());
    record.facts.weights = {options.workload.weight_create, options.workload.weight_get,
                            options.workload.weight_patch,  options.workload.weight_delete,
                            options.workload.weight_list,   options.workload.weight_change_email,
                            options.workload.weight_repeat};
    if (const auto healed_at = simulation.healed_at()) {
        record.facts.faults_ended_at = healed_at->since_epoch;
    }
    record.facts.calm_until = options.run.calm_start + faults::settling_time(options.topology);
    record.facts.clients_end_at = simulation.clients_end_at().since_epoch;
    record.facts.guard = simulation.guard();
    record.database = simulation.database();
    record.facts.final_phase_completed = simulation.final_phase_completed();
    record.facts.ended_at = simulation.now().since_epoch;
    record.facts.healing_time = simulation.healing_time();
    record.facts.leftovers = simulation.leftovers();
    record.facts.undescribed_responses = simulation.undescribed_responses();
    record.facts.abandoned_transactions = simulation.abandoned_transactions();
    record.facts.old_primaries = simulation.old_primaries();
    record.facts.unowned_pairs = simulation.ownership().found();
    record.facts.job_faults = simulation.job_queue().found();
    record.facts.owners_committed = simulation.ownership().committed();
    record.facts.jobs_done = simulation.job_queue().done();
    record.facts.follower_reads = simulation.follower_reads();
    return record;
}

std::string describe(const Death& death) {
    return fmt::format("At {} ms {} ended itself: {}", death.at.since_epoch / 1ms, death.process,
                       death.reason);
}

void judge_deaths(const Simulation& simulation, reports::RunReport& report) {
    reports::PropertyResult result{"no-crash", Verdict::valid, ""};
    for (const Death& death : simulation.deaths()) {
        if (is_expected(death, simulation.ledger())) {
            report.expected_deaths.push_back(describe(death));
            continue;
        }
        result.verdict = Verdict::invalid;
        if (!result.explanation.empty()) result.explanation += '\n';
        result.explanation += describe(death);
    }
    report.properties.push_back(std::move(result));
}

std::vector<std::string> timeline_of(const std::vector<faults::StrikeRecord>& strikes) {
    std::vector<std::string> timeline;
    for (const faults::StrikeRecord& record : strikes) {
        if (!record.fired) continue;
        std::string line = faults::describe(record.strike);
        // One that waits for a sync begins later than planned.
        if (record.began.since_epoch > record.strike.at) {
            line += fmt::format(", began at {} ms", record.began.since_epoch / 1ms);
        }
        if (!record.effective) line += " (without an effect)";
        timeline.push_back(std::move(line));
    }
    return timeline;
}

int exit_code_of(const reports::RunReport& report) {
    Verdict verdict = Verdict::valid;
    for (const reports::PropertyResult& result : report.properties) {
        if (result.name == "no-crash" && result.verdict == Verdict::invalid) {
            return to_int(ExitCode::crashed);
        }
        verdict = properties::merge(verdict, result.verdict);
    }
    if (!report.no_progress.empty()) return to_int(ExitCode::no_progress);
    switch (verdict) {
        case Verdict::valid:
            return to_int(ExitCode::held);
        case Verdict::unknown:
            return to_int(ExitCode::undecided);
        case Verdict::invalid:
            return to_int(ExitCode::violated);
    }
    return to_int(ExitCode::undecided);
}

std::string without_last_line_end(std::string text) {
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text;
}

}  // namespace

bool is_expected(const Death& death, const faults::Ledger& ledger) {
    using faults::FaultKind;
    // An agent that makes or copies a database writes the database's files itself.
    const auto is = [&death](std::string_view program) {
        return death.process.find(program) != std::string::npos;
    };
    if (!is("/postgres#") && !is("/agent#") && !is("/lease-store#")) return false;
    const auto befell = [&ledger](FaultKind kind) { return ledger.entry(kind).effective > 0; };
    const auto was = [&death](std::string_view what) { return death.reason.starts_with(what); };
    if (death.reason.find(": no_space") != std::string::npos) {
        return befell(FaultKind::disk_no_space) &&
               (was("PANIC: could not write to file") || was("PANIC: could not create file") ||
                was("PANIC: could not write a history") || was("PostgreSQL cannot start") ||
                was("the lease store cannot"));
    }
    if (death.reason.find(": io_error") == std::string::npos) return false;
    const bool syncs = befell(FaultKind::disk_sync_failure);
    if (was("PANIC: could not fsync")) return syncs;
    const bool writes = befell(FaultKind::disk_write_error);
    if (was("PANIC: could not write to file")) return writes;
    // Both write and sync, and say so by the error alone.
    for (const std::string_view act :
         {"PANIC: could not create file", "PANIC: could not write a history",
          "PANIC: could not remove a signal file", "the lease store cannot write"}) {
        if (was(act)) return syncs || writes;
    }
    return (was("PostgreSQL cannot start") || was("the lease store cannot serve")) &&
           (syncs || writes || befell(FaultKind::disk_read_error));
}

std::vector<properties::UserRow> to_user_rows(const models::postgres::CommittedRows& table) {
    const auto column = [&](std::string_view name) {
        const auto found = std::find(table.columns.begin(), table.columns.end(), name);
        ATLAS_CHECK(found != table.columns.end(), "the table of users has the columns of its DDL");
        return static_cast<std::size_t>(found - table.columns.begin());
    };
    const std::size_t id = column("id");
    const std::size_t email = column("email");
    const std::size_t email_folded = column("email_folded");
    const std::size_t display_name = column("display_name");
    const std::size_t version = column("version");
    // Not there before the migration that brings deletions.
    const auto deleted_at = std::ranges::find(table.columns, "deleted_at");
    const auto is_live = [&](const models::postgres::TextRow& row) {
        return deleted_at == table.columns.end() ||
               !row[static_cast<std::size_t>(deleted_at - table.columns.begin())];
    };
    std::vector<properties::UserRow> rows;
    for (const models::postgres::TextRow& row : table.rows) {
        properties::UserRow user{*row[id], *row[email], *row[email_folded], *row[display_name]};
        const std::string& number = *row[version];
        std::from_chars(number.data(), number.data() + number.size(), user.version);
        user.is_live = is_live(row);
        rows.push_back(std::move(user));
    }
    return rows;
}

reports::RunReport judge(Simulation& simulation, const faults::SwarmOptions& options) {
    reports::RunReport report;
    report.trace_hash = simulation.digest().hex();
    report.events = simulation.digest().events;
    report.virtual_milliseconds = static_cast<std::uint64_t>(simulation.now().since_epoch / 1ms);
    report.no_progress = simulation.no_progress();
    report.faults = count_faults(simulation.ledger());

    auto operations = properties::user_operations(simulation.history());
    ATLAS_CHECK(operations.has_value(), "the recorder writes histories that can be read");
    report.operations = count_operations(*operations);
    const properties::RunRecord record = record_of(simulation, options, std::move(*operations));
    for (properties::Finding& finding : properties::judge_run(record).findings) {
        report.properties.push_back({std::string(finding.property), finding.judgement.verdict,
                                     without_last_line_end(std::move(finding.judgement.prose))});
    }
    for (reports::PropertyResult& result : report.properties) {
        if (result.name != "unique-emails" || simulation.duplicate_email().empty()) continue;
        result.verdict = Verdict::invalid;
        result.explanation = simulation.duplicate_email();
    }
    judge_deaths(simulation, report);
    report.timeline = timeline_of(simulation.strikes());
    report.exit_code = exit_code_of(report);
    return report;
}

}  // namespace atlas::sim::atlas_sim

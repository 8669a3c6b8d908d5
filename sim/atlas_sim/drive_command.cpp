// `atlas-sim drive`: the simulator's workload and checkers, against real servers.

#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "adapters/asio_host.hpp"
#include "adapters/libpq/driver.hpp"
#include "properties/history/json_lines.hpp"
#include "properties/history/user_operations.hpp"
#include "properties/invariants/registry.hpp"
#include "properties/workloads/history_recorder.hpp"
#include "properties/workloads/user_workload.hpp"
#include "sim/atlas_sim/commands.hpp"
#include "sim/atlas_sim/exit_code.hpp"
#include "sim/atlas_sim/output_file.hpp"
#include "system/host/task_group.hpp"
#include "system/sql/primary_driver.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using namespace std::chrono_literals;

constexpr host::Duration healing_time = 60s;
constexpr std::uint64_t client_count = 12;

properties::UserWorkloadOptions workload_options(const DriveCommand& command) {
    properties::UserWorkloadOptions options;
    options.rate = command.rate;
    options.clients = client_count;
    return options;
}

/// Everything that the judges get, and nothing if the table could not be read.
struct Outcome {
    bool final_phase_completed = false;
    host::Duration faults_ended_at{};
    host::Duration ended_at{};
    std::optional<std::vector<properties::UserRow>> users;
};

host::Task<std::optional<std::vector<properties::UserRow>>> read_users(
    adapters::AsioHost& host, const DriveCommand& command) {
    sql::PrimaryDriver driver(host, std::make_unique<adapters::libpq::Driver>(host),
                              command.databases);
    sql::ConnectionTarget target;
    target.user = command.database_user;
    target.database = command.database_name;
    host::Context context;
    context.deadline = host::deadline_after(host, 30s);
    auto connection = co_await driver.connect(context, target);
    if (!connection) {
        fmt::print(stderr, "atlas-sim: the database cannot be read: {}\n",
                   connection.error().message);
        co_return std::nullopt;
    }
    auto result = co_await (*connection)
                      ->query(context,
                              "SELECT id, email, email_folded, display_name, version, deleted_at "
                              "FROM users ORDER "
                              "BY id");
    if (!result) {
        fmt::print(stderr, "atlas-sim: the users cannot be read: {}\n", result.error().message);
        co_return std::nullopt;
    }
    std::vector<properties::UserRow> rows;
    for (const std::vector<sql::Value>& row : result->rows) {
        properties::UserRow user{*row[0], *row[1], *row[2], *row[3]};
        std::from_chars(row[4]->data(), row[4]->data() + row[4]->size(), user.version);
        user.is_live = !row[5];
        rows.push_back(std::move(user));
    }
    co_return rows;
}

host::Task<> drive_and_read(adapters::AsioHost& host, const DriveCommand& command,
                            properties::UserWorkload& workload,
                            const properties::HistoryRecorder& recorder, Outcome& outcome) {
    const host::TimePoint until = host.clock().now() + command.duration;
    co_await workload.run_clients(host, command.nodes, 0, client_count, until);
    outcome.faults_ended_at = recorder.now();
    outcome.final_phase_completed = co_await workload.run_final_phase(
        host, command.nodes, host::deadline_after(host, healing_time));
    outcome.ended_at = recorder.now();
    outcome.users = co_await read_users(host, command);
}

properties::RunRecord record_of(const DriveCommand& command,
                                std::vector<properties::UserOperation> operations,
                                Outcome outcome) {
    properties::RunRecord record;
    record.operations = std::move(operations);
    record.users = std::move(outcome.users);
    std::ranges::copy(properties::weights_of(workload_options(command)),
                      record.facts.weights.begin());
    record.facts.faults_ended_at = outcome.faults_ended_at;
    record.facts.final_phase_completed = outcome.final_phase_completed;
    record.facts.ended_at = outcome.ended_at;
    record.facts.healing_time = healing_time;
    return record;
}

int report(const properties::RunVerdict& verdict, const properties::RunRecord& record) {
    std::size_t ok = 0;
    std::size_t indefinite = 0;
    for (const properties::UserOperation& operation : record.operations) {
        ok += operation.outcome == properties::EntryType::ok;
        indefinite += operation.outcome == properties::EntryType::info;
    }
    fmt::print("{} operations: {} ok, {} indefinite; {} users in the table\n",
               record.operations.size(), ok, indefinite, record.users ? record.users->size() : 0);
    for (const properties::Finding& finding : verdict.findings) {
        fmt::print("{:<8}  {}\n", properties::name(finding.judgement.verdict), finding.property);
        if (finding.judgement.verdict == properties::Verdict::valid) continue;
        fmt::print("{}\n", finding.judgement.prose);
    }
    switch (verdict.verdict) {
        case properties::Verdict::valid:
            return to_int(ExitCode::held);
        case properties::Verdict::invalid:
            return to_int(ExitCode::violated);
        case properties::Verdict::unknown:
            return to_int(ExitCode::undecided);
    }
    return to_int(ExitCode::undecided);
}

}  // namespace

int drive(const DriveCommand& command) {
    adapters::AsioHost host({.machine_name = "driver", .log_level = host::LogLevel::error});
    const host::TimePoint began = host.clock().now();
    properties::HistoryRecorder recorder([&host, began] { return host.clock().now() - began; });
    properties::UserWorkload workload(workload_options(command), recorder);
    Outcome outcome;
    host.run(drive_and_read(host, command, workload, recorder, outcome));
    OutputFile file(command.history_file);
    file.add(properties::write_history(recorder.history()));
    if (!file.flush()) return cannot_write(file.path());
    auto operations = properties::user_operations(recorder.history());
    if (!operations) {
        fmt::print(stderr, "atlas-sim: the history: {}\n",
                   properties::describe(operations.error()));
        return to_int(ExitCode::unreadable_input);
    }
    properties::RunRecord record = record_of(command, std::move(*operations), std::move(outcome));
    record.facts.undescribed_responses = recorder.undescribed_responses();
    return report(properties::judge_run(record), record);
}

}  // namespace atlas::sim::atlas_sim

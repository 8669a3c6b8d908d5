#include "sim/atlas_sim/run_command.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>

#include "adapters/log_sink.hpp"
#include "properties/history/json_lines.hpp"
#include "reports/run_report.hpp"
#include "sim/atlas_sim/build_id.hpp"
#include "sim/atlas_sim/exit_code.hpp"
#include "sim/atlas_sim/expectation.hpp"
#include "sim/atlas_sim/judgement.hpp"
#include "sim/atlas_sim/last_words.hpp"
#include "sim/atlas_sim/output_file.hpp"
#include "sim/atlas_sim/run_setup.hpp"
#include "sim/atlas_sim/simulation.hpp"
#include "sim/scenario/scenario.hpp"

namespace atlas::sim::atlas_sim {
namespace {

/// The comment tells whether a scenario file has changed since.
std::string replay_line(const RunCommand& command, const std::string& configuration_hash) {
    std::vector<std::string> words{"atlas-sim", "--seed", command.seed->text()};
    const std::vector<std::string> options = to_arguments(command.options);
    words.insert(words.end(), options.begin(), options.end());
    return shell_line(words) + "  # configuration " + configuration_hash;
}

/// Where a run was when it could not go on, and what there is of it.
void save_what_there_is(const Simulation& simulation, const std::string& last_event,
                        OutputFile& trace, OutputFile& history) {
    fmt::print(stderr, "at virtual time {} ms, in event {}{}\n",
               simulation.now().since_epoch / std::chrono::milliseconds{1},
               simulation.current_event(),
               last_event.empty() ? " (--trace FILE names its process)" : ": " + last_event);
    trace.flush();
    if (!history.is_wanted()) return;
    history.add(properties::write_history(simulation.history()));
    history.flush();
}

reports::Effort effort_since(std::chrono::steady_clock::time_point began) {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto wall = std::chrono::steady_clock::now() - began;  // atlas: allow(clock) for people
    return {static_cast<std::uint64_t>(
                std::chrono::duration_cast<std::chrono::milliseconds>(wall).count()),
            static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
}

std::vector<reports::NamedValue> option_table(const faults::SwarmOptions& options) {
    std::vector<reports::NamedValue> table;
    for (const faults::Knob& knob : faults::all_knobs()) {
        table.push_back({std::string(knob.name), faults::text_of(knob.read(options))});
    }
    return table;
}

}  // namespace

int run_one(const RunCommand& command) {
    const auto setup = set_up_run(command, *command.seed);
    if (!setup) return setup.error();
    const scenario::Configuration& configuration = setup->configuration;
    const properties::SabotageDescription* sabotage = setup->sabotage;
    if (command.print_scenario) {
        fmt::print("{}", scenario::write_scenario(configuration, command.expanded));
        return to_int(ExitCode::held);
    }
    OutputFile trace(command.trace_file);
    OutputFile history(command.history_file);
    OutputFile json(command.json_file);
    OutputFile log(command.log_file);
    for (const OutputFile* file : {&trace, &history, &log, &json}) {
        if (!file->is_good()) return cannot_write(file->path());
    }
    const std::string hash = scenario::configuration_hash(configuration);
    const std::string replay = replay_line(command, hash);
    prepare_last_words(replay);

    const auto began = std::chrono::steady_clock::now();  // atlas: allow(clock) for people
    kernel::Trace::Sink sink;
    std::string last_event;
    if (trace.is_wanted()) {
        sink = [&](std::string_view line) {
            last_event = line;
            trace.add_line(line);
        };
    }
    Simulation simulation(
        {.seed = *command.seed,
         .options = configuration.options,
         .suppressed = configuration.suppressed,
         .suppressed_operations = configuration.suppressed_operations,
         .plan = configuration.plan,
         .sabotage = sabotage == nullptr ? properties::Sabotage::none : sabotage->sabotage},
        std::move(sink));
    const AtFailedCheck rescue([&] {
        save_what_there_is(simulation, last_event, trace, history);
        log.flush();
    });
    if (log.is_wanted()) {
        simulation.listen_to_logs([&log](const kernel::Process& process, host::UtcTime time,
                                         const host::LogRecord& record) {
            log.add_line(adapters::to_json_line(record, time, process.full_name()));
        });
    }
    const bool as_text = command.json_file != "-";
    if (as_text) {
        fmt::print("atlas-sim seed {}, configuration {}, build {}\n\n{}\n", command.seed->text(),
                   hash, build_id(), faults::table(configuration.options));
        std::fflush(stdout);
    }
    simulation.run();

    reports::RunReport report = judge(simulation, configuration.options);
    report.seed = command.seed->text();
    report.scenario = command.options.scenario_file;
    report.configuration_hash = hash;
    report.build = build_id();
    report.options = option_table(configuration.options);
    report.replay = replay;
    if (sabotage != nullptr) {
        report.sabotages = {
            {std::string(sabotage->name), std::to_string(simulation.sabotage_ledger().acted)}};
    }
    apply_expectation(setup->expect, report);

    if (history.is_wanted()) history.add(properties::write_history(simulation.history()));
    const reports::Effort effort = effort_since(began);
    if (json.is_wanted()) json.add_line(reports::to_json(report, effort));
    if (as_text) fmt::print("{}", reports::to_text(report, effort));
    for (OutputFile* file : {&trace, &history, &log, &json}) {
        if (!file->flush()) return cannot_write(file->path());
    }
    return report.exit_code;
}

}  // namespace atlas::sim::atlas_sim

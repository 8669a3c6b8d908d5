#include "sim/atlas_sim/run_command.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "properties/history/json_lines.hpp"
#include "reports/run_report.hpp"
#include "sim/atlas_sim/build_id.hpp"
#include "sim/atlas_sim/exit_code.hpp"
#include "sim/atlas_sim/judgement.hpp"
#include "sim/atlas_sim/last_words.hpp"
#include "sim/atlas_sim/simulation.hpp"
#include "sim/scenario/scenario.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using scenario::Configuration;
using scenario::Scenario;

std::expected<Scenario, scenario::Complaints> load_scenario(const std::string& path) {
    if (path.empty()) return Scenario{};
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return std::unexpected(scenario::Complaints{path + ": cannot be read"});
    return scenario::read_scenario(text.view(), path);
}

std::expected<Configuration, scenario::Complaints> configure(const RunCommand& command) {
    auto loaded = load_scenario(command.options.scenario_file);
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    std::vector<std::string> overrides;
    if (command.options.duration) {
        overrides.push_back("run.safety=" + faults::text_of(*command.options.duration));
    }
    for (const auto& [name, value] : command.options.settings) {
        overrides.push_back(name + "=" + value);
    }
    return scenario::resolve(*command.seed, *loaded, overrides);
}

/// Which of the two was wrong decides the exit code.
int complain(const RunCommand& command, const scenario::Complaints& complaints) {
    for (const std::string& complaint : complaints)
        fmt::print(stderr, "atlas-sim: {}\n", complaint);
    return to_int(command.options.scenario_file.empty() ? ExitCode::wrong_usage
                                                        : ExitCode::unreadable_input);
}

std::string replay_line(const RunCommand& command) {
    std::vector<std::string> words{"atlas-sim", "--seed", command.seed->text()};
    const std::vector<std::string> options = to_arguments(command.options);
    words.insert(words.end(), options.begin(), options.end());
    return shell_line(words);
}

/// A file that is written as the run goes; an empty path is none.
class OutputFile {
  public:
    explicit OutputFile(const std::string& path) : path_(path) {
        if (!path.empty()) file_.open(path, std::ios::binary | std::ios::trunc);
    }
    bool is_wanted() const { return !path_.empty(); }
    bool is_good() const { return path_.empty() || file_.good(); }
    void add_line(std::string_view line) { file_ << line << '\n'; }
    void add(std::string_view text) { file_ << text; }
    bool finish() {
        if (is_wanted()) file_.flush();
        return is_good();
    }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
    std::ofstream file_;
};

int cannot_write(const std::string& path) {
    fmt::print(stderr, "atlas-sim: {}: cannot be written\n", path);
    return to_int(ExitCode::unreadable_input);
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

/// --expect turns a violation that was asked for into success, and its absence into failure.
int expected_exit_code(const std::string& expect, const reports::RunReport& report) {
    if (!expect.starts_with("invalid:")) return report.exit_code;
    const std::string property = expect.substr(std::string("invalid:").size());
    for (const reports::PropertyResult& result : report.properties) {
        if (result.verdict == properties::Verdict::invalid &&
            (property == "any" || result.name == property)) {
            return to_int(ExitCode::held);
        }
    }
    return report.exit_code == 0 ? to_int(ExitCode::violated) : report.exit_code;
}

}  // namespace

int run_one(const RunCommand& command) {
    auto configuration = configure(command);
    if (!configuration) return complain(command, configuration.error());
    if (command.print_scenario) {
        fmt::print("{}", scenario::write_scenario(*configuration, command.expanded));
        return to_int(ExitCode::held);
    }
    const properties::SabotageDescription* sabotage =
        properties::find_sabotage(command.options.sabotage);
    if (!command.options.sabotage.empty() && sabotage == nullptr) {
        fmt::print(stderr,
                   "atlas-sim: --sabotage {}: no such sabotage; see 'atlas-sim list sabotages'\n",
                   command.options.sabotage);
        return to_int(ExitCode::wrong_usage);
    }
    OutputFile trace(command.trace_file);
    OutputFile history(command.history_file);
    OutputFile json(command.json_file == "-" ? "" : command.json_file);
    for (const OutputFile* file : {&trace, &history, &json}) {
        if (!file->is_good()) return cannot_write(file->path());
    }
    const std::string replay = replay_line(command);
    prepare_last_words(replay);

    const auto began = std::chrono::steady_clock::now();  // atlas: allow(clock) for people
    kernel::Trace::Sink sink;
    if (trace.is_wanted()) sink = [&trace](std::string_view line) { trace.add_line(line); };
    Simulation simulation(
        {*command.seed, configuration->options, configuration->suppressed, configuration->plan,
         sabotage == nullptr ? properties::Sabotage::none : sabotage->sabotage},
        std::move(sink));
    const bool as_text = command.json_file != "-";
    if (as_text) {
        fmt::print("atlas-sim seed {}, configuration {}, build {}\n\n{}\n", command.seed->text(),
                   scenario::configuration_hash(*configuration), build_id(),
                   faults::table(configuration->options));
        std::fflush(stdout);
    }
    simulation.run();

    reports::RunReport report = judge(simulation, configuration->options);
    report.seed = command.seed->text();
    report.scenario = command.options.scenario_file;
    report.configuration_hash = scenario::configuration_hash(*configuration);
    report.build = build_id();
    report.options = option_table(configuration->options);
    report.replay = replay;
    if (sabotage != nullptr) {
        report.sabotages = {
            {std::string(sabotage->name), std::to_string(simulation.sabotage_ledger().acted)}};
    }
    const std::string& expect = command.expect.empty() ? configuration->expect : command.expect;
    report.exit_code = expected_exit_code(expect, report);

    if (history.is_wanted()) history.add(properties::write_history(simulation.history()));
    const reports::Effort effort = effort_since(began);
    if (json.is_wanted()) json.add_line(reports::to_json(report, effort));
    for (OutputFile* file : {&trace, &history, &json}) {
        if (!file->finish()) return cannot_write(file->path());
    }
    fmt::print(
        "{}", as_text ? reports::to_text(report, effort) : reports::to_json(report, effort) + "\n");
    return report.exit_code;
}

}  // namespace atlas::sim::atlas_sim

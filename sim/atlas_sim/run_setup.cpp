#include "sim/atlas_sim/run_setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "sim/atlas_sim/exit_code.hpp"
#include "sim/atlas_sim/expectation.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using scenario::Complaints;
using scenario::Scenario;

std::unexpected<int> complain(const Complaints& complaints, ExitCode code) {
    for (const std::string& complaint : complaints)
        fmt::print(stderr, "atlas-sim: {}\n", complaint);
    return std::unexpected(to_int(code));
}

std::expected<Scenario, Complaints> load_scenario(const std::string& path) {
    if (path.empty()) return Scenario{};
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return std::unexpected(Complaints{path + ": cannot be read"});
    auto read = scenario::read_scenario(text.view(), path);
    if (!read) return read;
    if (const auto wrong = wrong_expectation(read->expect)) {
        return std::unexpected(Complaints{fmt::format("{}: expect: {}", path, *wrong)});
    }
    return read;
}

std::vector<std::string> overrides_of(const RunOptions& options) {
    std::vector<std::string> overrides;
    if (options.duration) {
        overrides.push_back("run.safety=" + faults::text_of(*options.duration));
    }
    for (const auto& [name, value] : options.settings)
        overrides.push_back(name + "=" + value);
    return overrides;
}

/// A scenario that is right may still be at odds with a setting: whose fault a complaint is, it
/// says itself.
ExitCode fault_of(const Complaints& complaints, const RunOptions& options) {
    const bool is_setting = std::ranges::any_of(
        complaints, [](const std::string& each) { return each.starts_with("--set "); });
    return is_setting || options.scenario_file.empty() ? ExitCode::wrong_usage
                                                       : ExitCode::unreadable_input;
}

}  // namespace

std::expected<RunSetup, int> set_up_run(const RunCommand& command, const kernel::Seed& seed) {
    const RunOptions& options = command.options;
    RunSetup setup;
    setup.sabotage = properties::find_sabotage(options.sabotage);
    if (!options.sabotage.empty() && setup.sabotage == nullptr) {
        return complain({fmt::format("--sabotage {}: no such sabotage; see 'atlas-sim list "
                                     "sabotages'",
                                     options.sabotage)},
                        ExitCode::wrong_usage);
    }
    if (const auto wrong = wrong_expectation(command.expect)) {
        return complain({fmt::format("--expect {}: {}", command.expect, *wrong)},
                        ExitCode::wrong_usage);
    }
    const auto loaded = load_scenario(options.scenario_file);
    if (!loaded) return complain(loaded.error(), ExitCode::unreadable_input);
    auto resolved = scenario::resolve(seed, *loaded, overrides_of(options));
    if (!resolved) return complain(resolved.error(), fault_of(resolved.error(), options));
    setup.configuration = std::move(*resolved);
    setup.expect = command.expect.empty() ? setup.configuration.expect : command.expect;
    return setup;
}

}  // namespace atlas::sim::atlas_sim

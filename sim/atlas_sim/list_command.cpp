// `atlas-sim list ...`: what there is, with a sentence each.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "properties/invariants/registry.hpp"
#include "properties/sabotage/sabotage.hpp"
#include "sim/atlas_sim/commands.hpp"
#include "sim/atlas_sim/exit_code.hpp"
#include "sim/faults/fault_document.hpp"
#include "sim/faults/fault_kind.hpp"
#include "sim/faults/knobs.hpp"
#include "sim/faults/topology.hpp"
#include "sim/scenario/scenario.hpp"

namespace atlas::sim::atlas_sim {
namespace {

void list_faults() {
    const faults::Envelope envelope = faults::Envelope::failover();
    for (const faults::FaultKindInfo& kind : faults::all_fault_kinds()) {
        fmt::print("{:<35}{}\n{:<35}effect: {}\n{:<35}floor: {} % of the seeds that arm it{}\n",
                   kind.name, kind.sentence, "", kind.effect, "", kind.floor_percent,
                   envelope.covers_any(kind.kind) ? "" : "; never drawn");
    }
}

void list_properties() {
    for (const properties::Property& property : properties::all_properties()) {
        fmt::print("{:<28}{}\n", property.name, property.sentence);
    }
    fmt::print("{:<28}{}\n", "no-crash",
               "No process ends itself, but for PostgreSQL when its disk gave it an error.");
}

void list_sabotages() {
    for (const properties::SabotageDescription& sabotage : properties::all_sabotages()) {
        fmt::print("{:<31}{}\n", sabotage.name, sabotage.sentence);
    }
}

void list_knobs() {
    for (const faults::Knob& knob : faults::all_knobs()) {
        fmt::print("{:<46}{:<24}  {}\n", knob.name, knob.range(), knob.sentence);
    }
}

/// Those of the folder `scenarios` below the present one.
int list_scenarios() {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("scenarios", error)) {
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    }
    if (error) {
        fmt::print(stderr, "atlas-sim: there is no folder 'scenarios' here\n");
        return to_int(ExitCode::unreadable_input);
    }
    std::sort(files.begin(), files.end());
    for (const std::filesystem::path& path : files) {
        std::ifstream file(path);
        std::ostringstream text;
        text << file.rdbuf();
        const auto scenario = scenario::read_scenario(text.view(), path.string());
        fmt::print(
            "{:<40}{}\n", path.string(),
            scenario ? scenario->description : "cannot be read: " + scenario.error().front());
    }
    return to_int(ExitCode::held);
}

}  // namespace

int list(const ListCommand& command) {
    if (command.what == "scenarios") return list_scenarios();
    if (command.what == "faults" && command.markdown) {
        fmt::print("{}", faults::fault_document());
        return to_int(ExitCode::held);
    }
    if (command.what == "faults") list_faults();
    if (command.what == "properties") list_properties();
    if (command.what == "sabotages") list_sabotages();
    if (command.what == "knobs") list_knobs();
    return to_int(ExitCode::held);
}

}  // namespace atlas::sim::atlas_sim

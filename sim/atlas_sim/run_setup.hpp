#pragma once
// What a run needs besides its seed, put together and checked before anything runs.

#include <expected>

#include "properties/sabotage/sabotage.hpp"
#include "sim/atlas_sim/command_line.hpp"
#include "sim/scenario/scenario.hpp"

namespace atlas::sim::atlas_sim {

struct RunSetup {
    scenario::Configuration configuration;
    const properties::SabotageDescription* sabotage = nullptr;  ///< Null: none.
    std::string expect;  ///< The command line's, else the scenario's.
};

/// What is wrong is printed, and the error is the exit code: wrong usage when a word of the command
/// line is at fault, unreadable input when the scenario is.
std::expected<RunSetup, int> set_up_run(const RunCommand& command, const kernel::Seed& seed);

}  // namespace atlas::sim::atlas_sim

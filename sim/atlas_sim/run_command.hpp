#pragma once
// One seed, run in this very process.

#include "sim/atlas_sim/command_line.hpp"

namespace atlas::sim::atlas_sim {

/// Runs, judges, reports; or only prints the scenario. Returns the program's exit code.
int run_one(const RunCommand& command);

}  // namespace atlas::sim::atlas_sim

#pragma once
// The commands of atlas-sim besides a run; each returns the program's exit code.

#include "sim/atlas_sim/command_line.hpp"

namespace atlas::sim::atlas_sim {

int list(const ListCommand& command);

int check(const CheckCommand& command);

/// Serves until SIGTERM or SIGINT.
int serve_model(const ModelCommand& command);

/// Runs the workload against servers that run already, while somebody else kills and restarts
/// them; then everything must answer again. Judged as a simulated run is.
int drive(const DriveCommand& command);

}  // namespace atlas::sim::atlas_sim

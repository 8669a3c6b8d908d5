#pragma once
// The commands of atlas-sim besides a run; each returns the program's exit code.

#include "sim/atlas_sim/command_line.hpp"

namespace atlas::sim::atlas_sim {

int list(const ListCommand& command);

int check(const CheckCommand& command);

/// Serves until SIGTERM or SIGINT.
int serve_model(const ModelCommand& command);

}  // namespace atlas::sim::atlas_sim

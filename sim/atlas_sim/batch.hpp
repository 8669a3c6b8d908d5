#pragma once
// Many seeds, each in a process of its own: --seeds and --verify.

#include "sim/atlas_sim/command_line.hpp"

namespace atlas::sim::atlas_sim {

/// Runs every seed of the range and prints a line for each failure, then a summary. The exit code
/// is that of the worst seed. With --expect invalid:PROPERTY it stops at the first seed that
/// catches, and succeeds if there is one.
int run_batch(const RunCommand& command);

/// Runs each seed twice and compares the traces; shows the first event that differs.
int verify(const RunCommand& command);

}  // namespace atlas::sim::atlas_sim

#pragma once
// Many seeds, each in a process of its own: --seeds and --verify.

#include <cstdio>

#include "reports/run_report.hpp"
#include "sim/atlas_sim/command_line.hpp"

namespace atlas::sim::atlas_sim {

/// Runs every seed of the range and prints a line for each failure, then a summary. The exit code
/// is that of the worst seed. With --expect invalid:PROPERTY it stops at the first seed that
/// catches, and succeeds if there is one.
int run_batch(const RunCommand& command);

/// Runs each seed twice and compares the traces; shows the first event that differs.
int verify(const RunCommand& command);

/// How many workers at once.
unsigned parallel_jobs(const RunCommand& command);

void print_failure(std::FILE* to, const reports::RunReport& report);

/// The most telling of many exit codes: a crash before a violation before the undecided.
int worse(int a, int b);

}  // namespace atlas::sim::atlas_sim

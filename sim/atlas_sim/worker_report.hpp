#pragma once
// What a worker process is told, and what came of it as a report.

#include <string>
#include <vector>

#include "reports/run_report.hpp"
#include "sim/atlas_sim/command_line.hpp"
#include "sim/atlas_sim/worker_process.hpp"

namespace atlas::sim::atlas_sim {

/// The words of one run whose report comes back as JSON. `expect` is passed on unless it is empty.
std::vector<std::string> worker_arguments(const RunOptions& options, const std::string& seed,
                                          const std::string& expect = {});

/// The worker's own report if it ended in order and its exit code says the same; else one made
/// here. An exit code that is none of ours (a sanitizer's, a failed exec) is a crash.
reports::RunReport report_of(const RunOptions& options, const std::string& seed,
                             const WorkerResult& worker);

}  // namespace atlas::sim::atlas_sim

#pragma once
// A run of atlas-sim in a process of its own, with limits: a seed that crashes, spins or swells
// ends as its own result and takes nobody with it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace atlas::sim::atlas_sim {

struct WorkerLimits {
    std::uint64_t memory_bytes = std::uint64_t{4} << 30;
    std::chrono::seconds wall_time{300};
};

struct WorkerResult {
    std::size_t job = 0;  ///< From 0.
    int exit_code = -1;   ///< -1 when a signal ended it.
    int signal = 0;       ///< 0 when it exited.
    bool timed_out = false;
    std::string output;  ///< What it wrote to standard output, at most 16 MiB.
    std::string errors;  ///< The end of what it wrote to standard error.
    std::uint64_t peak_memory_bytes = 0;
    std::chrono::milliseconds wall_time{};
};

struct WorkerJobs {
    std::size_t count = 0;
    /// The words of one job, asked for when it starts.
    std::function<std::vector<std::string>(std::size_t job)> arguments;
};

/// Runs this very program once for each job, at most `parallel` at once, and calls `on_result` as
/// each ends (in the order of ending). Stops starting new ones when it returns false.
void run_workers(const WorkerJobs& jobs, unsigned parallel, const WorkerLimits& limits,
                 const std::function<bool(WorkerResult)>& on_result);

}  // namespace atlas::sim::atlas_sim

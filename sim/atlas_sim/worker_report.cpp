#include "sim/atlas_sim/worker_report.hpp"

#include <fmt/format.h>

#include <optional>

#include "sim/atlas_sim/exit_code.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using reports::RunReport;

std::string last_lines(const std::string& text, std::size_t most) {
    std::size_t start = text.size();
    for (std::size_t lines = 0; start > 0; --start) {
        if (text[start - 1] == '\n' && start != text.size() && ++lines == most) break;
    }
    return text.substr(start);
}

/// The codes with which a run ends that has no report, besides a crash.
bool says_why_it_never_ran(int exit_code) {
    return exit_code == to_int(ExitCode::wrong_usage) ||
           exit_code == to_int(ExitCode::unreadable_input) ||
           exit_code == to_int(ExitCode::unwritable_output);
}

std::string how_it_ended(const WorkerResult& worker) {
    if (worker.timed_out) {
        return fmt::format("it was still running after {} s of wall time",
                           worker.wall_time.count() / 1000);
    }
    if (worker.signal != 0) return fmt::format("signal {} ended it", worker.signal);
    return fmt::format("it exited with {} and no report that says so", worker.exit_code);
}

RunReport report_of_the_dead(const RunOptions& options, const std::string& seed,
                             const WorkerResult& worker) {
    RunReport report;
    report.seed = seed;
    report.exit_code = to_int(ExitCode::crashed);
    if (worker.timed_out) {
        report.exit_code = to_int(ExitCode::no_progress);
    } else if (worker.signal == 0 && says_why_it_never_ran(worker.exit_code)) {
        report.exit_code = worker.exit_code;
    }
    report.no_progress = how_it_ended(worker);
    if (!worker.errors.empty()) report.no_progress += "\n" + last_lines(worker.errors, 20);
    std::vector<std::string> words{"atlas-sim", "--seed", seed};
    const std::vector<std::string> more = to_arguments(options);
    words.insert(words.end(), more.begin(), more.end());
    report.replay = shell_line(words);
    return report;
}

}  // namespace

std::vector<std::string> worker_arguments(const RunOptions& options, const std::string& seed,
                                          const std::string& expect) {
    std::vector<std::string> words{"--seed", seed};
    const std::vector<std::string> more = to_arguments(options);
    words.insert(words.end(), more.begin(), more.end());
    if (!expect.empty()) words.insert(words.end(), {"--expect", expect});
    words.insert(words.end(), {"--json", "-"});
    return words;
}

RunReport report_of(const RunOptions& options, const std::string& seed,
                    const WorkerResult& worker) {
    if (worker.signal == 0 && !worker.timed_out) {
        std::optional<RunReport> report = reports::from_json(worker.output);
        if (report && report->exit_code == worker.exit_code) return std::move(*report);
    }
    return report_of_the_dead(options, seed, worker);
}

}  // namespace atlas::sim::atlas_sim

// --verify: each seed twice, and where the two differ.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "reports/run_report.hpp"
#include "sim/atlas_sim/batch.hpp"
#include "sim/atlas_sim/exit_code.hpp"
#include "sim/atlas_sim/run_setup.hpp"
#include "sim/atlas_sim/seed_list.hpp"
#include "sim/atlas_sim/worker_report.hpp"

namespace atlas::sim::atlas_sim {

using reports::RunReport;

namespace {

/// Both traces again, written out, and the first line in which they differ.
void show_first_difference(const RunCommand& command, const std::string& seed) {
    std::string directory = "/tmp/atlas-verify-XXXXXX";
    if (::mkdtemp(directory.data()) == nullptr) return;
    const std::string paths[2] = {directory + "/a", directory + "/b"};
    const WorkerJobs jobs{2, [&](std::size_t job) {
                              auto words = worker_arguments(command.options, seed);
                              words.insert(words.end(), {"--trace", paths[job]});
                              return words;
                          }};
    run_workers(jobs, 2, {}, [](const WorkerResult&) { return true; });
    std::ifstream a(paths[0]);
    std::ifstream b(paths[1]);
    std::string line_a;
    std::string line_b;
    for (std::uint64_t number = 1;; ++number) {
        const bool has_a = static_cast<bool>(std::getline(a, line_a));
        const bool has_b = static_cast<bool>(std::getline(b, line_b));
        if (!has_a && !has_b) {
            fmt::print(
                "  written out once more, the traces agree: the difference comes and goes\n");
            break;
        }
        if (has_a && has_b && line_a == line_b) continue;
        fmt::print("  first difference, event {}:\n    {}\n    {}\n", number,
                   has_a ? line_a : "(the first run ended)",
                   has_b ? line_b : "(the second run ended)");
        break;
    }
    for (const std::string& path : paths)
        ::unlink(path.c_str());
    ::rmdir(directory.c_str());
}

}  // namespace

int verify(const RunCommand& command) {
    const SeedList seeds(command);
    const auto setup = set_up_run(command, seeds.first());
    if (!setup) return setup.error();
    const WorkerJobs jobs{2 * seeds.size(), [&](std::size_t job) {
                              return worker_arguments(command.options, seeds.text(job / 2));
                          }};
    std::map<std::size_t, RunReport> waiting;
    int exit_code = 0;
    std::size_t differed = 0;
    run_workers(jobs, parallel_jobs(command), {}, [&](WorkerResult worker) {
        const std::size_t index = worker.job / 2;
        RunReport report = report_of(command.options, seeds.text(index), worker);
        const auto twin = waiting.find(index);
        if (twin == waiting.end()) {
            waiting.emplace(index, std::move(report));
            return true;
        }
        const RunReport other = std::move(twin->second);
        waiting.erase(twin);
        if (reports::to_json(report, std::nullopt) == reports::to_json(other, std::nullopt)) {
            if (report.exit_code != 0) print_failure(stdout, report);
            exit_code = worse(exit_code, report.exit_code);
            return true;
        }
        ++differed;
        exit_code = worse(exit_code, to_int(ExitCode::trace_differed));
        fmt::print("seed {}: two runs differed: {} events, trace {}; and {} events, trace {}\n",
                   seeds.text(index), report.events, report.trace_hash, other.events,
                   other.trace_hash);
        show_first_difference(command, seeds.text(index));
        fmt::print("  replay: {}\n", report.replay);
        return true;
    });
    fmt::print("{} seeds run twice, {} differed\n", seeds.size(), differed);
    return exit_code;
}

}  // namespace atlas::sim::atlas_sim

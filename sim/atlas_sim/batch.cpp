#include "sim/atlas_sim/batch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>

#include "reports/batch_summary.hpp"
#include "reports/run_report.hpp"
#include "sim/atlas_sim/exit_code.hpp"
#include "sim/atlas_sim/worker_process.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using reports::RunReport;

std::vector<std::string> arguments_for(const RunCommand& command, const std::string& seed) {
    std::vector<std::string> words{"--seed", seed};
    const std::vector<std::string> options = to_arguments(command.options);
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"--json", "-"});
    return words;
}

std::vector<std::string> seeds_of(const RunCommand& command) {
    if (command.seed) return {command.seed->text()};
    std::vector<std::string> seeds;
    for (std::uint64_t seed = command.seeds->first;; ++seed) {
        seeds.push_back(std::to_string(seed));
        if (seed == command.seeds->second) break;
    }
    return seeds;
}

unsigned parallel_jobs(const RunCommand& command) {
    if (command.jobs > 0) return command.jobs;
    const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1U : static_cast<unsigned>(cores);
}

std::string last_lines(const std::string& text, std::size_t most) {
    std::size_t start = text.size();
    for (std::size_t lines = 0; start > 0; --start) {
        if (text[start - 1] == '\n' && start != text.size() && ++lines == most) break;
    }
    return text.substr(start);
}

/// A worker that could not even report is a result too.
RunReport report_of_the_dead(const RunCommand& command, const std::string& seed,
                             const WorkerResult& worker) {
    RunReport report;
    report.seed = seed;
    report.exit_code = to_int(ExitCode::crashed);
    if (worker.timed_out) {
        report.exit_code = to_int(ExitCode::no_progress);
        report.no_progress = fmt::format("it was still running after {} s of wall time",
                                         worker.wall_time.count() / 1000);
    } else if (worker.signal != 0) {
        report.no_progress = fmt::format("signal {} ended it", worker.signal);
    } else {
        report.no_progress = fmt::format("it exited with {} and no report", worker.exit_code);
        if (worker.exit_code > 0) report.exit_code = worker.exit_code;
    }
    if (!worker.errors.empty()) report.no_progress += "\n" + last_lines(worker.errors, 20);
    std::vector<std::string> words{"atlas-sim", "--seed", seed};
    const std::vector<std::string> options = to_arguments(command.options);
    words.insert(words.end(), options.begin(), options.end());
    report.replay = shell_line(words);
    return report;
}

RunReport report_of(const RunCommand& command, const std::string& seed,
                    const WorkerResult& worker) {
    std::optional<RunReport> report = reports::from_json(worker.output);
    return report ? std::move(*report) : report_of_the_dead(command, seed, worker);
}

bool catches(const RunReport& report, const std::string& property) {
    return std::any_of(report.properties.begin(), report.properties.end(),
                       [&](const reports::PropertyResult& result) {
                           return result.verdict == properties::Verdict::invalid &&
                                  (property == "any" || result.name == property);
                       });
}

void print_failure(const RunReport& report) {
    fmt::print("seed {}: {}\n", report.seed, describe(static_cast<ExitCode>(report.exit_code)));
    for (const reports::PropertyResult& property : report.properties) {
        if (property.verdict == properties::Verdict::valid) continue;
        const std::string first = property.explanation.substr(0, property.explanation.find('\n'));
        fmt::print("  {}: {}: {}\n", properties::name(property.verdict), property.name, first);
    }
    if (!report.no_progress.empty()) fmt::print("  {}\n", report.no_progress);
    fmt::print("  replay: {}\n", report.replay);
    std::fflush(stdout);
}

/// The most telling of many exit codes: a crash before a violation before the undecided.
int worse(int a, int b) {
    const auto rank = [](int code) {
        switch (static_cast<ExitCode>(code)) {
            case ExitCode::held:
                return 0;
            case ExitCode::undecided:
                return 1;
            case ExitCode::violated:
                return 2;
            case ExitCode::no_progress:
                return 3;
            case ExitCode::trace_differed:
                return 4;
            default:
                return 5;
        }
    };
    return rank(a) >= rank(b) ? a : b;
}

int run_until_caught(const RunCommand& command, const std::string& property) {
    const std::vector<std::string> seeds = seeds_of(command);
    std::vector<std::vector<std::string>> lists;
    for (const std::string& seed : seeds)
        lists.push_back(arguments_for(command, seed));
    std::map<std::size_t, RunReport> caught;
    std::size_t runs = 0;
    run_workers(lists, parallel_jobs(command), {}, [&](WorkerResult worker) {
        ++runs;
        RunReport report = report_of(command, seeds[worker.job], worker);
        if (catches(report, property)) caught.emplace(worker.job, std::move(report));
        return caught.empty();
    });
    if (caught.empty()) {
        fmt::print("none of {} seeds violated {}\n", runs, property);
        return to_int(ExitCode::violated);
    }
    const RunReport& first = caught.begin()->second;
    fmt::print("caught by seed {} ({} runs), trace {}\n", first.seed, runs, first.trace_hash);
    print_failure(first);
    return to_int(ExitCode::held);
}

}  // namespace

int run_batch(const RunCommand& command) {
    if (command.expect.starts_with("invalid:")) {
        return run_until_caught(command, command.expect.substr(std::string("invalid:").size()));
    }
    const std::vector<std::string> seeds = seeds_of(command);
    std::vector<std::vector<std::string>> lists;
    for (const std::string& seed : seeds)
        lists.push_back(arguments_for(command, seed));
    std::vector<RunReport> reports(seeds.size());
    reports::BatchSummary summary;
    int exit_code = 0;
    run_workers(lists, parallel_jobs(command), {}, [&](WorkerResult worker) {
        RunReport& report = reports[worker.job];
        report = report_of(command, seeds[worker.job], worker);
        if (report.exit_code != 0) print_failure(report);
        exit_code = worse(exit_code, report.exit_code);
        summary.add(report, {static_cast<std::uint64_t>(worker.wall_time.count()),
                             worker.peak_memory_bytes});
        return true;
    });
    fmt::print("{}", summary.to_text());
    if (!command.json_file.empty()) {
        std::ofstream file(command.json_file);
        for (const RunReport& report : reports) {
            file << reports::to_json(report, std::nullopt) << '\n';
        }
        if (!file.flush()) {
            fmt::print(stderr, "atlas-sim: --json {}: cannot be written\n", command.json_file);
            return to_int(ExitCode::unreadable_input);
        }
    }
    return exit_code;
}

namespace {

/// Both traces again, written out, and the first line in which they differ.
void show_first_difference(const RunCommand& command, const std::string& seed) {
    std::string directory = "/tmp/atlas-verify-XXXXXX";
    if (::mkdtemp(directory.data()) == nullptr) return;
    const std::string paths[2] = {directory + "/a", directory + "/b"};
    std::vector<std::vector<std::string>> lists;
    for (const std::string& path : paths) {
        std::vector<std::string> words = arguments_for(command, seed);
        words.insert(words.end(), {"--trace", path});
        lists.push_back(std::move(words));
    }
    run_workers(lists, 2, {}, [](const WorkerResult&) { return true; });
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
    const std::vector<std::string> seeds = seeds_of(command);
    std::vector<std::vector<std::string>> lists;
    for (const std::string& seed : seeds) {
        lists.push_back(arguments_for(command, seed));
        lists.push_back(arguments_for(command, seed));
    }
    std::map<std::size_t, RunReport> waiting;
    int exit_code = 0;
    std::size_t differed = 0;
    run_workers(lists, parallel_jobs(command), {}, [&](WorkerResult worker) {
        const std::size_t index = worker.job / 2;
        RunReport report = report_of(command, seeds[index], worker);
        const auto twin = waiting.find(index);
        if (twin == waiting.end()) {
            waiting.emplace(index, std::move(report));
            return true;
        }
        const RunReport other = std::move(twin->second);
        waiting.erase(twin);
        if (reports::to_json(report, std::nullopt) == reports::to_json(other, std::nullopt)) {
            if (report.exit_code != 0) print_failure(report);
            exit_code = worse(exit_code, report.exit_code);
            return true;
        }
        ++differed;
        exit_code = worse(exit_code, to_int(ExitCode::trace_differed));
        fmt::print("seed {}: two runs differed: {} events, trace {}; and {} events, trace {}\n",
                   seeds[index], report.events, report.trace_hash, other.events, other.trace_hash);
        show_first_difference(command, seeds[index]);
        return true;
    });
    fmt::print("{} seeds run twice, {} differed\n", seeds.size(), differed);
    return exit_code;
}

}  // namespace atlas::sim::atlas_sim

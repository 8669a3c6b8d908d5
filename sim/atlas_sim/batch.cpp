#include "sim/atlas_sim/batch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <map>
#include <optional>

#include "reports/batch_summary.hpp"
#include "sim/atlas_sim/exit_code.hpp"
#include "sim/atlas_sim/expectation.hpp"
#include "sim/atlas_sim/output_file.hpp"
#include "sim/atlas_sim/progress_bar.hpp"
#include "sim/atlas_sim/run_setup.hpp"
#include "sim/atlas_sim/seed_list.hpp"
#include "sim/atlas_sim/worker_report.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using reports::RunReport;

/// Workers end in any order; lines are written in that of the seeds, as soon as they can be.
class LinesInOrder {
  public:
    explicit LinesInOrder(OutputFile& file) : file_(file) {}

    void add(std::size_t index, std::string line) {
        if (!file_.is_wanted()) return;
        waiting_.emplace(index, std::move(line));
        for (auto first = waiting_.begin(); first != waiting_.end() && first->first == next_;
             first = waiting_.erase(first), ++next_) {
            file_.add_line(first->second);
        }
    }

  private:
    OutputFile& file_;
    std::size_t next_ = 0;
    std::map<std::size_t, std::string> waiting_;
};

int run_all(const RunCommand& command) {
    OutputFile json(command.json_file);
    if (!json.is_good()) return cannot_write(json.path());
    // Standard output holds either the reports or the text.
    std::FILE* const text = command.json_file == "-" ? stderr : stdout;
    const SeedList seeds(command);
    const WorkerJobs jobs{seeds.size(), [&](std::size_t job) {
                              return worker_arguments(command.options, seeds.text(job),
                                                      command.expect);
                          }};
    LinesInOrder lines(json);
    reports::BatchSummary summary;
    int exit_code = to_int(ExitCode::held);
    std::size_t done = 0;
    std::size_t failed = 0;
    ProgressBar bar(seeds.size());
    run_workers(jobs, parallel_jobs(command), {}, [&](WorkerResult worker) {
        const RunReport report = report_of(command.options, seeds.text(worker.job), worker);
        if (report.exit_code != to_int(ExitCode::held)) {
            ++failed;
            bar.hide();
            print_failure(text, report);
            std::fflush(text);
        }
        bar.show(++done, failed);
        exit_code = worse(exit_code, report.exit_code);
        summary.add(report, {static_cast<std::uint64_t>(worker.wall_time.count()),
                             worker.peak_memory_bytes});
        lines.add(worker.job, reports::to_json(report, std::nullopt));
        return json.is_good();
    });
    bar.hide();
    if (!json.flush()) return cannot_write(json.path());
    fmt::print(text, "{}",
               summary.to_text(std::chrono::duration_cast<std::chrono::seconds>(bar.elapsed())));
    return exit_code;
}

/// Workers tell the plain truth: what counts as caught is decided here.
int run_until_caught(const RunCommand& command, std::string_view property) {
    OutputFile json(command.json_file);
    if (!json.is_good()) return cannot_write(json.path());
    std::FILE* const text = command.json_file == "-" ? stderr : stdout;
    const SeedList seeds(command);
    const WorkerJobs jobs{seeds.size(), [&](std::size_t job) {
                              return worker_arguments(command.options, seeds.text(job), "valid");
                          }};
    std::map<std::size_t, RunReport> caught;
    std::size_t runs = 0;
    int exit_code = to_int(ExitCode::violated);
    run_workers(jobs, parallel_jobs(command), {}, [&](WorkerResult worker) {
        ++runs;
        RunReport report = report_of(command.options, seeds.text(worker.job), worker);
        const bool is_verdict = report.exit_code == to_int(ExitCode::held) ||
                                report.exit_code == to_int(ExitCode::violated);
        if (catches(report, property)) {
            caught.emplace(worker.job, std::move(report));
        } else if (!is_verdict) {
            print_failure(text, report);
            exit_code = worse(exit_code, report.exit_code);
        }
        return caught.empty();
    });
    if (caught.empty()) {
        fmt::print(text, "expected a violation of {}; there was none in {} seeds\n", property,
                   runs);
        return exit_code;
    }
    const RunReport& first = caught.begin()->second;
    fmt::print(text, "caught by seed {} ({} runs), trace {}\n", first.seed, runs, first.trace_hash);
    print_failure(text, first);
    if (json.is_wanted()) json.add_line(reports::to_json(first, std::nullopt));
    return json.flush() ? to_int(ExitCode::held) : cannot_write(json.path());
}

}  // namespace

unsigned parallel_jobs(const RunCommand& command) {
    if (command.jobs > 0) return command.jobs;
    const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1U : static_cast<unsigned>(cores);
}

void print_failure(std::FILE* to, const RunReport& report) {
    fmt::print(to, "seed {}: {}\n", report.seed, describe(static_cast<ExitCode>(report.exit_code)));
    for (const reports::PropertyResult& property : report.properties) {
        if (property.verdict == properties::Verdict::valid) continue;
        const std::string first = property.explanation.substr(0, property.explanation.find('\n'));
        fmt::print(to, "  {}: {}: {}\n", properties::name(property.verdict), property.name, first);
    }
    if (!report.no_progress.empty()) fmt::print(to, "  {}\n", report.no_progress);
    if (!report.unmet_expectation.empty()) fmt::print(to, "  {}\n", report.unmet_expectation);
    fmt::print(to, "  replay: {}\n", report.replay);
    std::fflush(to);
}

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

int run_batch(const RunCommand& command) {
    // What is wrong with all seeds is said once, not by each worker.
    const auto setup = set_up_run(command, SeedList(command).first());
    if (!setup) return setup.error();
    const std::string_view property = property_of(command.expect);
    return property.empty() ? run_all(command) : run_until_caught(command, property);
}

}  // namespace atlas::sim::atlas_sim

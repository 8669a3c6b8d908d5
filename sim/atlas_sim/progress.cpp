#include "sim/atlas_sim/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace atlas::sim::atlas_sim {
namespace {

using host::TimePoint;
using kernel::Kernel;
using kernel::RunEnd;
using namespace std::chrono_literals;

constexpr std::size_t most_shown = 8;

std::string who_waits(const Kernel& kernel) {
    std::string text;
    for (const auto& process : kernel.processes()) {
        const std::size_t waiting = process->parked_count();
        const std::size_t pending = process->pending_count();
        if (waiting == 0 && pending == 0) continue;
        text += fmt::format("  {}: {} tasks wait, {} events pending\n", process->full_name(),
                            waiting, pending);
    }
    return text;
}

/// A few of the events that keep an instant from ending: they name who spins, and on what. The run
/// is over, so nobody misses them in the trace.
std::string what_spins(Kernel& kernel) {
    std::vector<std::string> lines;
    kernel.trace().set_sink([&](std::string_view line) {
        lines.emplace_back(line);
        if (lines.size() == most_shown) kernel.stop();
    });
    kernel.set_instant_limit(std::numeric_limits<std::uint64_t>::max());
    kernel.run_until(kernel.now());
    kernel.trace().set_sink({});
    std::string text = "What happens in this instant, again and again:\n";
    for (const std::string& line : lines)
        text += "  " + line + "\n";
    return text;
}

bool somebody_waits(const Kernel& kernel) {
    return std::ranges::any_of(kernel.processes(),
                               [](const auto& process) { return process->parked_count() > 0; });
}

}  // namespace

std::string let_time_pass(Kernel& kernel, const Wait& wait) {
    const auto is_done = [&] { return wait.until_done && wait.until_done(); };
    while (kernel.now() < wait.until && !is_done()) {
        const RunEnd end = kernel.run_until(std::min(wait.until, kernel.now() + 1s));
        if (end == RunEnd::no_progress) {
            std::string waiting = who_waits(kernel);
            return fmt::format("no progress: too many events at virtual time {} ms\n{}{}",
                               kernel.now().since_epoch / 1ms, waiting, what_spins(kernel));
        }
        if (wait.every_second) wait.every_second();
        if (end == RunEnd::idle && wait.until_done && !is_done() && somebody_waits(kernel)) {
            return fmt::format(
                "deadlock: at virtual time {} ms all wait and no event is pending\n{}",
                kernel.now().since_epoch / 1ms, who_waits(kernel));
        }
    }
    return "";
}

}  // namespace atlas::sim::atlas_sim

#include "reports/batch_summary.hpp"

#include <fmt/format.h>

namespace atlas::reports {

void BatchSummary::Extreme::see(std::uint64_t candidate, const std::string& of_seed) {
    if (candidate < value || (candidate == value && !seed.empty())) return;
    value = candidate;
    seed = of_seed;
}

void BatchSummary::add(const RunReport& report, const Effort& effort) {
    ++seeds_;
    failed_ += report.exit_code != 0;
    events_ += report.events;
    virtual_milliseconds_ += report.virtual_milliseconds;
    slowest_.see(effort.wall_milliseconds, report.seed);
    largest_.see(effort.peak_memory_bytes, report.seed);
    for (const FaultCount& fault : report.faults) {
        FaultTotal& total = faults_[fault.kind];
        if (!fault.armed) continue;
        ++total.armed;
        total.fired += fault.fired > 0;
        total.effective += fault.effective > 0;
    }
    for (const OperationCount& count : report.operations) {
        OperationCount& total = operations_[count.name];
        total.ok += count.ok;
        total.fail += count.fail;
        total.info += count.info;
    }
}

std::string BatchSummary::to_text(std::chrono::seconds wall_time) const {
    std::string text = fmt::format("\n{:<34}{:>10}{:>10}{:>10}\n", "Faults (in how many seeds)",
                                   "armed", "fired", "effective");
    for (const auto& [kind, total] : faults_) {
        text += fmt::format("  {:<32}{:>10}{:>10}{:>10}\n", kind, total.armed, total.fired,
                            total.effective);
    }
    text += fmt::format("\n{:<34}{:>10}{:>10}{:>10}\n", "Operations", "ok", "fail", "info");
    for (const auto& [name, total] : operations_) {
        text += fmt::format("  {:<32}{:>10}{:>10}{:>10}\n", name, total.ok, total.fail, total.info);
    }
    text += fmt::format(
        "\n{} seeds, {} failed, in {} s; {} virtual minutes, {} events; slowest: seed {} ({} ms); "
        "largest: seed {} ({} MB)\n",
        seeds_, failed_, wall_time.count(), virtual_milliseconds_ / 60'000, events_, slowest_.seed,
        slowest_.value, largest_.seed, largest_.value >> 20);
    return text;
}

}  // namespace atlas::reports

// A run's report as a person reads it.

#include <fmt/format.h>

#include <algorithm>

#include "reports/run_report.hpp"

namespace atlas::reports {
namespace {

void append_operations(std::string& text, const RunReport& report) {
    text += fmt::format("{:<24}{:>10}{:>10}{:>10}\n", "Operations", "ok", "fail", "info");
    for (const OperationCount& count : report.operations) {
        text += fmt::format("  {:<22}{:>10}{:>10}{:>10}\n", count.name, count.ok, count.fail,
                            count.info);
    }
    text += '\n';
}

void append_faults(std::string& text, const RunReport& report) {
    text += fmt::format("{:<34}{:>10}{:>10}\n", "Faults (those armed)", "fired", "effective");
    for (const FaultCount& fault : report.faults) {
        if (!fault.armed) continue;
        text += fmt::format("  {:<32}{:>10}{:>10}\n", fault.kind, fault.fired, fault.effective);
    }
    for (const NamedValue& sabotage : report.sabotages) {
        text += fmt::format("  sabotage {:<23}{:>10}\n", sabotage.name, sabotage.value);
    }
    text += '\n';
}

std::string indented(const std::string& explanation) {
    std::string text = "      ";
    for (const char c : explanation) {
        text += c;
        if (c == '\n') text += "      ";
    }
    return text;
}

void append_properties(std::string& text, const RunReport& report) {
    text += "Properties\n";
    for (const PropertyResult& property : report.properties) {
        text += fmt::format("  {:<8}  {}\n", properties::name(property.verdict), property.name);
        if (property.verdict != properties::Verdict::valid && !property.explanation.empty()) {
            text += indented(property.explanation) + "\n";
        }
    }
    text += '\n';
}

void append_lines(std::string& text, std::string_view heading,
                  const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    text += fmt::format("{}\n", heading);
    for (const std::string& line : lines)
        text += fmt::format("  {}\n", line);
    text += '\n';
}

bool is_good(const RunReport& report) {
    return report.exit_code == 0 &&
           std::ranges::all_of(report.properties, [](const PropertyResult& property) {
               return property.verdict == properties::Verdict::valid;
           });
}

}  // namespace

std::string to_text(const RunReport& report, const std::optional<Effort>& effort) {
    std::string text;
    append_operations(text, report);
    append_faults(text, report);
    append_properties(text, report);
    append_lines(text, "Processes that ended themselves after an error of their disk, as they must",
                 report.expected_deaths);
    if (!is_good(report)) append_lines(text, "What struck", report.timeline);
    if (!report.no_progress.empty()) text += report.no_progress + "\n\n";
    if (!report.unmet_expectation.empty()) text += report.unmet_expectation + "\n\n";
    text += fmt::format("seed {}: {} events, {}.{:03} virtual seconds, trace {}\n", report.seed,
                        report.events, report.virtual_milliseconds / 1000,
                        report.virtual_milliseconds % 1000, report.trace_hash);
    if (effort) {
        const std::uint64_t wall = std::max<std::uint64_t>(1, effort->wall_milliseconds);
        text += fmt::format("{} ms of wall time ({} virtual seconds a second), {} MB\n", wall,
                            report.virtual_milliseconds / wall, effort->peak_memory_bytes >> 20);
    }
    if (report.exit_code != 0) text += "replay: " + report.replay + "\n";
    return text;
}

}  // namespace atlas::reports

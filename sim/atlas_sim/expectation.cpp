#include "sim/atlas_sim/expectation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "properties/invariants/registry.hpp"
#include "sim/atlas_sim/exit_code.hpp"
#include "sim/faults/knobs.hpp"

namespace atlas::sim::atlas_sim {
namespace {

constexpr std::string_view prefix = "invalid:";
constexpr std::string_view no_crash = "no-crash";
constexpr std::string_view detected = "detected";

// A service whose database refuses its data does not come back, and need not have come far.
constexpr std::array<std::string_view, 4> without_a_database{no_crash, "service-recovers",
                                                             "goodput-returns", "not-vacuous"};

std::vector<std::string_view> known_names() {
    std::vector<std::string_view> names;
    for (const properties::Property& property : properties::all_properties())
        names.push_back(property.name);
    names.push_back(no_crash);
    names.push_back("any");
    return names;
}

}  // namespace

std::string_view property_of(std::string_view expectation) {
    return expectation.starts_with(prefix) ? expectation.substr(prefix.size()) : "";
}

std::optional<std::string> wrong_expectation(std::string_view expectation) {
    if (expectation.empty() || expectation == "valid" || expectation == detected)
        return std::nullopt;
    if (!expectation.starts_with(prefix)) {
        return fmt::format(
            "'{}' is neither 'valid' nor 'detected' nor 'invalid:' and the name of a property",
            expectation);
    }
    const std::vector<std::string_view> names = known_names();
    const std::string_view property = property_of(expectation);
    if (std::ranges::find(names, property) != names.end()) return std::nullopt;
    const std::string_view near = faults::nearest_name(property, names);
    return near.empty()
               ? fmt::format(
                     "there is no property '{}'; `list properties` names them, "
                     "and 'any' is any of them",
                     property)
               : fmt::format("there is no property '{}'; did you mean '{}'?", property, near);
}

bool catches(const reports::RunReport& report, std::string_view property) {
    const ExitCode needed = property == no_crash ? ExitCode::crashed : ExitCode::violated;
    if (report.exit_code != to_int(needed)) return false;
    return std::ranges::any_of(report.properties, [&](const reports::PropertyResult& result) {
        return result.verdict == properties::Verdict::invalid &&
               (property == "any" || result.name == property);
    });
}

bool is_detected(const reports::RunReport& report) {
    return catches(report, no_crash) &&
           std::ranges::all_of(report.properties, [](const reports::PropertyResult& result) {
               return result.verdict != properties::Verdict::invalid ||
                      std::ranges::find(without_a_database, result.name) !=
                          without_a_database.end();
           });
}

void apply_expectation(std::string_view expectation, reports::RunReport& report) {
    const std::string_view property = property_of(expectation);
    if (expectation != detected && property.empty()) return;
    if (expectation == detected ? is_detected(report) : catches(report, property)) {
        report.exit_code = to_int(ExitCode::held);
        return;
    }
    report.unmet_expectation =
        expectation == detected
            ? "expected a program to end itself over damaged data, and clients to have been told "
              "nothing wrong"
            : fmt::format("expected a violation of {}; there was none",
                          property == "any" ? std::string_view("any property") : property);
    if (report.exit_code == to_int(ExitCode::held)) report.exit_code = to_int(ExitCode::violated);
}

}  // namespace atlas::sim::atlas_sim

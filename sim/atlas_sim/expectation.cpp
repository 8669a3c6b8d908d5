#include "sim/atlas_sim/expectation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "properties/invariants/registry.hpp"
#include "sim/atlas_sim/exit_code.hpp"
#include "sim/faults/knobs.hpp"

namespace atlas::sim::atlas_sim {
namespace {

constexpr std::string_view prefix = "invalid:";
constexpr std::string_view no_crash = "no-crash";

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
    if (expectation.empty() || expectation == "valid") return std::nullopt;
    if (!expectation.starts_with(prefix)) {
        return fmt::format("'{}' is neither 'valid' nor 'invalid:' and the name of a property",
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

void apply_expectation(std::string_view expectation, reports::RunReport& report) {
    const std::string_view property = property_of(expectation);
    if (property.empty()) return;
    if (catches(report, property)) {
        report.exit_code = to_int(ExitCode::held);
        return;
    }
    report.unmet_expectation =
        fmt::format("expected a violation of {}; there was none",
                    property == "any" ? std::string_view("any property") : property);
    if (report.exit_code == to_int(ExitCode::held)) report.exit_code = to_int(ExitCode::violated);
}

}  // namespace atlas::sim::atlas_sim

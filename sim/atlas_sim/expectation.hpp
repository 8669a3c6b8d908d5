#pragma once
// --expect, and "expect" of a scenario: "valid", or "invalid:" and the property that must be
// violated, or "detected": a program must end itself over data that are damaged, and clients must
// not have been told anything wrong before.

#include <optional>
#include <string>
#include <string_view>

#include "reports/run_report.hpp"

namespace atlas::sim::atlas_sim {

/// The property of "invalid:PROPERTY"; empty for all else.
std::string_view property_of(std::string_view expectation);

/// Nothing when such a violation can be found; else what is wrong, with what would be right.
std::optional<std::string> wrong_expectation(std::string_view expectation);

/// Whether the run violated that property ("any": one of them) and came to its end all the same: a
/// run without progress or with a crash has shown nothing else. A crash counts where "no-crash" is
/// asked for by name.
bool catches(const reports::RunReport& report, std::string_view property);

/// Whether a program ended itself, and only that was violated which cannot hold without it.
bool is_detected(const reports::RunReport& report);

/// Turns a violation that was asked for into success, and its absence into failure, and says which.
void apply_expectation(std::string_view expectation, reports::RunReport& report);

}  // namespace atlas::sim::atlas_sim

#pragma once
// What one run of the simulator came to, as plain values: made by atlas-sim, turned into text or
// JSON by this room. Everything here is a function of seed, scenario and build; wall-clock figures
// are kept apart (see Effort), so that two reports of one seed can be compared.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "properties/verdict.hpp"

namespace atlas::reports {

struct NamedValue {
    std::string name;
    std::string value;
};

struct PropertyResult {
    std::string name;
    properties::Verdict verdict = properties::Verdict::valid;
    /// Why not valid, in sentences; lines are separated by '\n'.
    std::string explanation;
};

struct FaultCount {
    std::string kind;
    bool armed = false;  ///< The swarm chose it for this run.
    std::uint64_t fired = 0;
    std::uint64_t effective = 0;
};

/// How the calls of one kind ended.
struct OperationCount {
    std::string name;
    std::uint64_t ok = 0;
    std::uint64_t fail = 0;
    std::uint64_t info = 0;
};

struct RunReport {
    std::string seed;
    std::string scenario;  ///< The file's path; empty when all was drawn.
    std::string configuration_hash;
    std::string build;
    std::vector<NamedValue> options;

    std::string trace_hash;
    std::uint64_t events = 0;
    std::uint64_t virtual_milliseconds = 0;

    std::vector<OperationCount> operations;
    std::vector<FaultCount> faults;
    std::vector<NamedValue> sabotages;  ///< Name, and how often it acted.
    std::vector<PropertyResult> properties;
    /// What struck and when, a line each.
    std::vector<std::string> timeline;
    /// Processes that ended themselves and were right to, a line each.
    std::vector<std::string> expected_deaths;

    /// Why there was no progress, when there was none.
    std::string no_progress;
    /// What was expected and did not come, when a violation was.
    std::string unmet_expectation;
    int exit_code = 0;
    /// The command that does it all again.
    std::string replay;
};

struct Effort {
    std::uint64_t wall_milliseconds = 0;
    std::uint64_t peak_memory_bytes = 0;
};

/// For people, on a terminal of 100 columns. The options are not in it: they are printed before the
/// run begins. Ends with the replay line when the run failed.
std::string to_text(const RunReport& report, const std::optional<Effort>& effort);

/// One line. `effort` is a member of its own, absent when not given.
std::string to_json(const RunReport& report, const std::optional<Effort>& effort);

/// The inverse of to_json; nullopt when the text is not a report (a worker that died).
std::optional<RunReport> from_json(const std::string& text);

}  // namespace atlas::reports

#pragma once
// What atlas-sim's exit code says.

namespace atlas::sim::atlas_sim {

enum class ExitCode : int {
    held = 0,               ///< All properties held (or the expected one was violated: --expect).
    violated = 1,           ///< A property was violated.
    undecided = 2,          ///< A checker ran out of its budget, or the run was vacuous.
    no_progress = 3,        ///< Deadlock, or a task that never lets time pass.
    trace_differed = 4,     ///< The same seed gave two different runs.
    crashed = 5,            ///< The system crashed, failed a check, or left its limits.
    wrong_usage = 64,       ///< sysexits.h EX_USAGE
    unreadable_input = 65,  ///< sysexits.h EX_DATAERR
    unwritable_output = 73  ///< sysexits.h EX_CANTCREAT
};

constexpr int to_int(ExitCode code) {
    return static_cast<int>(code);
}

/// "violated: a property does not hold", for summaries.
const char* describe(ExitCode code) noexcept;

}  // namespace atlas::sim::atlas_sim

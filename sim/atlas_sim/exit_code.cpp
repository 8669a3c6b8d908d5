#include "sim/atlas_sim/exit_code.hpp"

namespace atlas::sim::atlas_sim {

const char* describe(ExitCode code) noexcept {
    switch (code) {
        case ExitCode::held:
            return "all properties held";
        case ExitCode::violated:
            return "a property was violated";
        case ExitCode::undecided:
            return "undecided: a budget ran out, or nothing was exercised";
        case ExitCode::no_progress:
            return "no progress";
        case ExitCode::trace_differed:
            return "two runs of one seed differed";
        case ExitCode::crashed:
            return "the system crashed or failed a check";
        case ExitCode::wrong_usage:
            return "wrong usage";
        case ExitCode::unreadable_input:
            return "unreadable input";
        case ExitCode::unwritable_output:
            return "unwritable output";
    }
    return "unknown";
}

}  // namespace atlas::sim::atlas_sim

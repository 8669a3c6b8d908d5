#pragma once
// Programs of the operating system, run beside the loop: started, waited for without blocking it,
// killed when nobody waits any more.

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "system/host/host.hpp"

namespace atlas::adapters {

using Arguments = std::vector<std::string>;

/// Runs it to its end; the first argument is its path, or a name to be found in PATH.
/// Returns the end of what it wrote, some thousand bytes. Errors: unavailable (it could not be
/// started: definite; it ended with another code than 0, or nobody knows how: indefinite, with the
/// end of what it wrote), deadline_exceeded (indefinite; it was killed).
host::Task<host::Result<std::string>> run_program(host::Host& host, Arguments arguments,
                                                  host::Deadline deadline);

/// Starts one that goes on when this process ends: in a session of its own, its output appended to
/// that file. Errors: unavailable, definite.
host::Result<pid_t> start_program(const Arguments& arguments, const std::string& output);

/// Those of that name whose working directory that is (a path without links), as far as one may
/// see them.
std::vector<pid_t> processes_in(const std::string& directory, std::string_view name);

/// Those that have this word among their arguments, but for this process itself.
std::vector<pid_t> processes_given(std::string_view word);

}  // namespace atlas::adapters

#pragma once
// What atlas-sim says when it cannot go on: a failed check or a crash still ends with the line that
// replays the run.

#include <string>

namespace atlas::sim::atlas_sim {

/// From now on a failed check, SIGSEGV, SIGBUS, SIGFPE or SIGABRT prints the line and exits with 5.
void prepare_last_words(const std::string& replay_line);

}  // namespace atlas::sim::atlas_sim

#pragma once
// What atlas-sim says when it cannot go on: a failed check or a crash still ends with the line that
// replays the run.

#include <functional>
#include <string>

namespace atlas::sim::atlas_sim {

/// From now on a failed check, SIGSEGV, SIGBUS, SIGFPE or SIGABRT prints the line and exits with 5.
/// The signals have a stack of their own, so that a stack overflow is told too.
void prepare_last_words(const std::string& replay_line);

/// As long as it lives, a failed check calls it before it ends the program: to say where the run
/// was, and to save what was written so far. (A signal does not: nothing can be relied on then.)
class AtFailedCheck {
  public:
    explicit AtFailedCheck(std::function<void()> rescue);
    AtFailedCheck(const AtFailedCheck&) = delete;
    AtFailedCheck& operator=(const AtFailedCheck&) = delete;
    ~AtFailedCheck();
};

}  // namespace atlas::sim::atlas_sim

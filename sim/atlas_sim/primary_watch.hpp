#pragma once
// Watches, second by second of virtual time, that a server does not go on taking writes once
// another one has been promoted: its agent must have stopped it before its lease ended.

#include <cstdint>
#include <string>
#include <vector>

#include "system/host/time.hpp"

namespace atlas::sim::atlas_sim {

/// A server of the run at one moment.
struct SeenServer {
    std::string name;
    /// It runs, and follows nobody.
    bool takes_writes = false;
    /// Each promotion begins another one.
    std::uint32_t timeline = 0;
    /// It and its agent ran, and at their pace: who stands still can stop nothing.
    bool counts = true;
};

class PrimaryWatch {
  public:
    /// Once a second; of all servers, in the same order each time.
    void look(const std::vector<SeenServer>& servers, host::TimePoint now);

    /// Each server that took writes for too long, in a sentence; a few at most.
    const std::vector<std::string>& found() const { return found_; }

  private:
    /// For so many seconds that count each of them has been an old primary.
    std::vector<std::uint64_t> seconds_;
    std::vector<std::string> found_;
};

}  // namespace atlas::sim::atlas_sim

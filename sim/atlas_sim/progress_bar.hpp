#pragma once
// The line at the bottom of a terminal while many seeds run. Where standard error is no terminal,
// nothing.

#include <chrono>
#include <cstddef>

namespace atlas::sim::atlas_sim {

class ProgressBar {
  public:
    explicit ProgressBar(std::size_t all);
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    /// Takes the line away.
    ~ProgressBar();

    void show(std::size_t done, std::size_t failed);
    /// So that something else can be printed; the next show() brings the line back.
    void hide();
    /// Since this was made.
    std::chrono::milliseconds elapsed() const;

  private:
    using WallClock = std::chrono::steady_clock;  // atlas: allow(clock) for the people who wait

    bool is_wanted_;
    bool is_shown_ = false;
    std::size_t all_;
    WallClock::time_point began_;
};

}  // namespace atlas::sim::atlas_sim

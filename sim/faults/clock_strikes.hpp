#pragma once
// Strikes on wall clocks: offsets and steps, drifts and strobes. A wrong clock has an effect once
// somebody has read it.

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "sim/faults/cluster_control.hpp"
#include "sim/faults/strike_book.hpp"

namespace atlas::sim::faults {

class ClockStrikes {
  public:
    ClockStrikes(StrikeBook& book, ClusterControl& control) : book_(book), control_(control) {}

    /// All of them end by themselves.
    void begin(StrikeIndex index);
    /// In the midst of it.
    void end(StrikeIndex index);
    /// No clock drifts any more; those that are wrong stay so, and whether that mattered is judged.
    void stop();

  private:
    void step(StrikeIndex index);
    void drift(StrikeIndex index);
    void watch(StrikeIndex index);
    void strobe(StrikeIndex index);
    void throw_back(StrikeIndex index);
    void judge(FaultKind kind, const std::string& machine);

    StrikeBook& book_;
    ClusterControl& control_;
    /// The newest change of its kind to each machine's clock, and how often the clock had been read
    /// before.
    std::map<std::pair<FaultKind, std::string>, std::pair<StrikeIndex, std::uint64_t>> changes_;
    /// Strobes that have thrown their clock off now, and how often it had been read before.
    std::map<StrikeIndex, std::uint64_t> thrown_off_;
};

}  // namespace atlas::sim::faults

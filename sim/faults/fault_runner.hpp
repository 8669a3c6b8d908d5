#pragma once
// Carries out a fault plan on a running cluster, heals what it did, and tells the ledger what came
// of it.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/faults/cluster_control.hpp"
#include "sim/faults/dice.hpp"
#include "sim/faults/disk_dice.hpp"
#include "sim/faults/fault_plan.hpp"
#include "sim/faults/network_dice.hpp"
#include "sim/kernel/kernel.hpp"

namespace atlas::sim::faults {

/// What became of one strike, for reports.
struct StrikeRecord {
    Strike strike;
    bool fired = false;
    bool effective = false;
    host::TimePoint began{};
    host::TimePoint ended{};  ///< Of those that last.
};

class FaultRunner {
  public:
    /// All of them outlive it, and it outlives the run of the kernel.
    FaultRunner(kernel::Kernel& kernel, ClusterControl& control, Dice& dice,
                NetworkDice& network_dice, DiskDice& disk_dice, FaultPlan plan);
    FaultRunner(const FaultRunner&) = delete;
    FaultRunner& operator=(const FaultRunner&) = delete;
    ~FaultRunner();

    /// Schedules the strikes, but for suppressed ones, and arms the ledger. Call once, when the
    /// cluster has been set up and virtual time is still zero.
    void start();

    /// The end of the safety phase: no strike any more, and everything is as it was, but for what
    /// was lost: links open, processes and machines up. Clocks stay as wrong as they are.
    void stop_and_heal();

    const std::vector<StrikeRecord>& records() const { return records_; }

  private:
    using Index = std::size_t;

    void arm();
    void schedule(host::TimePoint at, Index index, void (FaultRunner::*what)(Index),
                  const char* label);
    void strike(Index index);
    void wait_for_sync(Index index);
    void begin(Index index);
    void end(Index index);

    void kill(Index index);
    void lose_power(Index index);
    void reset_connection(Index index);
    void step_clock(Index index);
    void judge_clock(const std::string& machine);
    void set_partition(Index index, bool blocked);

    void fired(Index index);
    void effective(Index index);
    void packet_held_back(std::string_view from, std::string_view to);
    void reset_seen(std::uint64_t connection);

    using MachinePair = std::pair<std::string, std::string>;

    kernel::Kernel& kernel_;
    ClusterControl& control_;
    Dice& dice_;
    NetworkDice& network_dice_;
    DiskDice& disk_dice_;
    std::vector<StrikeRecord> records_;
    std::vector<kernel::TieSource> ties_;  ///< One for each strike.
    /// The partitions that block a link now.
    std::map<MachinePair, std::vector<Index>> blocked_;
    /// Resets that no program has seen yet, by their two ends in order.
    std::map<std::uint64_t, Index> resets_;  ///< By the number of the connection.
    /// The newest change of each machine's clock, and how often the clock had been read before.
    std::map<std::string, std::pair<Index, std::uint64_t>> clock_changes_;
    /// Strikes that wait for a sync.
    std::vector<bool> waiting_;
    std::vector<kernel::Event*> pending_;
    bool stopped_ = false;
};

}  // namespace atlas::sim::faults

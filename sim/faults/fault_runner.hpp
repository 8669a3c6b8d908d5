#pragma once
// Carries out a fault plan on a running cluster, heals what it did, and tells the ledger what came
// of it.

#include <cstdint>
#include <functional>
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
    using MachinePair = std::pair<std::string, std::string>;

    void arm();
    void schedule(host::TimePoint at, Index index, void (FaultRunner::*what)(Index),
                  const char* label);
    void strike(Index index);
    void wait_for_sync(Index index);
    void begin(Index index);
    void end(Index index);

    void kill(Index index);
    void kill_again(Index index);
    void lose_power(Index index);
    void reset_connection(Index index);
    void half_close(Index index);
    void step_clock(Index index);
    void drift_clock(Index index);
    void watch_clock(Index index);
    void strobe_clock(Index index);
    void throw_back_clock(Index index);
    void judge_clock(FaultKind kind, const std::string& machine);
    void set_partition(Index index, bool blocked);
    void swizzle(Index index);
    void end_swizzle(Index index);
    void set_cut_off(Index index, const std::string& machine, bool cut_off);
    void set_slow(Index index, bool slow);
    void damage_disk(Index index);
    void set_disk_full(Index index, bool full);
    void disk_was_full(std::string_view machine);
    void set_condition(Index index, bool on);
    void set_blocked(Index index, const MachinePair& link, bool blocked);

    void fired(Index index);
    void effective(Index index);
    void packet_held_back(std::string_view from, std::string_view to);
    void packet_slowed(FaultKind kind, std::string_view from, std::string_view to);
    void reset_seen(std::uint64_t connection);
    void half_close_seen(std::uint64_t connection);

    kernel::Kernel& kernel_;
    ClusterControl& control_;
    Dice& dice_;
    NetworkDice& network_dice_;
    DiskDice& disk_dice_;
    std::vector<StrikeRecord> records_;
    std::vector<kernel::TieSource> ties_;  ///< One for each strike.
    /// What blocks a link now, from its first machine to its second.
    std::map<MachinePair, std::vector<Index>> blocked_;
    /// What makes a link slow now.
    std::map<MachinePair, std::vector<Index>> conditions_;
    /// What makes a machine's disk full now.
    std::map<std::string, std::vector<Index>, std::less<>> full_disks_;
    /// What makes a machine's CPU slow now.
    std::map<std::string, std::vector<Index>> slow_machines_;
    /// Of each restart loop under way: lives that ended with something lost.
    std::map<Index, std::size_t> lives_lost_;
    /// By machine and number of the damage.
    std::map<std::pair<std::string, std::uint64_t>, Index> damages_;
    /// Of each swizzle under way: how many times it has closed or opened a machine's links.
    std::map<Index, std::size_t> swizzled_;
    /// By the number of the connection.
    std::map<std::uint64_t, Index> resets_;
    std::map<std::uint64_t, Index> half_closes_;
    /// The newest change of its kind to each machine's clock, and how often the clock had been read
    /// before.
    std::map<std::pair<FaultKind, std::string>, std::pair<Index, std::uint64_t>> clock_changes_;
    /// Strobes that have thrown their clock off now, and how often it had been read before.
    std::map<Index, std::uint64_t> thrown_off_;
    /// Strikes that wait for a sync.
    std::vector<bool> waiting_;
    std::vector<kernel::Event*> pending_;
    bool stopped_ = false;
};

}  // namespace atlas::sim::faults

#pragma once
// Carries out a fault plan on a running cluster, heals what it did, and tells the ledger what came
// of it. When a strike begins and ends is decided here; what it does, by the family of its kind.

#include <set>
#include <vector>

#include "sim/faults/clock_strikes.hpp"
#include "sim/faults/cluster_control.hpp"
#include "sim/faults/connection_strikes.hpp"
#include "sim/faults/dice.hpp"
#include "sim/faults/disk_dice.hpp"
#include "sim/faults/disk_strikes.hpp"
#include "sim/faults/fault_plan.hpp"
#include "sim/faults/link_strikes.hpp"
#include "sim/faults/network_dice.hpp"
#include "sim/faults/process_strikes.hpp"
#include "sim/faults/strike_book.hpp"
#include "sim/kernel/kernel.hpp"

namespace atlas::sim::faults {

class FaultRunner {
  public:
    /// All of them outlive it, and it outlives the run of the kernel.
    FaultRunner(kernel::Kernel& kernel, ClusterControl& control, Dice& dice,
                NetworkDice& network_dice, DiskDice& disk_dice, FaultPlan plan);

    /// Schedules the strikes, but for suppressed ones, and arms the ledger. Call once, when the
    /// cluster has been set up and virtual time is still zero.
    void start();

    /// The end of the safety phase: no strike any more, and everything is as it was, but for what
    /// was lost: links open, processes and machines up. Clocks stay as wrong as they are.
    void stop_and_heal();

    const std::vector<StrikeRecord>& records() const { return book_.records(); }

  private:
    void arm();
    bool has_occasion(FaultKind kind) const;
    bool database_loses_power() const;
    void strike(StrikeIndex index);
    void wait_for_sync(StrikeIndex index);
    void begin(StrikeIndex index);
    bool begin_in_family(StrikeIndex index);
    void end(StrikeIndex index);

    ClusterControl& control_;
    Dice& dice_;
    DiskDice& disk_dice_;
    StrikeBook book_;
    LinkStrikes links_;
    ConnectionStrikes connections_;
    ProcessStrikes processes_;
    ClockStrikes clocks_;
    DiskStrikes disks_;
    /// Strikes that wait for a sync.
    std::set<StrikeIndex> waiting_;
};

}  // namespace atlas::sim::faults

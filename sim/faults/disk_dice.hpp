#pragma once
// The dice of the disks: ordinary latency, operations that take long, do half or fail, and what
// outlives a power loss.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/disk/machine_disk.hpp"
#include "sim/disk/policy.hpp"
#include "sim/faults/dice.hpp"

namespace atlas::sim::faults {

class DiskDice final : public disk::DiskPolicy {
  public:
    explicit DiskDice(Dice& dice) : dice_(dice) {}

    disk::Decision decide(const disk::Operation& operation) override;
    bool survives(const disk::Loss& loss, const disk::UnsyncedPart& part) override;
    void completed(const disk::Operation& operation, const disk::Outcome& outcome) override;

    /// The machine is about to lose power by the strike of that ordinal. What is taken then is
    /// drawn by the strike, not by how many came before it: suppressing one leaves the others
    /// alone.
    void power_will_be_lost(std::string_view machine, std::uint64_t strike);
    /// The machine is about to lose power, and with it everything that was not synced: no fault,
    /// but the question what it had made durable.
    void everything_unsynced_will_be_lost(std::string_view machine);
    /// A power loss that it decided has happened, with this result.
    void power_lost(std::string_view machine, const disk::PowerLossReport& report);
    /// The machine's disk is gone, and an empty one in its place.
    void disk_replaced(std::string_view machine);

    /// Whom to tell that a process was told that its machine's disk is full, by an operation that
    /// took so long.
    using SpaceObserver = std::function<void(std::string_view machine, host::Duration took)>;
    void observe_no_space(SpaceObserver observer) { space_observer_ = std::move(observer); }

    /// Whom to tell that a process has read what a damage left, by its machine and number.
    using DamageObserver = std::function<void(std::string_view machine, std::uint64_t damage)>;
    void observe_damage(DamageObserver observer) { damage_observer_ = std::move(observer); }

    /// Calls once, when a process of that machine next begins to sync a file behind a write, with
    /// the time that the sync will take. It must only schedule something: a task of the process is
    /// running.
    using SyncObserver = std::function<void(host::Duration latency)>;
    void at_next_sync_of_write(std::string_view machine, SyncObserver observer);
    /// The same, of the first sync of a folder behind a rename.
    void at_next_sync_of_rename(std::string_view machine, SyncObserver observer);

  private:
    /// What was decided about one loss.
    struct LossState {
        disk::LossCause cause;
        std::uint64_t ordinal;
        std::uint64_t key = 0;
        std::uint64_t survival_percent = 0;
        bool takes_writes = false;
        bool tears_writes = false;
        bool takes_names = false;
        bool took_write = false;
        bool tore_write = false;
        bool took_name = false;
    };
    struct MachineState {
        MachineState(Dice& dice, const std::string& machine);

        DecisionSources ordinary;
        std::uint64_t operations = 0;
        Decisions short_read;
        Decisions short_write;
        Decisions read_error;
        Decisions write_error;
        Decisions stall;
        Decisions sync_failure;
        bool loses_everything = false;
        std::optional<std::uint64_t> strike;  ///< The power loss that is under way.
        std::optional<LossState> loss;
        std::vector<SyncObserver> write_sync_observers;
        bool has_written = false;  ///< Several sectors in one write: what can be torn.
        std::vector<SyncObserver> rename_sync_observers;
        bool has_renamed = false;
        /// What was added to operations under way, by kind and ordinal.
        std::map<std::pair<disk::OperationKind, std::uint64_t>, host::Duration> stalled;
    };

    static void tell(std::vector<SyncObserver>& observers, host::Duration latency);
    MachineState& at(std::string_view machine);
    host::Duration ordinary_latency(MachineState& state, disk::OperationKind kind);
    void strike_latency(MachineState& state, const disk::Operation& operation,
                        disk::Decision& decision);
    void judge_stall(const disk::Operation& operation, const disk::Outcome& outcome);
    void strike_transfer(MachineState& state, const disk::Operation& operation,
                         disk::Decision& decision);
    LossState decide_loss(const disk::Loss& loss);
    bool decides(FaultKind kind, const OperationFault& fault, const disk::Loss& loss) const;

    Dice& dice_;
    SpaceObserver space_observer_;
    DamageObserver damage_observer_;
    std::map<std::string, MachineState, std::less<>> machines_;
};

}  // namespace atlas::sim::faults

#pragma once
// The scheduled faults of a run, drawn before it begins: each strike from the source of its own id,
// so that taking one out leaves the others as they are. A plan can be printed, edited and given
// back in a scenario file.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/faults/fault_id.hpp"
#include "sim/faults/swarm_options.hpp"
#include "sim/faults/topology.hpp"
#include "sim/kernel/seed.hpp"
#include "system/host/time.hpp"

namespace atlas::sim::faults {

/// When a strike that is about the disk comes: at its time; or, then, when the machine's disk is
/// next in the middle of syncing a write, or a rename. It waits for that two seconds, or twenty, at
/// most: a start and a checkpoint have such a rename, nothing else.
enum class Moment : std::uint8_t { as_planned, sync, sync_of_rename };

struct Strike {
    FaultId id;
    host::Duration at{};     ///< Since the start of the run.
    host::Duration lasts{};  ///< Until it is healed; zero for what has no length.
    /// Partitions: the machines that are cut off from all others. Of a link: its two ends,
    /// where it matters the sender first. A ring: the machines on it, in its order; a bridge:
    /// itself, then one half, then the other. Primaries: none, who they are shows when it strikes.
    /// Of a zone: all in it.
    std::vector<std::string> machines = {};
    /// Partitions in one direction: packets to those machines wait (else those from them).
    bool inward = false;
    /// Of a connection: which of those that are open, modulo their number; and which end of it.
    /// Of a disk: which bit of all its files, or which place in the file that is written.
    /// Swizzles: in which of all orders the machines come back.
    std::uint64_t choice = 0;
    /// Clocks: how far it is set ahead, beyond what it was; negative for back.
    /// Drift: in each second.
    host::Duration clock{};
    /// How hard it strikes. Slow links: how much later each packet arrives.
    /// Bandwidth: how long 1024 bytes take. Strobes: how long the clock stays on either side.
    /// Slow processes: how long each step takes. Restart loops: how long each life
    /// lasts.
    host::Duration amount{};
    /// Kills and power losses: what they wait for.
    Moment moment = Moment::as_planned;

    friend bool operator==(const Strike&, const Strike&) = default;
};

/// Ordered by (time, id).
using FaultPlan = std::vector<Strike>;

/// What a partition strikes, or a fault of a link: no machine of its own.
inline constexpr std::string_view cluster_target = "cluster";

/// All strikes that begin before the end of the safety phase, those of suppressed ids included:
/// the runner leaves them out. Stays inside the envelope.
FaultPlan draw_plan(const kernel::Seed& seed, const SwarmOptions& options,
                    const std::vector<MachineInfo>& machines, const Envelope& envelope);

void sort_plan(FaultPlan& plan);

/// Of a partition, or a fault of a link: with fewer it has no shape.
std::size_t fewest_machines(FaultKind kind);

/// What is wrong with a plan that was given: unknown machines, a kind that is not scheduled, two
/// strikes with one id, one that would do nothing. Empty when it is fit to run.
std::vector<std::string> plan_faults(const FaultPlan& plan,
                                     const std::vector<MachineInfo>& machines);

/// The strikes that the topology does not claim to survive.
std::vector<FaultId> outside_envelope(const FaultPlan& plan, const Envelope& envelope,
                                      const std::vector<MachineInfo>& machines);

/// "12.250s process.kill/api-1/0 for 3s, during a sync": for people.
std::string describe(const Strike& strike);

}  // namespace atlas::sim::faults

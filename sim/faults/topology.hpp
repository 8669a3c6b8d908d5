#pragma once
// Which machines a run has, and which faults they claim to survive.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "sim/faults/cluster_control.hpp"
#include "sim/faults/fault_kind.hpp"
#include "sim/faults/swarm_options.hpp"

namespace atlas::sim::faults {

/// In the order in which a cluster adds them: "postgres-0" and up, "lease-store" where there is
/// more than one of them, then "api-1" and up, then "client-1" and up.
///
/// Where there are followers there are zones: each database stands in one of its own ("zone-0" and
/// up), over which the API nodes are dealt out; the lease store by itself in "zone-witness", so
/// that no zone has both it and a database; clients are outside of them all.
std::vector<MachineInfo> machines_of(const TopologyOptions& topology);

/// The machines of each zone, in the order of the zones' names.
std::vector<std::vector<std::string>> zones_of(const std::vector<MachineInfo>& machines);

/// How long agents may take until one server leads and another one confirms its commits: when the
/// run begins, when faults have stopped, and when all machines have been without power. A lease
/// ends first, then there is a promotion, then the others are rewound or copied. Zero where there
/// are no agents.
host::Duration settling_time(const TopologyOptions& topology);

/// Per fault kind, the machines that may be struck and all properties still hold. Outside of it
/// only scenarios strike that expect a violation.
class Envelope {
  public:
    /// One PostgreSQL without a standby, API nodes without state, clients that live as long as the
    /// run (their histories are the evidence). The loss of PostgreSQL's disk is not survived: there
    /// is no second copy.
    static Envelope single_postgres();
    /// Several, with agents and a lease store. A database that was paused answers, when it goes on,
    /// what had come to it meanwhile, before its agent has found that another one leads; strong
    /// reads wait for a fence (system/sql/read_fence.hpp).
    ///
    /// The loss of a database's disk is survived, the primary's as well, with one follower as with
    /// two, if it comes while there is an heir (ClusterControl::lacks_heir): whatever was confirmed
    /// is on the primary's disk and on that follower's, and the lease store names both, so either
    /// of them does. Between the loss of one and the time at which its replacement, or another, is
    /// the heir, a second loss would take what was confirmed, or the last one who may lead: a
    /// strike waits for as long.
    static Envelope failover();
    static Envelope of(const TopologyOptions& topology);

    bool covers(FaultKind kind, Role role) const;
    /// Whether any machine survives it: the dice never draw it otherwise.
    bool covers_any(FaultKind kind) const;
    /// The same, and all machines of that role survive the kind too: for runs that show what comes
    /// of it where nobody claims to.
    Envelope with(FaultKind kind, Role role) const;
    /// For faults of a link: both of its ends must be covered.
    std::vector<std::string_view> targets(FaultKind kind,
                                          const std::vector<MachineInfo>& machines) const;

  private:
    struct Roles {
        bool api = false;
        bool postgres = false;
        bool client = false;
        bool lease_store = false;

        bool has(Role role) const;
        void add(Role role);
    };
    std::array<Roles, fault_kinds> survived_{};
};

}  // namespace atlas::sim::faults

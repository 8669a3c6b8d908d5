#pragma once
// Sabotage over the decision of the agents (system/failover): a primary is never stopped, whoever
// else has the lease.

#include "properties/sabotage/sabotage.hpp"
#include "system/failover/agent.hpp"

namespace atlas::properties {

/// With the same decisions but that one. The ledger outlives it.
failover::AgentSettings primary_not_fenced(failover::AgentSettings settings,
                                           SabotageLedger& ledger);

}  // namespace atlas::properties

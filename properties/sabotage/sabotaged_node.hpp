#pragma once
// An API node with a bug planted in it: what atlas-sim runs in the place of node::run_api_node.

#include "properties/sabotage/sabotage.hpp"
#include "system/node/api_node.hpp"

namespace atlas::properties {

/// As node::run_api_node, which it is with Sabotage::none. Driver and ledger outlive the task. A
/// sabotage whose text no longer matches the system's is a failed check.
host::Task<host::Result<void>> run_sabotaged_api_node(host::Host& host, sql::Driver& driver,
                                                      node::ApiNodeOptions options,
                                                      node::ApiNodeHooks hooks, Sabotage sabotage,
                                                      SabotageLedger& ledger);

}  // namespace atlas::properties

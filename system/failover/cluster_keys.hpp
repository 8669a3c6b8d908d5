#pragma once
// What the agents of one cluster of servers keep in the lease store, as keys and JSON:
//
//     failover/CLUSTER/leader        {"member": "node-1"}, a lease
//     failover/CLUSTER/synchronous   {"primary": "node-1", "followers": ["node-2"],
//                                     "created": true, "database": "7..."}
//     failover/CLUSTER/member/NODE   {"address": "10.0.0.7", "port": 5432, "role": "follower",
//                                     "timeline": 0, "position": 4711}, a lease
//
// A value that cannot be read is not guessed at: the whole view is an error.

#include <string>
#include <string_view>

#include "system/failover/observation.hpp"
#include "system/host/error.hpp"
#include "system/lease_store/entries.hpp"

namespace atlas::failover {

struct ClusterKeys {
    explicit ClusterKeys(std::string_view cluster);

    std::string prefix;
    std::string leader;
    std::string synchronous;

    std::string member(std::string_view name) const;
};

std::string leader_value(std::string_view member);
std::string value_of(const Synchronous& synchronous);
std::string value_of(const Member& member);

/// Errors: protocol_error.
host::Result<StoreView> read_view(const ClusterKeys& keys, const lease_store::Entries& entries);

}  // namespace atlas::failover

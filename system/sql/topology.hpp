#pragma once
// A database of several servers: the fence for reads on the primary, and the followers.

#include <utility>
#include <vector>

#include "system/sql/followers.hpp"
#include "system/sql/read_fence.hpp"

namespace atlas::sql {

struct Topology {
    /// `primary` leads to the primary, wherever that is (PrimaryDriver); `driver` to any of
    /// `servers`. Both outlive it.
    Topology(host::Host& host, Pool& primary, Driver& driver, std::vector<host::Endpoint> servers,
             FollowerOptions options = {})
        : fence(host, primary),
          followers(host, driver, primary.options(), std::move(servers), fence, options) {}

    ReadFence fence;
    Followers followers;
};

}  // namespace atlas::sql

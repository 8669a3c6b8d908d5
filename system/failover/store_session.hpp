#pragma once
// An agent and the lease store: what it sees there, and the lease, which it holds or not.

#include <optional>
#include <string>

#include "system/failover/cluster_keys.hpp"
#include "system/host/host.hpp"
#include "system/lease_store/client.hpp"

namespace atlas::failover {

class StoreSession {
  public:
    StoreSession(host::Host& host, host::Endpoint store, std::string_view cluster, std::string self,
                 std::chrono::milliseconds lease_time);

    /// Renews the lease first, if it is one's own. Errors: those of the client, protocol_error.
    host::Task<host::Result<StoreView>> look(host::Deadline deadline);

    /// When the lease ends at the earliest; nothing if one has none.
    const std::optional<host::TimePoint>& lease_until() const { return lease_until_; }
    /// The revision of the key `synchronous` that one's own last change gave it, if one is sure.
    const std::optional<std::uint64_t>& published() const { return published_; }

    // Errors: conflict, definite: somebody was first; those of the client.
    host::Task<host::Result<void>> take_lease(host::Deadline deadline);
    host::Task<host::Result<void>> give_up_lease(host::Deadline deadline, std::uint64_t revision);
    host::Task<host::Result<void>> publish(host::Deadline deadline, Synchronous synchronous);
    /// Oneself among the members.
    host::Task<host::Result<void>> tell(host::Deadline deadline, Member member);
    host::Task<host::Result<void>> leave(host::Deadline deadline);

  private:
    host::Task<host::Result<void>> put_lease(host::Deadline deadline, std::uint64_t if_revision);

    host::Host& host_;
    lease_store::Client client_;
    ClusterKeys keys_;
    std::string self_;
    std::chrono::milliseconds lease_time_;
    std::optional<host::TimePoint> lease_until_;
    /// Of the lease; nothing when one is not sure.
    std::optional<std::uint64_t> lease_revision_;
    std::optional<std::uint64_t> published_;
    bool is_member_ = true;  ///< As far as one knows: an earlier life may have said so.
};

}  // namespace atlas::failover

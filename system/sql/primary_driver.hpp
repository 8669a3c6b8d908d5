#pragma once
// A driver for several servers of which one is the primary: each connection is to whoever takes
// writes when it is made. (As libpq's target_session_attrs=primary, with several hosts.)
//
// An old primary that has not heard of the new one yet says that it is one as well. That does no
// harm where commits wait for a follower: they wait there until the deadline, and the connection
// with them.

#include <memory>
#include <vector>

#include "system/host/host.hpp"
#include "system/sql/connection.hpp"

namespace atlas::sql {

class PrimaryDriver final : public Driver {
  public:
    /// `servers`: at least one.
    PrimaryDriver(host::Host& host, std::unique_ptr<Driver> inner,
                  std::vector<host::Endpoint> servers);

    /// The target's own endpoint does not matter. Asks the last primary first, and each for its
    /// share of the time. Errors: cannot_connect, when none of them is a primary, with what the
    /// last one said; deadline_exceeded, when there was no time to find out.
    host::Task<Result<std::unique_ptr<Connection>>> connect(host::Context context,
                                                            ConnectionTarget target) override;

  private:
    host::Task<Result<std::unique_ptr<Connection>>> connect_to(host::Context context,
                                                               ConnectionTarget target);

    host::Host& host_;
    std::unique_ptr<Driver> inner_;
    std::vector<host::Endpoint> servers_;
    std::size_t last_primary_ = 0;
};

}  // namespace atlas::sql

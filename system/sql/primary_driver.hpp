#pragma once
// A driver for several servers of which one is the primary: each connection is to whoever takes
// writes when it is made. (As libpq's target_session_attrs=primary, with several hosts.)
//
// An old primary that has not heard of the new one yet says that it is one as well. That does no
// harm where commits wait for a follower: they wait there until the deadline, and the connection
// with them. Who is told of a newer timeline does not go back to it.

#include <cstdint>
#include <functional>
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
    /// `inner` outlives it.
    PrimaryDriver(host::Host& host, Driver& inner, std::vector<host::Endpoint> servers);

    /// Asked for each connection: no server of an older timeline is taken for the primary.
    void refuse_older_than(std::function<std::uint32_t()> timeline) {
        newest_timeline_ = std::move(timeline);
    }

    /// The target's own endpoint does not matter. Asks the last primary first, and each for its
    /// share of the time. Errors: cannot_connect, when none of them is a primary, with what the
    /// last one said; deadline_exceeded, when there was no time to find out.
    host::Task<Result<std::unique_ptr<Connection>>> connect(host::Context context,
                                                            ConnectionTarget target) override;

  private:
    host::Task<Result<std::unique_ptr<Connection>>> connect_to(host::Context context,
                                                               ConnectionTarget target);

    host::Task<Result<void>> refuse_old(host::Context context, Connection& connection);

    host::Host& host_;
    std::unique_ptr<Driver> owned_;
    Driver& inner_;
    std::vector<host::Endpoint> servers_;
    std::size_t last_primary_ = 0;
    std::function<std::uint32_t()> newest_timeline_;
};

}  // namespace atlas::sql

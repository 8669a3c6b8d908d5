#pragma once
// A driver that takes a server by its name and looks the name up for every connection: where a
// server has moved, the next connection finds it.

#include <memory>
#include <utility>

#include "system/host/host.hpp"
#include "system/sql/connection.hpp"

namespace atlas::sql {

class ResolvingDriver final : public Driver {
  public:
    /// `inner` is given numeric addresses.
    ResolvingDriver(host::Host& host, std::unique_ptr<Driver> inner)
        : ResolvingDriver(host.clock(), host.network(), std::move(inner)) {}
    ResolvingDriver(const host::Clock& clock, host::Network& network, std::unique_ptr<Driver> inner)
        : clock_(clock), network_(network), inner_(std::move(inner)) {}

    /// Tries the addresses of the name one after the other, each for its share of the time, until
    /// one answers. A name that does not resolve is cannot_connect.
    host::Task<Result<std::unique_ptr<Connection>>> connect(host::Context context,
                                                            ConnectionTarget target) override;

  private:
    const host::Clock& clock_;
    host::Network& network_;
    std::unique_ptr<Driver> inner_;
};

}  // namespace atlas::sql

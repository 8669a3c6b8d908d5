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
        : host_(host), inner_(std::move(inner)) {}

    /// Tries the addresses of the name one after the other, each for its share of the time, until
    /// one answers. A name that does not resolve is cannot_connect.
    host::Task<Result<std::unique_ptr<Connection>>> connect(host::Context context,
                                                            ConnectionTarget target) override;

  private:
    host::Host& host_;
    std::unique_ptr<Driver> inner_;
};

}  // namespace atlas::sql

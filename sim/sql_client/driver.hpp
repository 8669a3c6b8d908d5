#pragma once
// The small client: connections to a PostgreSQL server over host::Network.

#include "system/host/host.hpp"
#include "system/sql/connection.hpp"

namespace atlas::sim::sql_client {

class Driver final : public sql::Driver {
  public:
    /// The connections it gives out refer to the host.
    explicit Driver(host::Host& host) : host_(host) {}

    host::Task<sql::Result<std::unique_ptr<sql::Connection>>> connect(
        host::Context context, sql::ConnectionTarget target) override;

  private:
    host::Host& host_;
};

}  // namespace atlas::sim::sql_client

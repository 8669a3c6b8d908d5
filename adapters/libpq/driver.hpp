#pragma once
// Connections to PostgreSQL by libpq.

#include "adapters/asio_host.hpp"
#include "system/sql/connection.hpp"

namespace atlas::adapters::libpq {

class Driver final : public sql::Driver {
  public:
    /// The connections it gives out refer to the host.
    explicit Driver(AsioHost& host) : host_(host) {}

    host::Task<sql::Result<std::unique_ptr<sql::Connection>>> connect(
        host::Context context, sql::ConnectionTarget target) override;

  private:
    AsioHost& host_;
};

}  // namespace atlas::adapters::libpq

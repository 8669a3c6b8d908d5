#pragma once
// An SQL driver that writes down what is asked through it, and the requests that are the reason. It
// changes nothing.

#include <cstddef>
#include <memory>

#include "properties/history/database_log.hpp"
#include "system/http/handler.hpp"
#include "system/sql/connection.hpp"

namespace atlas::properties {

/// Of one incarnation of an API node.
class WatchedDriver final : public sql::Driver {
  public:
    /// The log outlives the driver and its connections.
    WatchedDriver(std::unique_ptr<sql::Driver> inner, DatabaseLog& log, std::string node);

    host::Task<sql::Result<std::unique_ptr<sql::Connection>>> connect(
        host::Context context, sql::ConnectionTarget target) override;

    /// The handler of the same incarnation, with its requests written down. The log outlives it.
    http::Handler watch(http::Handler handler);

  private:
    std::unique_ptr<sql::Driver> inner_;
    DatabaseLog& log_;
    std::size_t conversation_;
};

}  // namespace atlas::properties

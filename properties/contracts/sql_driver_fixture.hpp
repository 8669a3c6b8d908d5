#pragma once
// The clients of the SQL port's contract, on real sockets.

#include <memory>

#include "adapters/asio_host.hpp"
#include "properties/contracts/sql_port_fixture.hpp"

namespace atlas::properties {

/// Refers to the host.
std::unique_ptr<sql::Driver> make_driver(SqlClient client, adapters::AsioHost& host);

}  // namespace atlas::properties

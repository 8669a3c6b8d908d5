#include "properties/contracts/sql_driver_fixture.hpp"

#include "adapters/libpq/driver.hpp"
#include "sim/sql_client/driver.hpp"

namespace atlas::properties {

std::unique_ptr<sql::Driver> make_driver(SqlClient client, adapters::AsioHost& host) {
    if (client == SqlClient::libpq) return std::make_unique<adapters::libpq::Driver>(host);
    return std::make_unique<sim::sql_client::Driver>(host);
}

}  // namespace atlas::properties

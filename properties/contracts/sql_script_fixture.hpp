#pragma once
// Scripts of SQL that must come out the same on the model and on PostgreSQL 15: the rows, the
// command tags, the errors with their fields, and who has to wait. Nothing is expected by hand.

#include <string>

#include "properties/contracts/sql_port_fixture.hpp"

namespace atlas::properties {

/// Runs a script in an empty database. Each line is "1: statement", for session 1; a session that
/// waits gets nothing until its statement has ended. Gives a line for each outcome.
std::string transcript_of(SqlPair pair, const std::string& script);

/// The same client on both servers.
class SqlScripts : public testing::TestWithParam<SqlClient> {
  protected:
    void expect_same(const std::string& script);
};

}  // namespace atlas::properties

#define ATLAS_ON_EACH_SQL_CLIENT(Suite)                                            \
    INSTANTIATE_TEST_SUITE_P(                                                      \
        Clients, Suite,                                                            \
        testing::Values(::atlas::properties::SqlClient::libpq,                     \
                        ::atlas::properties::SqlClient::small),                    \
        [](const testing::TestParamInfo<::atlas::properties::SqlClient>& client) { \
            return client.param == ::atlas::properties::SqlClient::libpq           \
                       ? std::string("libpq")                                      \
                       : std::string("small_client");                              \
        })

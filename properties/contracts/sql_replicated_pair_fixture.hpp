#pragma once
// A primary and a server that follows it, for contracts of the SQL port, 2 x 2: libpq and the small
// client, against two PostgreSQL 15 and against two of the model. All on real sockets.

#include "properties/contracts/sql_port_fixture.hpp"

namespace atlas::properties {

using PairBody = std::function<host::Task<>(SqlCase& primary, SqlCase& follower)>;

/// Both sides as superuser, in the database "postgres".
class SqlReplicatedPair : public testing::TestWithParam<SqlPair> {
  protected:
    /// `body` is a lambda without captures, or one whose captures outlive the call. The servers
    /// are the case's own.
    void run(const PairBody& body);
};

/// Asks until the answer is this one value. The test fails if it has not come in 10 s.
host::Task<> wait_until(SqlCase& sql, SqlCase::Connection& connection, std::string text,
                        std::string expected);

/// "ALTER SYSTEM SET ...", and waits until new statements go by it.
host::Task<> set_synchronous_names(SqlCase& primary, std::string names);

/// Names a standby that nobody is, and waits until commits wait for it: what new statements go by
/// is not yet what commits go by, of which PostgreSQL's checkpointer tells in its own time.
host::Task<> let_commits_wait_for_nobody(SqlCase& primary);

/// Whether this is what the port makes of a commit that stands where it was made, and that nobody
/// else may have.
bool is_unreplicated(const sql::Result<sql::QueryResult>& outcome);

}  // namespace atlas::properties

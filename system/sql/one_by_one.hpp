#pragma once
// A batch as operations of their own: for connections that stand in for another, in tests, or
// change single operations of one.

#include "system/sql/connection.hpp"

namespace atlas::sql {

/// One step after the other, each by the connection's own operation of that kind, up to the first
/// that fails. It comes to what run_batch() does inside a transaction block; outside one each step
/// commits for itself.
host::Task<BatchResult> run_one_by_one(Connection& connection, host::Context context, Batch steps);

}  // namespace atlas::sql

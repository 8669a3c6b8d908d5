#pragma once
// libpq's results as the port's.

#include <libpq-fe.h>

#include <memory>

#include "system/sql/connection.hpp"

namespace atlas::adapters::libpq {

struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, ClearResult>;

/// One statement's outcome. A result that libpq made up itself, because the connection failed or
/// the server broke the protocol, becomes connection_lost or protocol.
sql::Result<sql::QueryResult> read_result(const PGresult* result);

}  // namespace atlas::adapters::libpq

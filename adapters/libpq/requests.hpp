#pragma once
// The port's operations as libpq's: each hands one request to libpq, which sends what it can. 0
// when libpq does not take it, as its own functions have it.

#include <libpq-fe.h>

#include <string>

#include "system/sql/connection.hpp"

namespace atlas::adapters::libpq {

int send_prepare(PGconn* connection, const std::string& name, const std::string& text);
int send_execute(PGconn* connection, const std::string& name, const sql::Parameters& parameters);
/// In pipeline mode.
int send_step(PGconn* connection, const sql::Step& step);

}  // namespace atlas::adapters::libpq

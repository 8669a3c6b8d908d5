#pragma once
// A client of the database itself, for the workloads that speak SQL: one connection at a time, made
// anew when it is gone.

#include <memory>
#include <string>

#include "system/host/host.hpp"
#include "system/sql/connection.hpp"

namespace atlas::properties {

class SqlSession {
  public:
    /// Host and driver outlive it.
    SqlSession(host::Host& host, sql::Driver& driver, sql::ConnectionTarget target);

    /// Errors: those of sql::Connection and sql::Driver. Whatever was open is gone with the
    /// connection.
    host::Task<sql::Result<sql::QueryResult>> run(std::string text);

    /// Until it succeeds; an error of the server that says it was done before is success too.
    host::Task<> insist_on(std::string text);

    /// After an error inside a transaction: the server forgets it.
    host::Task<> roll_back();

  private:
    host::Host& host_;
    sql::Driver& driver_;
    sql::ConnectionTarget target_;
    std::unique_ptr<sql::Connection> connection_;
};

}  // namespace atlas::properties

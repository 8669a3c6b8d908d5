#pragma once
// Several sessions that are stepped in turn: after each step all that run are given time until they
// have ended or wait for somebody. Who waits is asked of the server itself (pg_blocking_pids), so
// that no clock decides what a transcript says.

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "properties/contracts/sql_port_fixture.hpp"

namespace atlas::properties {

class SteppedSessions {
  public:
    using Connect = std::function<host::Task<SqlCase::Connection>()>;
    SteppedSessions(SqlCase& sql, Connect connect) : sql_(sql), connect_(std::move(connect)) {}

    /// Connects it if it is not yet: true then.
    host::Task<bool> connect(int number);
    SqlCase::Connection& connection(int number) { return sessions_.at(number).connection; }
    /// A connection that takes no part.
    host::Task<SqlCase::Connection*> observer();

    bool is_running(int number) const;
    void start(int number, std::string statement);

    /// Of those that run: what came of it, or nothing if it waits. What has ended runs no more.
    using Outcomes = std::map<int, std::optional<sql::Result<sql::QueryResult>>>;
    host::Task<Outcomes> settle();

    /// All are rolled back, and stay connected. Of those that wait for each other one is told to
    /// give up.
    host::Task<> end_all();

  private:
    struct Session {
        SqlCase::Connection connection;
        std::string process;
        std::optional<Started> running;
    };

    host::Task<bool> is_blocked(const Session& session);
    host::Task<bool> some_move();

    SqlCase& sql_;
    Connect connect_;
    SqlCase::Connection observer_;
    std::map<int, Session> sessions_;
};

/// "(1,10)(2,20)", and "~" for NULL.
std::string rows_of(const sql::QueryResult& result);

}  // namespace atlas::properties

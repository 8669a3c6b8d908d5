#pragma once
// The contract of the SQL port, 2 x 2: libpq and the small client, against PostgreSQL 15 and
// against the model. A case is written once, against the port, and runs on all four. The small
// client meets the model in simulation; the other three pairs meet on real sockets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "system/host/event.hpp"
#include "system/host/host.hpp"
#include "system/host/task_group.hpp"
#include "system/sql/connection.hpp"

namespace atlas::properties {

enum class SqlClient : std::uint8_t { libpq, small };
enum class SqlServer : std::uint8_t { model, postgres };
using SqlPair = std::tuple<SqlClient, SqlServer>;

std::string sql_pair_name(const testing::TestParamInfo<SqlPair>& info);

/// An operation that runs while the case goes on.
class Started {
  public:
    Started(host::Host& host, host::TaskGroup& tasks,
            host::Task<sql::Result<sql::QueryResult>> operation);

    bool has_ended() const { return state_->outcome.has_value(); }
    host::Task<sql::Result<sql::QueryResult>> outcome();

  private:
    struct State {
        explicit State(host::Host& host) : ended(host) {}
        std::optional<sql::Result<sql::QueryResult>> outcome;
        host::Event ended;
    };
    static host::Task<> run(std::shared_ptr<State> state,
                            host::Task<sql::Result<sql::QueryResult>> operation);

    std::shared_ptr<State> state_;
};

/// What a case has. Errors that a case does not expect end it by an exception, which fails the
/// test.
class SqlCase {
  public:
    SqlCase(host::Host& host, host::TaskGroup& tasks, sql::Driver& driver,
            sql::ConnectionTarget target)
        : host_(host), tasks_(tasks), driver_(driver), target_(std::move(target)) {}

    using Connection = std::unique_ptr<sql::Connection>;
    using Settings = std::vector<std::pair<std::string, std::string>>;

    host::Host& host() { return host_; }
    sql::Driver& driver() { return driver_; }
    /// An empty database, as the role that owns it.
    const sql::ConnectionTarget& target() const { return target_; }
    /// A deadline that only a server that hangs can miss.
    host::Context patient() { return within(std::chrono::seconds(60)); }
    host::Context within(host::Duration duration);

    host::Task<Connection> connect(Settings settings = {});
    host::Task<sql::Result<Connection>> try_connect(sql::ConnectionTarget target);

    /// A statement that must succeed.
    host::Task<sql::QueryResult> run(Connection& connection, std::string text);
    /// A statement that must fail, and not by a lost connection.
    host::Task<sql::Error> refuse(Connection& connection, std::string text);
    host::Task<> prepare(Connection& connection, std::string name, std::string text);
    host::Task<sql::QueryResult> execute(Connection& connection, std::string name,
                                         sql::Parameters parameters);

    Started start(Connection& connection, std::string text);
    /// The server dies (a real one by kill -9, a simulated one with its machine's power) and is
    /// there again when this returns. Connections to it are lost. Only where SqlPort::can_crash().
    host::Task<> crash_server() { return crash_(host_); }
    using Crash = std::function<host::Task<>(host::Host&)>;
    void set_crash(Crash crash) { crash_ = std::move(crash); }

    /// Long enough for a statement that can end to have ended.
    host::Task<> let_others_run() { return host::sleep_for(host_, std::chrono::milliseconds(60)); }

  private:
    host::Host& host_;
    host::TaskGroup& tasks_;
    sql::Driver& driver_;
    sql::ConnectionTarget target_;
    Crash crash_;
};

/// "server 23505: duplicate key ..."
std::string describe(const sql::Error& error);

template <typename T>
T expect_success(sql::Result<T> result, const std::string& what) {
    if (!result) throw std::runtime_error(what + ": " + describe(result.error()));
    return std::move(*result);
}

using SqlCaseBody = std::function<host::Task<>(SqlCase&)>;

/// `body` is a lambda without captures, or one whose captures outlive the call. In simulation, what
/// may go on at the same time does so in an order that the seed decides.
void run_sql_case(SqlPair pair, const SqlCaseBody& body, std::uint64_t seed = 1);

class SqlPort : public testing::TestWithParam<SqlPair> {
  protected:
    /// `body` is a lambda without captures, or one whose captures outlive the call.
    void run(const SqlCaseBody& body) { run_sql_case(GetParam(), body); }

    /// The model on real sockets lives in the process of its client.
    static bool can_crash() { return GetParam() != SqlPair{SqlClient::libpq, SqlServer::model}; }
};

}  // namespace atlas::properties

#define ATLAS_ON_EACH_SQL_PAIR(Suite)                                                \
    INSTANTIATE_TEST_SUITE_P(                                                        \
        Pairs, Suite,                                                                \
        testing::Combine(testing::Values(::atlas::properties::SqlClient::libpq,      \
                                         ::atlas::properties::SqlClient::small),     \
                         testing::Values(::atlas::properties::SqlServer::model,      \
                                         ::atlas::properties::SqlServer::postgres)), \
        ::atlas::properties::sql_pair_name)

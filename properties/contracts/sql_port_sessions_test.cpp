// The contract of the SQL port: sessions that begin, end, and end badly; prepared statements.

#include "properties/contracts/sql_port_fixture.hpp"
#include "system/sql/server_look.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using host::Task;
using sql::ErrorKind;
using sql::Value;
using testing::ElementsAre;

class SqlPortSessions : public SqlPort {};

Task<sql::Error> refused_session(SqlCase& sql, sql::ConnectionTarget target) {
    auto connection = co_await sql.try_connect(std::move(target));
    if (connection) throw std::runtime_error("a session was opened");
    co_return connection.error();
}

TEST_P(SqlPortSessions, AnUnknownDatabaseOrRoleIsRefused) {
    run([](SqlCase& sql) -> Task<> {
        sql::ConnectionTarget target = sql.target();
        target.database = "no such database";
        auto error = co_await refused_session(sql, target);
        EXPECT_EQ(error.kind, ErrorKind::server);
        EXPECT_EQ(error.sqlstate, "3D000");
        EXPECT_EQ(error.message, "database \"no such database\" does not exist");
        EXPECT_TRUE(error.fatal);
        EXPECT_EQ(error.certainty(), host::Certainty::definite);
        target = sql.target();
        target.user = "nobody";
        error = co_await refused_session(sql, target);
        EXPECT_EQ(error.sqlstate, "28000");
        EXPECT_EQ(error.message, "role \"nobody\" does not exist");
    });
}

TEST_P(SqlPortSessions, SettingsAreMadeAtTheStart) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect({{"statement_timeout", "12345"},
                                                {"lock_timeout", "2s"},
                                                {"application_name", "a name \\ with spaces"}});
        auto shown = co_await sql.run(connection, "SHOW statement_timeout");
        EXPECT_THAT(shown.rows, ElementsAre(ElementsAre(Value("12345ms"))));
        shown = co_await sql.run(connection, "SHOW lock_timeout");
        EXPECT_THAT(shown.rows, ElementsAre(ElementsAre(Value("2s"))));
    });
}

// Two sessions that disagree on it would take one server for two.
TEST_P(SqlPortSessions, TheServersStartIsTheSameInEveryTimeZone) {
    // The model has the one.
    const bool is_model = std::get<SqlServer>(GetParam()) == SqlServer::model;
    run([is_model](SqlCase& sql) -> Task<> {
        auto here = co_await sql.connect({{"TimeZone", "UTC"}, {"DateStyle", "ISO, MDY"}});
        auto there = co_await sql.connect({{"TimeZone", is_model ? "UTC" : "Asia/Tokyo"},
                                           {"DateStyle", is_model ? "ISO, MDY" : "German"}});
        const std::string asked(sql::server_run_statement.text);
        const auto one = sql::read_server_run(co_await sql.run(here, asked));
        const auto other = sql::read_server_run(co_await sql.run(there, asked));
        EXPECT_EQ(one.value(), other.value());
    });
}

TEST_P(SqlPortSessions, ABadSettingIsRefused) {
    run([](SqlCase& sql) -> Task<> {
        sql::ConnectionTarget target = sql.target();
        target.session_settings = {{"statement_timeout", "soon"}};
        auto error = co_await refused_session(sql, target);
        EXPECT_EQ(error.sqlstate, "22023");
        EXPECT_EQ(error.message, "invalid value for parameter \"statement_timeout\": \"soon\"");
        target.session_settings = {{"no_such_setting", "1"}};
        error = co_await refused_session(sql, target);
        EXPECT_EQ(error.sqlstate, "42704");
        EXPECT_EQ(error.message, "unrecognized configuration parameter \"no_such_setting\"");
    });
}

TEST_P(SqlPortSessions, NobodyListeningIsNoConnection) {
    run([](SqlCase& sql) -> Task<> {
        sql::ConnectionTarget target = sql.target();
        target.endpoint.port = 1;
        const auto error = co_await refused_session(sql, target);
        EXPECT_EQ(error.kind, ErrorKind::cannot_connect);
        EXPECT_EQ(error.certainty(), host::Certainty::definite);
    });
}

// Something listens and never speaks.
TEST_P(SqlPortSessions, AServerThatIsSilentMeetsTheDeadline) {
    run([](SqlCase& sql) -> Task<> {
        auto listener = sql.host().network().listen({"127.0.0.1", 0}, host::Transport::plain());
        EXPECT_TRUE(listener.has_value());
        sql::ConnectionTarget target = sql.target();
        target.endpoint = (*listener)->local_endpoint();
        const auto connection = co_await sql.driver().connect(sql.within(100ms), target);
        EXPECT_FALSE(connection.has_value());
        if (!connection) EXPECT_EQ(connection.error().kind, ErrorKind::deadline_exceeded);
    });
}

/// Takes one connection, reads a little, and answers with rubbish or by hanging up.
Task<> answer_badly(host::Host& host, host::Listener& listener, std::string answer) {
    auto stream = co_await listener.accept(host::deadline_after(host, 10s));
    if (!stream) co_return;
    std::byte buffer[4096];
    co_await (*stream)->read_some(buffer, host::deadline_after(host, 10s));
    co_await host::write_all(**stream, std::as_bytes(std::span(answer)),
                             host::deadline_after(host, 10s));
    (*stream)->shutdown_send();
    co_await (*stream)->read_some(buffer, host::deadline_after(host, 10s));
}

TEST_P(SqlPortSessions, AServerThatHangsUpOrTalksNonsenseGivesNoConnection) {
    run([](SqlCase& sql) -> Task<> {
        for (const std::string& answer :
             {std::string(), std::string("HTTP/1.1 400 Bad Request\r\n"),
              std::string("R\0\0\0\3", 5)}) {
            auto listener = sql.host().network().listen({"127.0.0.1", 0}, host::Transport::plain());
            EXPECT_TRUE(listener.has_value());
            sql::ConnectionTarget target = sql.target();
            target.endpoint = (*listener)->local_endpoint();
            const auto body = [&](host::TaskGroup& tasks) -> Task<> {
                tasks.spawn(answer_badly(sql.host(), **listener, answer));
                const auto error = co_await refused_session(sql, target);
                EXPECT_EQ(error.kind, ErrorKind::cannot_connect) << describe(error);
            };
            co_await host::with_task_group(sql.host(), body);
        }
    });
}

TEST_P(SqlPortSessions, PreparedStatementsBelongToTheirSession) {
    run([](SqlCase& sql) -> Task<> {
        auto one = co_await sql.connect();
        auto two = co_await sql.connect();
        co_await sql.prepare(one, "plus \"one\"", "SELECT $1::int + 1");
        const auto sum = co_await sql.execute(one, "plus \"one\"", {"41"});
        EXPECT_THAT(sum.rows, ElementsAre(ElementsAre(Value("42"))));
        auto unknown = co_await two->execute_prepared(sql.patient(), "plus \"one\"", {"41"});
        EXPECT_FALSE(unknown.has_value());
        if (!unknown) {
            EXPECT_EQ(unknown.error().sqlstate, "26000");
            EXPECT_EQ(unknown.error().message,
                      "prepared statement \"plus \"one\"\" does not exist");
        }
        const auto again =
            co_await one->prepare(sql.patient(), "plus \"one\"", "SELECT $1::int + 2");
        EXPECT_FALSE(again.has_value());
        if (!again) EXPECT_EQ(again.error().sqlstate, "42P05");
        const auto forgotten = co_await one->deallocate(sql.patient(), "plus \"one\"");
        EXPECT_TRUE(forgotten.has_value());
        unknown = co_await one->execute_prepared(sql.patient(), "plus \"one\"", {"41"});
        EXPECT_FALSE(unknown.has_value());
        if (!unknown) EXPECT_EQ(unknown.error().sqlstate, "26000");
        const auto twice = co_await one->deallocate(sql.patient(), "plus \"one\"");
        EXPECT_FALSE(twice.has_value());
        if (!twice) EXPECT_EQ(twice.error().sqlstate, "26000");
    });
}

TEST_P(SqlPortSessions, AStatementThatCannotBePreparedSaysWhy) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        const auto refused =
            co_await connection->prepare(sql.patient(), "s", "SELECT * FROM nowhere WHERE a = $1");
        EXPECT_FALSE(refused.has_value());
        if (!refused) EXPECT_EQ(refused.error().sqlstate, "42P01");
        const auto unknown = co_await connection->execute_prepared(sql.patient(), "s", {"1"});
        EXPECT_FALSE(unknown.has_value());
        if (!unknown) EXPECT_EQ(unknown.error().sqlstate, "26000");
    });
}

TEST_P(SqlPortSessions, PreparedStatementsRunInTransactionsAndFailThem) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await sql.prepare(connection, "add", "INSERT INTO t VALUES ($1) RETURNING id");
        co_await sql.run(connection, "BEGIN");
        const auto added = co_await sql.execute(connection, "add", {"1"});
        EXPECT_THAT(added.rows, ElementsAre(ElementsAre(Value("1"))));
        EXPECT_EQ(connection->transaction_status(), sql::TransactionStatus::in_transaction);
        const auto twice = co_await connection->execute_prepared(sql.patient(), "add", {"1"});
        EXPECT_FALSE(twice.has_value());
        EXPECT_EQ(connection->transaction_status(), sql::TransactionStatus::failed);
        co_await sql.run(connection, "ROLLBACK");
        const auto rows = co_await sql.run(connection, "SELECT id FROM t");
        EXPECT_TRUE(rows.rows.empty());
    });
}

TEST_P(SqlPortSessions, ClosingInMidStatementIsIndefinite) {
    run([](SqlCase& sql) -> Task<> {
        auto holder = co_await sql.connect();
        auto waiter = co_await sql.connect();
        co_await sql.run(holder, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await sql.run(holder, "BEGIN");
        co_await sql.run(holder, "INSERT INTO t VALUES (1)");
        Started waiting = sql.start(waiter, "INSERT INTO t VALUES (1)");
        co_await sql.let_others_run();
        waiter->close();
        EXPECT_FALSE(waiter->is_usable());
        const auto lost = co_await waiting.outcome();
        EXPECT_FALSE(lost.has_value());
        if (!lost) {
            EXPECT_EQ(lost.error().kind, ErrorKind::connection_lost);
            EXPECT_EQ(lost.error().certainty(), host::Certainty::indefinite);
        }
    });
}

TEST_P(SqlPortSessions, AConnectionMayBeDestroyedInMidStatement) {
    run([](SqlCase& sql) -> Task<> {
        auto holder = co_await sql.connect();
        auto waiter = co_await sql.connect();
        co_await sql.run(holder, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await sql.run(holder, "BEGIN");
        co_await sql.run(holder, "INSERT INTO t VALUES (1)");
        Started waiting = sql.start(waiter, "INSERT INTO t VALUES (1)");
        co_await sql.let_others_run();
        waiter.reset();
        const auto lost = co_await waiting.outcome();
        EXPECT_FALSE(lost.has_value());
        if (!lost) EXPECT_EQ(lost.error().kind, ErrorKind::connection_lost);
    });
}

Task<> query_and_forget(sql::Connection& connection, host::Context context, std::string text) {
    co_await connection.query(context, std::move(text));
}

TEST_P(SqlPortSessions, ACancelledTaskLeavesAConnectionThatIsOfNoUse) {
    run([](SqlCase& sql) -> Task<> {
        auto holder = co_await sql.connect();
        auto waiter = co_await sql.connect();
        co_await sql.run(holder, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await sql.run(holder, "BEGIN");
        co_await sql.run(holder, "INSERT INTO t VALUES (1)");
        const auto body = [&](host::TaskGroup& tasks) -> Task<> {
            tasks.spawn(query_and_forget(*waiter, sql.patient(), "INSERT INTO t VALUES (1)"));
            co_await sql.let_others_run();
            tasks.cancel();
        };
        co_await host::with_task_group(sql.host(), body);
        EXPECT_FALSE(waiter->is_usable());
    });
}

ATLAS_ON_EACH_SQL_PAIR(SqlPortSessions);

}  // namespace
}  // namespace atlas::properties

// The contract of the SQL port on whom a server turns away: those for whom it has no room (53300),
// and, when it is told to stop (a fast shutdown), each of its sessions by what it was doing
// (57P01), and who comes until it has stopped (57P03). With libpq and the small client, against a
// PostgreSQL 15 and against a model of the case's own, on real sockets.

#include "properties/contracts/postgres_process_fixture.hpp"
#include "properties/contracts/sql_driver_fixture.hpp"
#include "properties/contracts/sql_replicated_pair_fixture.hpp"
#include "sim/models/postgres/protocol/raw_client_fixture.hpp"
#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/models/postgres/server.hpp"

namespace atlas::properties {
namespace {

using host::Task;
namespace model = sim::models::postgres;

/// As the PostgreSQL of these tests has it.
constexpr std::size_t max_connections = 30;

/// Tells the server to stop, and does not wait for it.
using Stop = std::function<void()>;
using StoppedBody = std::function<Task<>(SqlCase& sql, const Stop& stop)>;

Task<> run_body(adapters::AsioHost& host, SqlClient client, const StoppedBody& body,
                host::Endpoint endpoint, const Stop& stop) {
    sql::ConnectionTarget target;
    target.endpoint = std::move(endpoint);
    target.user = "postgres";
    target.database = "postgres";
    const auto with_tasks = [&](host::TaskGroup& tasks) -> Task<> {
        const std::unique_ptr<sql::Driver> driver = make_driver(client, host);
        SqlCase sql(host, tasks, *driver, target);
        try {
            co_await body(sql, stop);
        } catch (const std::runtime_error& error) {
            ADD_FAILURE() << error.what();
        }
        tasks.cancel();
    };
    co_await host::with_task_group(host, with_tasks);
}

Task<> run_beside_model(adapters::AsioHost& host, SqlClient client, const StoppedBody& body) {
    auto server = co_await model::Server::open(host, {.max_connections = max_connections}, "data");
    if (!server) throw std::runtime_error(host::describe(server.error()));
    auto listener = host.network().listen({"127.0.0.1", 0}, host::Transport::plain());
    if (!listener) throw std::runtime_error(host::describe(listener.error()));
    const host::Endpoint endpoint = (*listener)->local_endpoint();
    host::Event told(host);
    const auto with_tasks = [&](host::TaskGroup& tasks) -> Task<> {
        tasks.spawn(model::protocol::serve(host, *std::move(listener),
                                           model::protocol::backend_of(**server, &told)));
        co_await run_body(host, client, body, endpoint, [&told] { told.set(); });
        told.set();
        co_await tasks.join();
    };
    co_await host::with_task_group(host, with_tasks);
}

class SqlPortTurnedAway : public testing::TestWithParam<SqlPair> {
  protected:
    /// As superuser. `body` is a lambda without captures.
    void run(const StoppedBody& body) {
        const auto [client, server] = GetParam();
        if (server == SqlServer::postgres) {
            PostgresProcess postgres;
            adapters::AsioHost host({.machine_name = "test"});
            host.run(run_body(host, client, body, postgres.endpoint(),
                              [&postgres] { postgres.request_shutdown(); }));
            return;
        }
        ScratchDirectory directory;
        adapters::AsioHost host({.machine_name = "test", .disk_root = directory.path()});
        host.run(run_beside_model(host, client, body));
    }
};

/// Until nobody is let in any more, whatever he is told.
Task<> wait_until_stopped(SqlCase& sql) {
    for (int attempt = 0; attempt < 500; ++attempt) {
        const auto connected = co_await sql.try_connect(sql.target());
        if (!connected && connected.error().kind == sql::ErrorKind::cannot_connect) co_return;
        co_await host::sleep_for(sql.host(), std::chrono::milliseconds(20));
    }
    ADD_FAILURE() << "the server does not stop";
}

void expect_sent_away(const sql::Error& error, const SqlCase::Connection& connection) {
    EXPECT_EQ(error.kind, sql::ErrorKind::server) << describe(error);
    EXPECT_EQ(error.sqlstate, "57P01");
    EXPECT_EQ(error.message, "terminating connection due to administrator command");
    EXPECT_TRUE(error.fatal);
    EXPECT_EQ(error.certainty(), host::Certainty::definite);
    EXPECT_FALSE(connection->is_usable());
}

// Who asks nothing at that moment hears of it when he asks next.
TEST_P(SqlPortTurnedAway, ASessionThatIsIdleIsTold57P01AtItsNextStatement) {
    run([](SqlCase& sql, const Stop& stop) -> Task<> {
        auto idle = co_await sql.connect();
        auto in_transaction = co_await sql.connect();
        auto failed = co_await sql.connect();
        co_await sql.run(idle, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await sql.run(in_transaction, "BEGIN");
        co_await sql.run(in_transaction, "INSERT INTO t VALUES (1)");
        co_await sql.run(failed, "BEGIN");
        co_await sql.refuse(failed, "SELECT 1 / 0");
        stop();
        co_await wait_until_stopped(sql);
        for (SqlCase::Connection* const connection : {&idle, &in_transaction, &failed}) {
            const auto error = co_await sql.refuse(*connection, "SELECT 1");
            expect_sent_away(error, *connection);
        }
    });
}

TEST_P(SqlPortTurnedAway, AStatementUnderWayEndsWith57P01) {
    run([](SqlCase& sql, const Stop& stop) -> Task<> {
        auto one = co_await sql.connect();
        auto two = co_await sql.connect();
        co_await sql.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await sql.run(one, "INSERT INTO t VALUES (1)");
        co_await sql.run(one, "BEGIN");
        co_await sql.run(one, "UPDATE t SET id = 2");
        Started sleeping = sql.start(one, "SELECT pg_sleep(30)");
        Started waiting = sql.start(two, "DELETE FROM t");
        co_await sql.let_others_run();
        EXPECT_FALSE(sleeping.has_ended() || waiting.has_ended());
        stop();
        for (auto [connection, started] : {std::pair{&one, &sleeping}, std::pair{&two, &waiting}}) {
            const auto outcome = co_await started->outcome();
            EXPECT_FALSE(outcome.has_value());
            if (!outcome) expect_sent_away(outcome.error(), *connection);
        }
    });
}

// The commit stands where it was made, and whoever takes over may not have it: neither a success
// nor a refusal.
TEST_P(SqlPortTurnedAway, ACommitThatWaitsForAStandbyIsIndefinite) {
    run([](SqlCase& sql, const Stop& stop) -> Task<> {
        auto one = co_await sql.connect();
        co_await sql.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await let_commits_wait_for_nobody(sql);
        auto two = co_await sql.connect();
        auto three = co_await sql.connect();
        Started alone = sql.start(two, "INSERT INTO t VALUES (1)");
        co_await sql.run(three, "BEGIN");
        co_await sql.run(three, "INSERT INTO t VALUES (2)");
        Started commit = sql.start(three, "COMMIT");
        co_await host::sleep_for(sql.host(), std::chrono::milliseconds(300));
        EXPECT_FALSE(alone.has_ended() || commit.has_ended());
        stop();
        for (Started* const started : {&alone, &commit}) {
            const auto outcome = co_await started->outcome();
            EXPECT_FALSE(outcome.has_value());
            if (outcome) continue;
            EXPECT_EQ(outcome.error().kind, sql::ErrorKind::connection_lost);
            EXPECT_EQ(outcome.error().sqlstate, "57P01");
            EXPECT_EQ(outcome.error().message,
                      "canceling the wait for synchronous replication and terminating connection "
                      "due to administrator command");
            EXPECT_EQ(outcome.error().certainty(), host::Certainty::indefinite);
        }
        EXPECT_FALSE(two->is_usable() || three->is_usable());
    });
}

/// Follows the server from where its log ends, and never says how far it has come.
Task<model::protocol::RawClient> follow_without_a_word(SqlCase& sql) {
    auto connection = co_await sql.connect();
    const auto position = co_await sql.run(connection, "SELECT pg_current_wal_lsn()");
    auto stream = co_await sql.host().network().connect(
        sql.target().endpoint, host::Transport::plain(), host::Deadline::never());
    if (!stream) throw std::runtime_error(host::describe(stream.error()));
    model::protocol::RawClient follower(sql.host(), *std::move(stream));
    sql::protocol::StartupMessage start_up;
    start_up.parameters = {{"user", "postgres"}, {"replication", "true"}};
    co_await follower.send(start_up);
    co_await follower.read();
    co_await follower.send(sql::protocol::Query{
        fmt::format("START_REPLICATION {}", position.rows[0][0].value_or(""))});
    co_await wait_until(sql, connection, "SELECT state FROM pg_stat_replication", "streaming");
    co_return follower;
}

// A shutdown waits for those who follow.
TEST_P(SqlPortTurnedAway, WhoComesWhileItStopsIsTold57P03) {
    run([](SqlCase& sql, const Stop& stop) -> Task<> {
        auto follower = co_await follow_without_a_word(sql);
        stop();
        sql::Error refused{.kind = sql::ErrorKind::protocol};
        // Who comes at that very moment is let in, and sent away again.
        for (int attempt = 0; attempt < 500 && refused.sqlstate != "57P03"; ++attempt) {
            const auto connected = co_await sql.try_connect(sql.target());
            if (!connected) refused = connected.error();
            co_await host::sleep_for(sql.host(), std::chrono::milliseconds(20));
        }
        EXPECT_EQ(refused.kind, sql::ErrorKind::server) << describe(refused);
        EXPECT_EQ(refused.sqlstate, "57P03");
        EXPECT_EQ(refused.message, "the database system is shutting down");
        EXPECT_TRUE(refused.fatal);
        EXPECT_EQ(refused.certainty(), host::Certainty::definite);
        follower.close();
        co_await wait_until_stopped(sql);
    });
}

using Connections = std::vector<SqlCase::Connection>;

/// Connects until the server has no more room for that user, who is then one of so many. Gives what
/// the server said. Sessions of its start may not be over yet, nor one that was just closed.
Task<sql::Error> fill(SqlCase& sql, sql::ConnectionTarget target, Connections& connections,
                      std::size_t most) {
    sql::Error refused{.kind = sql::ErrorKind::protocol};
    for (int attempt = 0; attempt < 500; ++attempt) {
        auto connection = co_await sql.try_connect(target);
        if (connection) {
            connections.push_back(*std::move(connection));
            continue;
        }
        refused = connection.error();
        if (connections.size() >= most) break;
        co_await host::sleep_for(sql.host(), std::chrono::milliseconds(20));
    }
    EXPECT_EQ(connections.size(), most);
    co_return refused;
}

void expect_no_room(const sql::Error& refused, const char* message) {
    EXPECT_EQ(refused.kind, sql::ErrorKind::server);
    EXPECT_EQ(refused.sqlstate, "53300");
    EXPECT_EQ(refused.message, message);
    EXPECT_EQ(refused.certainty(), host::Certainty::definite);
}

// Superusers have every place there is.
TEST_P(SqlPortTurnedAway, AFullServerHasNoRoomUntilSomebodyGoes) {
    run([](SqlCase& sql, const Stop&) -> Task<> {
        Connections connections;
        for (int round = 0; round < 2; ++round) {
            const auto refused = co_await fill(sql, sql.target(), connections, max_connections);
            expect_no_room(refused, "sorry, too many clients already");
            for (SqlCase::Connection& connection : connections)
                co_await sql.run(connection, "SELECT 1");
            connections.pop_back();
        }
    });
}

// Everybody else leaves them three, also when one of his own has gone.
TEST_P(SqlPortTurnedAway, TheLastPlacesAreForSuperusers) {
    run([](SqlCase& sql, const Stop&) -> Task<> {
        constexpr std::size_t open_to_all = max_connections - 3;
        constexpr const char* reserved =
            "remaining connection slots are reserved for non-replication superuser connections";
        sql::ConnectionTarget ordinary = sql.target();
        ordinary.user = "atlas";
        Connections connections;
        auto refused = co_await fill(sql, ordinary, connections, open_to_all);
        expect_no_room(refused, reserved);
        connections.pop_back();
        refused = co_await fill(sql, ordinary, connections, open_to_all);
        expect_no_room(refused, reserved);
        refused = co_await fill(sql, sql.target(), connections, max_connections);
        expect_no_room(refused, "sorry, too many clients already");
        // Nobody has a place now, and all are told the same.
        refused = co_await fill(sql, ordinary, connections, max_connections);
        expect_no_room(refused, "sorry, too many clients already");
        for (SqlCase::Connection& connection : connections)
            co_await sql.run(connection, "SELECT 1");
    });
}

ATLAS_ON_EACH_SQL_PAIR(SqlPortTurnedAway);

}  // namespace
}  // namespace atlas::properties

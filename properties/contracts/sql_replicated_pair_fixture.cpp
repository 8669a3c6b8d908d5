#include "properties/contracts/sql_replicated_pair_fixture.hpp"

#include <fmt/format.h>

#include "properties/contracts/postgres_process_fixture.hpp"
#include "properties/contracts/sql_driver_fixture.hpp"
#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/models/postgres/replication/base_backup.hpp"
#include "sim/models/postgres/server.hpp"

namespace atlas::properties {

using host::Task;
using sql::Value;
namespace model = sim::models::postgres;

namespace {

sql::ConnectionTarget superuser_at(host::Endpoint endpoint) {
    sql::ConnectionTarget target;
    target.endpoint = std::move(endpoint);
    target.user = "postgres";
    target.database = "postgres";
    return target;
}

Task<> run_pair(adapters::AsioHost& host, SqlClient client, const PairBody& body,
                host::Endpoint primary, host::Endpoint follower) {
    const auto with_tasks = [&](host::TaskGroup& tasks) -> Task<> {
        const std::unique_ptr<sql::Driver> driver = make_driver(client, host);
        SqlCase at_primary(host, tasks, *driver, superuser_at(primary));
        SqlCase at_follower(host, tasks, *driver, superuser_at(follower));
        try {
            co_await body(at_primary, at_follower);
        } catch (const std::runtime_error& error) {
            ADD_FAILURE() << error.what();
        }
        tasks.cancel();
    };
    co_await host::with_task_group(host, with_tasks);
}

void run_with_postgres(SqlClient client, const PairBody& body) {
    PostgresProcess primary;
    PostgresProcess follower(PostgresProcess::FollowerOf{primary});
    adapters::AsioHost host({.machine_name = "test"});
    host.run(run_pair(host, client, body, primary.endpoint(), follower.endpoint()));
}

model::ServerSettings model_settings() {
    model::ServerSettings settings;
    settings.max_prepared_transactions = 20;
    settings.fsync = false;
    return settings;
}

Task<> run_with_model(adapters::AsioHost& host, SqlClient client, const PairBody& body) {
    auto primary = co_await model::Server::open(host, model_settings(), "primary");
    if (!primary) throw std::runtime_error(host::describe(primary.error()));
    auto listening = host.network().listen({"127.0.0.1", 0}, host::Transport::plain());
    if (!listening) throw std::runtime_error(host::describe(listening.error()));
    const host::Endpoint at = (*listening)->local_endpoint();
    auto follower_listening = host.network().listen({"127.0.0.1", 0}, host::Transport::plain());
    if (!follower_listening) throw std::runtime_error("the follower has no port");
    const host::Endpoint follower_at = (*follower_listening)->local_endpoint();
    const auto with_tasks = [&](host::TaskGroup& tasks) -> Task<> {
        tasks.spawn(model::protocol::serve(host, *std::move(listening),
                                           model::protocol::backend_of(**primary)));
        const auto copied = co_await model::base_backup(
            host, "follower",
            {.conninfo = fmt::format("host=127.0.0.1 port={} user=postgres", at.port)});
        if (!copied) throw std::runtime_error(host::describe(copied.error()));
        auto follower = co_await model::Server::open(host, model_settings(), "follower");
        if (!follower) throw std::runtime_error(host::describe(follower.error()));
        const auto with_follower = [&](host::TaskGroup& inner) -> Task<> {
            inner.spawn(model::protocol::serve(host, *std::move(follower_listening),
                                               model::protocol::backend_of(**follower)));
            co_await run_pair(host, client, body, at, follower_at);
            host.request_shutdown();
        };
        co_await host::with_task_group(host, with_follower);
    };
    co_await host::with_task_group(host, with_tasks);
}

}  // namespace

void SqlReplicatedPair::run(const PairBody& body) {
    const auto [client, server] = GetParam();
    if (server == SqlServer::postgres) {
        run_with_postgres(client, body);
        return;
    }
    ScratchDirectory directory;
    adapters::AsioHost host({.machine_name = "test", .disk_root = directory.path()});
    host.run(run_with_model(host, client, body));
}

Task<> wait_until(SqlCase& sql, SqlCase::Connection& connection, std::string text,
                  std::string expected) {
    for (int attempt = 0; attempt < 500; ++attempt) {
        const auto result = co_await connection->query(sql.patient(), text);
        if (result && result->rows.size() == 1 && result->rows[0][0] == Value(expected)) co_return;
        co_await host::sleep_for(sql.host(), std::chrono::milliseconds(20));
    }
    ADD_FAILURE() << text << " has not come to " << expected;
}

Task<> set_synchronous_names(SqlCase& primary, std::string names) {
    auto connection = co_await primary.connect();
    co_await primary.run(connection,
                         fmt::format("ALTER SYSTEM SET synchronous_standby_names = '{}'", names));
    co_await primary.run(connection, "SELECT pg_reload_conf()");
    co_await wait_until(primary, connection, "SHOW synchronous_standby_names", names);
}

Task<> let_commits_wait_for_nobody(SqlCase& primary) {
    auto connection = co_await primary.connect();
    co_await primary.run(connection, "CREATE TABLE probe (n int)");
    co_await set_synchronous_names(primary, "nobody");
    for (int attempt = 0; attempt < 500; ++attempt) {
        auto prober = co_await primary.connect();
        Started commit = primary.start(prober, "INSERT INTO probe VALUES (1)");
        co_await primary.let_others_run();
        co_await prober->request_cancel(primary.patient());
        const auto outcome = co_await commit.outcome();
        if (is_unreplicated(outcome)) co_return;
    }
    ADD_FAILURE() << "commits do not wait for a standby";
}

bool is_unreplicated(const sql::Result<sql::QueryResult>& outcome) {
    return !outcome && outcome.error().kind == sql::ErrorKind::connection_lost &&
           outcome.error().sqlstate == "01000";
}

}  // namespace atlas::properties

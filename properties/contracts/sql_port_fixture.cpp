#include "properties/contracts/sql_port_fixture.hpp"

#include <stdexcept>

#include "adapters/asio_host.hpp"
#include "properties/contracts/both_worlds.hpp"
#include "properties/contracts/postgres_process_fixture.hpp"
#include "properties/contracts/sql_driver_fixture.hpp"
#include "sim/cluster/calm.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/models/postgres/server.hpp"
#include "sim/sql_client/driver.hpp"

namespace atlas::properties {
namespace {

namespace model = sim::models::postgres;

std::string name(sql::ErrorKind kind) {
    switch (kind) {
        case sql::ErrorKind::server:
            return "server";
        case sql::ErrorKind::turned_away:
            return "turned_away";
        case sql::ErrorKind::cannot_connect:
            return "cannot_connect";
        case sql::ErrorKind::connection_lost:
            return "connection_lost";
        case sql::ErrorKind::deadline_exceeded:
            return "deadline_exceeded";
        case sql::ErrorKind::protocol:
            return "protocol";
    }
    return "?";
}

model::ServerSettings model_settings() {
    model::ServerSettings settings;
    settings.deadlock_timeout = std::chrono::milliseconds(100);
    settings.max_prepared_transactions = 20;
    return settings;
}

// An exception of the body's own is the test's failure, not the process's.
host::Task<> run_body(const SqlCaseBody& body, SqlCase sql_case, host::TaskGroup& tasks) {
    try {
        co_await body(sql_case);
    } catch (const std::runtime_error& error) {
        ADD_FAILURE() << error.what();
    }
    tasks.cancel();
}

host::Task<> run_case(const SqlCaseBody& body, host::Host& host, sql::Driver& driver,
                      sql::ConnectionTarget target, SqlCase::Crash crash = {}) {
    const auto with_tasks = [&](host::TaskGroup& tasks) {
        SqlCase sql_case(host, tasks, driver, target);
        sql_case.set_crash(crash);
        return run_body(body, std::move(sql_case), tasks);
    };
    co_await host::with_task_group(host, with_tasks);
}

host::Task<> run_model(host::Host& host, host::Endpoint endpoint) {
    model::Server server(host, model_settings(), "data");
    const auto served = co_await model::protocol::serve(host, server, endpoint);
    if (!served) host.fatal("the model does not start: " + host::describe(served.error()));
}

sql::ConnectionTarget target_at(host::Endpoint endpoint) {
    sql::ConnectionTarget target;
    target.endpoint = std::move(endpoint);
    return target;
}

host::Task<> run_client(host::Host& host, host::Endpoint endpoint, const SqlCaseBody& body,
                        SqlCase::Crash crash, bool& finished) {
    co_await host::sleep_for(host, std::chrono::seconds(1));  // the server has started
    sim::sql_client::Driver driver(host);
    co_await run_case(body, host, driver, target_at(std::move(endpoint)), std::move(crash));
    finished = true;
}

// Both machines in one simulated world. After the case the server is asked to stop, and must leave
// nothing behind.
void run_in_simulation(const SqlCaseBody& body, std::uint64_t seed) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{seed}};
    sim::cluster::CalmNetwork network;
    sim::cluster::CalmDisk disk;
    sim::cluster::Cluster cluster(kernel, network, disk);
    bool finished = false;

    const auto server_machine = cluster.add_machine("postgres-0");
    const host::Endpoint endpoint{cluster.network().address_of(server_machine), 5432};
    const auto server =
        cluster.add_process(server_machine, "postgres",
                            [endpoint](host::Host& host) { return run_model(host, endpoint); });
    bool crash_wanted = false;
    const SqlCase::Crash crash = [&crash_wanted](host::Host& host) -> host::Task<> {
        crash_wanted = true;
        return host::sleep_for(host, std::chrono::seconds(1));
    };
    cluster.add_process(cluster.add_machine("client-0"), "client", [&](host::Host& host) {
        return run_client(host, endpoint, body, crash, finished);
    });

    cluster.hooks().on_fatal = [](const sim::kernel::Process& process, std::string_view reason) {
        ADD_FAILURE() << process.full_name() << ": " << reason;
    };
    cluster.start_all();
    const auto end = kernel.now() + std::chrono::minutes(10);
    while (!finished && kernel.now() < end) {
        kernel.run_until(kernel.now() + std::chrono::milliseconds(100));
        if (!std::exchange(crash_wanted, false)) continue;
        cluster.power_off(server_machine);
        cluster.power_on(server_machine);
    }
    EXPECT_TRUE(finished) << "the case does not end";
    cluster.request_shutdown(server);
    kernel.run_until(kernel.now() + std::chrono::minutes(1));
    EXPECT_FALSE(cluster.is_running(server)) << "the server does not stop";
    EXPECT_THAT(cluster.leftovers(), testing::IsEmpty());
}

void run_against_postgres(SqlClient client, const SqlCaseBody& body) {
    PostgresProcess& postgres = PostgresProcess::shared();
    sql::ConnectionTarget target = target_at(postgres.endpoint());
    target.database = postgres.create_database();
    adapters::AsioHost host({.machine_name = "test"});
    const std::unique_ptr<sql::Driver> driver = make_driver(client, host);
    const auto crash = [&postgres](host::Host&) -> host::Task<> {
        postgres.kill_and_restart();
        co_return;
    };
    host.run(run_case(body, host, *driver, target, crash));
}

host::Task<> run_beside_model(adapters::AsioHost& host, SqlClient client, const SqlCaseBody& body,
                              model::Server& server, host::TaskGroup& tasks) {
    auto listener = host.network().listen({"127.0.0.1", 0}, host::Transport::plain());
    if (!listener) throw std::runtime_error(host::describe(listener.error()));
    const host::Endpoint endpoint = (*listener)->local_endpoint();
    tasks.spawn(
        model::protocol::serve(host, std::move(*listener), model::protocol::backend_of(server)));
    const std::unique_ptr<sql::Driver> driver = make_driver(client, host);
    co_await run_case(body, host, *driver, target_at(endpoint));
    host.request_shutdown();
}

host::Task<> run_model_and_case(adapters::AsioHost& host, SqlClient client,
                                const SqlCaseBody& body) {
    auto server = co_await model::Server::open(host, model_settings(), "data");
    if (!server) throw std::runtime_error(host::describe(server.error()));
    const auto with_tasks = [&](host::TaskGroup& tasks) {
        return run_beside_model(host, client, body, **server, tasks);
    };
    co_await host::with_task_group(host, with_tasks);
}

void run_against_model(SqlClient client, const SqlCaseBody& body) {
    ScratchDirectory directory;
    adapters::AsioHost host({.machine_name = "test", .disk_root = directory.path()});
    host.run(run_model_and_case(host, client, body));
}

}  // namespace

std::string sql_pair_name(const testing::TestParamInfo<SqlPair>& info) {
    const auto [client, server] = info.param;
    return std::string(client == SqlClient::libpq ? "libpq" : "small_client") + "_against_" +
           (server == SqlServer::model ? "model" : "postgres");
}

std::string describe(const sql::Error& error) {
    return name(error.kind) + " " + error.sqlstate + ": " + error.message;
}

Started::Started(host::Host& host, host::TaskGroup& tasks,
                 host::Task<sql::Result<sql::QueryResult>> operation)
    : state_(std::make_shared<State>(host)) {
    tasks.spawn(run(state_, std::move(operation)));
}

host::Task<> Started::run(std::shared_ptr<State> state,
                          host::Task<sql::Result<sql::QueryResult>> operation) {
    state->outcome = co_await std::move(operation);
    state->ended.set();
}

host::Task<sql::Result<sql::QueryResult>> Started::outcome() {
    co_await state_->ended.wait();
    co_return *state_->outcome;
}

host::Context SqlCase::within(host::Duration duration) {
    return {.deadline = host::deadline_after(host_, duration)};
}

host::Task<SqlCase::Connection> SqlCase::connect(Settings settings) {
    sql::ConnectionTarget target = target_;
    target.session_settings = std::move(settings);
    auto connection = co_await driver_.connect(patient(), std::move(target));
    co_return expect_success(std::move(connection), "connect");
}

host::Task<sql::Result<SqlCase::Connection>> SqlCase::try_connect(sql::ConnectionTarget target) {
    return driver_.connect(patient(), std::move(target));
}

host::Task<sql::QueryResult> SqlCase::run(Connection& connection, std::string text) {
    auto result = co_await connection->query(patient(), text);
    co_return expect_success(std::move(result), text);
}

host::Task<sql::Error> SqlCase::refuse(Connection& connection, std::string text) {
    const auto result = co_await connection->query(patient(), text);
    if (result) throw std::runtime_error(text + ": succeeded with " + result->command_tag);
    if (result.error().kind != sql::ErrorKind::server) {
        throw std::runtime_error(text + ": " + describe(result.error()));
    }
    co_return result.error();
}

host::Task<> SqlCase::prepare(Connection& connection, std::string name, std::string text) {
    const sql::Result<void> prepared = co_await connection->prepare(patient(), name, text);
    if (!prepared) throw std::runtime_error(text + ": " + describe(prepared.error()));
}

host::Task<sql::QueryResult> SqlCase::execute(Connection& connection, std::string name,
                                              sql::Parameters parameters) {
    auto result = co_await connection->execute_prepared(patient(), name, std::move(parameters));
    co_return expect_success(std::move(result), "execute " + name);
}

Started SqlCase::start(Connection& connection, std::string text) {
    return Started(host_, tasks_, connection->query(patient(), std::move(text)));
}

void run_sql_case(SqlPair pair, const SqlCaseBody& body, std::uint64_t seed) {
    const auto [client, server] = pair;
    if (server == SqlServer::postgres) {
        run_against_postgres(client, body);
    } else if (client == SqlClient::small) {
        run_in_simulation(body, seed);
    } else {
        run_against_model(client, body);
    }
}

}  // namespace atlas::properties

// Statements a second through the PostgreSQL model's wire protocol, in simulation: client and
// server on two machines, every byte through the simulated network, the trace's hash and causes on.
// One item is one statement with its reply.

#include <benchmark/benchmark.h>

#include <string>

#include "sim/cluster/calm.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/models/postgres/server.hpp"
#include "sim/sql_client/driver.hpp"
#include "system/host/host.hpp"

namespace {

using namespace atlas;
using host::Host;
using host::Task;

constexpr std::int64_t batch = 1000;
/// Of `insert_batched`: statements in one round trip.
constexpr std::int64_t together = 100;
constexpr int rows = 1000;

enum class Workload : std::uint8_t {
    select_one,
    select_prepared,
    update_prepared,
    insert,
    insert_batched
};

host::Context patient(Host& host) {
    return {.deadline = host::deadline_after(host, std::chrono::hours(1))};
}

sql::Parameters new_row(std::int64_t number) {
    return {std::to_string(rows + number), "a name"};
}

/// The inserts from this one on, in one batch.
Task<> insert_together(Host& host, sql::Connection& connection, std::int64_t number) {
    sql::Batch steps;
    for (std::int64_t i = 0; i < together; ++i)
        steps.emplace_back(sql::ExecuteStep{"add", new_row(number + i)});
    const sql::BatchResult results = co_await connection.run_batch(patient(host), std::move(steps));
    if (!results) host.fatal("a batch failed: " + results.error().cause.message);
}

Task<> run_statement(Host& host, sql::Connection& connection, Workload workload,
                     std::int64_t number) {
    const std::string key = std::to_string(number * 7 % rows);
    sql::Result<sql::QueryResult> result;
    switch (workload) {
        case Workload::select_one:
            result = co_await connection.query(patient(host), "SELECT 1");
            break;
        case Workload::select_prepared:
            result = co_await connection.execute_prepared(patient(host), "get", {key});
            break;
        case Workload::update_prepared:
            result = co_await connection.execute_prepared(patient(host), "set", {key});
            break;
        case Workload::insert:
            result = co_await connection.execute_prepared(patient(host), "add", new_row(number));
            break;
        case Workload::insert_batched:
            if (number % together == 0) co_await insert_together(host, connection, number);
            break;
    }
    if (!result) host.fatal("a statement failed: " + result.error().message);
}

Task<> set_up(Host& host, sql::Connection& connection) {
    std::string fill = "INSERT INTO users VALUES (0, 'nobody', 0)";
    for (int i = 1; i < rows; ++i)
        fill += ", (" + std::to_string(i) + ", 'somebody', 0)";
    for (const std::string& text :
         {std::string("CREATE TABLE users (id int PRIMARY KEY, name text, version int)"), fill}) {
        const auto done = co_await connection.query(patient(host), text);
        if (!done) host.fatal("set-up failed: " + done.error().message);
    }
    const std::pair<const char*, const char*> statements[] = {
        {"get", "SELECT id, name, version FROM users WHERE id = $1"},
        {"set", "UPDATE users SET version = version + 1 WHERE id = $1"},
        {"add", "INSERT INTO users VALUES ($1, $2, 0)"},
    };
    for (const auto& [name, text] : statements) {
        const auto prepared = co_await connection.prepare(patient(host), name, text);
        if (!prepared) host.fatal("set-up failed: " + prepared.error().message);
    }
}

Task<> run_client(Host& host, host::Endpoint endpoint, Workload workload,
                  sim::kernel::Kernel& kernel) {
    co_await host::sleep_for(host, std::chrono::seconds(1));
    sim::sql_client::Driver driver(host);
    sql::ConnectionTarget target;
    target.endpoint = std::move(endpoint);
    auto connection = co_await driver.connect(patient(host), target);
    if (!connection) host.fatal("no connection: " + connection.error().message);
    co_await set_up(host, **connection);
    for (std::int64_t number = 0;; ++number) {
        if (number % batch == 0) kernel.stop();
        co_await run_statement(host, **connection, workload, number);
    }
}

Task<> run_server(Host& host, host::Endpoint endpoint) {
    sim::models::postgres::Server server(host, {}, "data");
    const auto served = co_await sim::models::postgres::protocol::serve(host, server, endpoint);
    if (!served) host.fatal(host::describe(served.error()));
}

void run_statements(benchmark::State& state, Workload workload) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::cluster::CalmNetwork network;
    sim::cluster::CalmDisk disk;
    sim::cluster::Cluster cluster(kernel, network, disk);
    const auto server_machine = cluster.add_machine("postgres-0");
    const host::Endpoint endpoint{cluster.network().address_of(server_machine), 5432};
    cluster.add_process(server_machine, "postgres",
                        [&](Host& host) { return run_server(host, endpoint); });
    cluster.add_process(cluster.add_machine("client-0"), "client",
                        [&](Host& host) { return run_client(host, endpoint, workload, kernel); });
    cluster.start_all();
    const auto next_batch = [&] {
        return kernel.run_until(host::TimePoint::max()) == sim::kernel::RunEnd::stopped;
    };
    if (!next_batch()) state.SkipWithError("the set-up did not end");
    for (auto _ : state) {
        if (!next_batch()) state.SkipWithError("the client did not go on");
    }
    state.SetItemsProcessed(state.iterations() * batch);
}

BENCHMARK_CAPTURE(run_statements, select_one, Workload::select_one)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_statements, select_prepared, Workload::select_prepared)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_statements, update_prepared, Workload::update_prepared)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_statements, insert, Workload::insert)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_statements, insert_batched, Workload::insert_batched)
    ->Unit(benchmark::kMillisecond);

}  // namespace

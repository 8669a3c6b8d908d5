// Requests through the whole simulated stack: typed client, HTTP, network, server, and for reads of
// users the pool, the wire protocol and the PostgreSQL model. Hash and causes are on.

#include <benchmark/benchmark.h>

#include <string>

#include "sim/cluster/calm.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/cluster/programs.hpp"
#include "sim/kernel/kernel.hpp"
#include "sim/sql_client/driver.hpp"
#include "system/client/client.hpp"
#include "system/host/task_group.hpp"

namespace atlas {
namespace {

using host::Host;
using host::Task;
using host::TimePoint;
using namespace std::chrono_literals;
using sim::cluster::api_port;
using sim::cluster::postgres_port;

constexpr int concurrent_clients = 8;
constexpr int calls_per_client = 2000;

enum class Call { livez, get_user };

client::ClientOptions client_options() {
    client::ClientOptions options;
    options.endpoints = {{"10.0.0.2", api_port}};
    return options;
}

Task<> call_often(client::Client& client, Call call, std::string user) {
    for (int i = 0; i < calls_per_client; ++i) {
        if (call == Call::livez) {
            client::Outcome<void> alive = co_await client.livez({});
            if (!alive) co_return;
        } else {
            client::Outcome<client::User> found = co_await client.get_user({}, user);
            if (!found) co_return;
        }
    }
}

Task<> drive(Host& host, Call call, bool& done) {
    client::Client client(host, client_options());
    std::string user;
    if (call == Call::get_user) {
        client::Outcome<client::User> created =
            co_await client.create_user({}, {"ada@example.org", "Ada", "a long enough password"});
        if (!created) co_return;
        user = created->id;
    }
    host::TaskGroup group(host);
    for (int i = 0; i < concurrent_clients; ++i)
        group.spawn(call_often(client, call, user));
    co_await group.join();
    client.close();
    done = true;
}

void run_calls(benchmark::State& state, Call call) {
    std::int64_t calls = 0;
    for (auto _ : state) {
        sim::kernel::Kernel kernel{sim::kernel::Seed{42}};
        sim::cluster::CalmNetwork network;
        sim::cluster::CalmDisk disk;
        sim::cluster::PostgresView postgres;
        sim::cluster::Cluster cluster(kernel, network, disk);
        const auto postgres_machine = cluster.add_machine("postgres");
        const auto api_machine = cluster.add_machine("api");
        const auto client_machine = cluster.add_machine("client");
        cluster.add_process(postgres_machine, "postgres",
                            sim::cluster::postgres_program({}, postgres));
        cluster.add_process(api_machine, "api", sim::cluster::api_node_program([](Host& host) {
                                sim::cluster::ApiNodeParts parts;
                                parts.driver = std::make_unique<sim::sql_client::Driver>(host);
                                parts.options.listen = {"0.0.0.0", api_port};
                                parts.options.database.target.endpoint = {"10.0.0.1",
                                                                          postgres_port};
                                parts.options.argon2 = {.memory_kib = 8, .iterations = 1};
                                return parts;
                            }));
        cluster.start_all();
        kernel.run_until(TimePoint{2s});
        bool done = false;
        cluster.start(cluster.add_process(
            client_machine, "client", [&, call](Host& host) { return drive(host, call, done); }));
        while (!done && kernel.now() < TimePoint{1h})
            kernel.run_until(kernel.now() + 10ms);
        if (!done) state.SkipWithError("the calls did not succeed");
        calls += concurrent_clients * calls_per_client;
    }
    state.SetItemsProcessed(calls);
}

void http_requests(benchmark::State& state) {
    run_calls(state, Call::livez);
}
BENCHMARK(http_requests)->Unit(benchmark::kMillisecond);

void user_reads(benchmark::State& state) {
    run_calls(state, Call::get_user);
}
BENCHMARK(user_reads)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace atlas

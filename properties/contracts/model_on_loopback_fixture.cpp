#include "properties/contracts/model_on_loopback_fixture.hpp"

#include "adapters/asio_host.hpp"
#include "properties/contracts/both_worlds.hpp"
#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/models/postgres/server.hpp"
#include "system/host/task_group.hpp"

namespace atlas::properties {

using namespace std::chrono_literals;
using host::Host;
using host::Task;
namespace model = sim::models::postgres;

namespace {

Task<> compare_beside_model(adapters::AsioHost& host, model::Server& server, Comparison compare,
                            host::TaskGroup& tasks) {
    auto listener = host.network().listen({"127.0.0.1", 0}, host::Transport::plain());
    if (!listener) throw std::runtime_error(host::describe(listener.error()));
    const host::Endpoint endpoint = (*listener)->local_endpoint();
    tasks.spawn(
        model::protocol::serve(host, std::move(*listener), model::protocol::backend_of(server)));
    PostgresProcess& postgres = PostgresProcess::shared();
    const std::string database = postgres.create_database();
    try {
        co_await compare(host, endpoint, postgres.endpoint(), database);
    } catch (const std::runtime_error& error) {
        ADD_FAILURE() << error.what();
    }
    host.request_shutdown();
}

Task<> run_comparison(adapters::AsioHost& host, Comparison compare) {
    auto server = co_await model::Server::open(host, {}, "data");
    if (!server) throw std::runtime_error(host::describe(server.error()));
    const auto with_tasks = [&](host::TaskGroup& tasks) {
        return compare_beside_model(host, **server, compare, tasks);
    };
    co_await host::with_task_group(host, with_tasks);
}

}  // namespace

void with_both(Comparison compare) {
    ScratchDirectory directory;
    adapters::AsioHost host({.machine_name = "test", .disk_root = directory.path()});
    host.run(run_comparison(host, compare));
}

Task<ProgramOutput> run_beside(Host& host, std::vector<std::string> arguments) {
    ChildProgram program(arguments);
    while (true) {
        if (std::optional<ProgramOutput> output = program.poll()) co_return *output;
        co_await host::sleep_for(host, 2ms);
    }
}

}  // namespace atlas::properties

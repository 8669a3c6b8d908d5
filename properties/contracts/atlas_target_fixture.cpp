#include "properties/contracts/atlas_target_fixture.hpp"

#include <filesystem>
#include <thread>

#include "properties/checkers/described_response.hpp"
#include "sim/cluster/programs.hpp"
#include "sim/sql_client/driver.hpp"
#include "system/api/openapi.hpp"
#include "system/api/routes.hpp"
#include "system/http/client_connection.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;

void run_on_simulated_cluster(const ApiScenario& scenario) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::cluster::CalmNetwork network;
    sim::cluster::CalmDisk disk;
    sim::cluster::PostgresView view;
    sim::cluster::Cluster cluster(kernel, network, disk);
    const auto database = cluster.add_machine("postgres-0");
    const auto api = cluster.add_machine("api-1");
    const auto user = cluster.add_machine("client-1");
    const host::Endpoint postgres{cluster.network().address_of(database),
                                  sim::cluster::postgres_port};
    const host::Endpoint node{cluster.network().address_of(api), sim::cluster::api_port};
    cluster.add_process(database, "postgres", sim::cluster::postgres_program({}, view));
    cluster.add_process(api, "atlas-server", sim::cluster::api_node_program([&](host::Host& host) {
                            sim::cluster::ApiNodeParts parts;
                            parts.driver = std::make_unique<sim::sql_client::Driver>(host);
                            parts.options.listen = {"0.0.0.0", sim::cluster::api_port};
                            parts.options.database.target.endpoint = postgres;
                            parts.options.argon2 = {.memory_kib = 8, .iterations = 1};
                            return parts;
                        }));
    bool finished = false;
    cluster.add_process(user, "test", [&](host::Host& host) -> host::Task<> {
        ApiClient client(host, {node});
        co_await scenario(client);
        finished = true;
        kernel.stop();
    });
    cluster.start_all();
    kernel.run_until(host::TimePoint{1h});
    EXPECT_TRUE(finished) << "the scenario did not end within an hour of virtual time";
}

// Every response of every target, whichever the test looks at.
void expect_described(const http::Request& request, const http::Response& response) {
    static const ApiDescription description(api::describe_api(api::routes()));
    if (!description.has(request.method, request.target)) return;
    for (const std::string& fault :
         description.faults_in(request.method, request.target, response)) {
        ADD_FAILURE() << request.method << " " << request.target << " was answered with "
                      << response.status << ", but " << fault;
    }
}

std::vector<std::string> on_postgres(const std::string& database) {
    const host::Endpoint& postgres = PostgresProcess::shared().endpoint();
    return {"--database-url", "postgresql://atlas@" + host::to_string(postgres) + "/" + database};
}

}  // namespace

host::Task<host::Result<http::Response>> ApiClient::send_once(http::Request request) {
    const host::Endpoint node = nodes_[next_++ % nodes_.size()];
    const host::Deadline deadline = host::deadline_after(host_, 10s);
    auto stream = co_await host_.network().connect(node, host::Transport::plain(), deadline);
    if (!stream) co_return std::unexpected(stream.error());
    http::ClientConnection connection(std::move(*stream), {});
    request.headers.set("Host", host::to_string(node));
    host::Result<http::Response> response = co_await connection.exchange(request, deadline);
    if (response) expect_described(request, *response);
    co_return response;
}

host::Task<http::Response> ApiClient::send(http::Request request) {
    const host::Deadline deadline = host::deadline_after(host_, 30s);
    while (!deadline.passed(host_.clock().now())) {
        host::Result<http::Response> response = co_await send_once(request);
        if (response && response->status != 503) co_return std::move(*response);
        co_await host::sleep_for(host_, 20ms);
    }
    ADD_FAILURE() << request.method << " " << request.target << ": no answer but 503";
    http::Response none;
    none.status = 0;
    co_return none;
}

ServerProcess::ServerProcess(std::vector<std::string> flags) : endpoint_{"127.0.0.1", free_port()} {
    // This program is in ci/tests below where atlas-server is.
    const auto build = std::filesystem::read_symlink("/proc/self/exe") / "../../..";
    std::vector<std::string> command{(build / "atlas-server").lexically_normal(), "--http-address",
                                     host::to_string(endpoint_)};
    command.insert(command.end(), flags.begin(), flags.end());
    program_ = std::make_unique<ChildProgram>(command);
}

ProgramOutput ServerProcess::end(int signal) {
    program_->signal(signal);
    for (int attempt = 0; attempt < 5000; ++attempt) {
        if (std::optional<ProgramOutput> output = program_->poll()) return *output;
        std::this_thread::sleep_for(2ms);
    }
    ADD_FAILURE() << "atlas-server does not end; its output so far:\n" << program_->output();
    return {};
}

std::vector<std::string> ServerProcess::embedded_in(const std::filesystem::path& directory) {
    return {"--embedded", "--data", directory.string()};
}

void run_on_servers(const std::vector<host::Endpoint>& nodes, const ApiScenario& scenario) {
    run_in(World::real, [&](host::Host& host) -> host::Task<> {
        ApiClient client(host, nodes);
        co_await scenario(client);
    });
}

void run_on(AtlasTarget target, const ApiScenario& scenario) {
    if (target == AtlasTarget::simulated) return run_on_simulated_cluster(scenario);
    if (target == AtlasTarget::embedded) {
        const ScratchDirectory directory;
        ServerProcess server(ServerProcess::embedded_in(directory.path()));
        return run_on_servers({server.endpoint()}, scenario);
    }
    const std::vector<std::string> flags = on_postgres(PostgresProcess::shared().create_database());
    ServerProcess first(flags);
    if (target == AtlasTarget::postgres) return run_on_servers({first.endpoint()}, scenario);
    ServerProcess second(flags);
    run_on_servers({first.endpoint(), second.endpoint()}, scenario);
}

}  // namespace atlas::properties

// PostgreSQL's own isolationtester runs the schedules of isolation_specs/ on the model, served on a
// real socket, and on PostgreSQL 15. What it prints (rows, errors, who waits and when he goes on)
// must be the same.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "adapters/asio_host.hpp"
#include "properties/contracts/both_worlds.hpp"
#include "properties/contracts/postgres_process_fixture.hpp"
#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/models/postgres/server.hpp"
#include "system/host/task_group.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using host::Host;
using host::Task;
namespace model = sim::models::postgres;

constexpr const char* tester = "/usr/lib/postgresql/15/lib/pgxs/src/test/isolation/isolationtester";

/// The compiler leaves out where the checkout is; tests run at its root or below.
std::filesystem::path spec_folder() {
    const std::filesystem::path inside = "properties/contracts/isolation_specs";
    std::filesystem::path root = std::filesystem::current_path();
    while (!std::filesystem::exists(root / inside) && root != root.root_path())
        root = root.parent_path();
    return root / inside;
}

std::vector<std::string> specs() {
    std::vector<std::string> names;
    if (!std::filesystem::exists(spec_folder())) return names;
    for (const auto& entry : std::filesystem::directory_iterator(spec_folder())) {
        if (entry.path().extension() == ".spec") names.push_back(entry.path().stem().string());
    }
    std::ranges::sort(names);
    return names;
}

model::ServerSettings model_settings() {
    model::ServerSettings settings;
    settings.deadlock_timeout = 100ms;
    settings.max_prepared_transactions = 20;
    return settings;
}

Task<std::string> run_spec(Host& host, host::Endpoint endpoint, std::string database,
                           std::string spec) {
    const std::string connection = "host=" + endpoint.address +
                                   " port=" + std::to_string(endpoint.port) +
                                   " user=postgres dbname=" + database;
    const std::string file = (spec_folder() / (spec + ".spec")).string();
    ChildProgram program({"sh", "-c",
                          "PGISOLATIONTIMEOUT=30 " + std::string(tester) + " '" + connection +
                              "' < '" + file + "' 2>&1"});
    while (true) {
        if (std::optional<ProgramOutput> output = program.poll()) co_return output->text;
        co_await host::sleep_for(host, 2ms);
    }
}

Task<> run_on_both(Host& host, model::Server& server, std::string spec, std::string& of_model,
                   std::string& of_postgres, host::TaskGroup& tasks) {
    auto listener = host.network().listen({"127.0.0.1", 0}, host::Transport::plain());
    if (!listener) throw std::runtime_error(host::describe(listener.error()));
    const host::Endpoint endpoint = (*listener)->local_endpoint();
    tasks.spawn(
        model::protocol::serve(host, std::move(*listener), model::protocol::backend_of(server)));
    PostgresProcess& postgres = PostgresProcess::shared();
    const std::string database = postgres.create_database();
    of_postgres = co_await run_spec(host, postgres.endpoint(), database, spec);
    of_model = co_await run_spec(host, endpoint, "atlas", spec);
    static_cast<adapters::AsioHost&>(host).request_shutdown();
}

Task<> open_and_run(adapters::AsioHost& host, std::string spec, std::string& of_model,
                    std::string& of_postgres) {
    auto server = co_await model::Server::open(host, model_settings(), "data");
    if (!server) throw std::runtime_error(host::describe(server.error()));
    const auto with_tasks = [&](host::TaskGroup& tasks) {
        return run_on_both(host, **server, spec, of_model, of_postgres, tasks);
    };
    co_await host::with_task_group(host, with_tasks);
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

// The permutation up to there, and what comes next on each side.
std::string first_difference(const std::string& of_model, const std::string& of_postgres) {
    const std::vector<std::string> model_lines = lines_of(of_model);
    const std::vector<std::string> postgres_lines = lines_of(of_postgres);
    const auto [here, there] = std::ranges::mismatch(model_lines, postgres_lines);
    auto begin = here;
    while (begin != model_lines.begin() && !(begin - 1)->starts_with("starting permutation"))
        --begin;
    std::string shown;
    if (begin != model_lines.begin()) shown = *(begin - 1) + "\n";
    for (auto line = begin; line != here; ++line)
        shown += *line + "\n";
    constexpr std::ptrdiff_t enough = 8;
    for (auto line = here; line != model_lines.end() && line - here < enough; ++line)
        shown += "model:    " + *line + "\n";
    for (auto line = there; line != postgres_lines.end() && line - there < enough; ++line)
        shown += "postgres: " + *line + "\n";
    return shown;
}

// Without any the test below would have nothing to say.
TEST(IsolationSpecs, AreFound) {
    EXPECT_GE(specs().size(), 70U) << "in " << spec_folder();
}

class IsolationSpec : public testing::TestWithParam<std::string> {};

TEST_P(IsolationSpec, GivesTheSameOnModelAndServer_against_postgres) {
    ScratchDirectory directory;
    adapters::AsioHost host({.machine_name = "test", .disk_root = directory.path()});
    std::string of_model;
    std::string of_postgres;
    host.run(open_and_run(host, GetParam(), of_model, of_postgres));
    EXPECT_TRUE(of_postgres.contains("Parsed test spec")) << of_postgres;
    if (of_model != of_postgres) ADD_FAILURE() << first_difference(of_model, of_postgres);
}

std::string spec_name(const testing::TestParamInfo<std::string>& info) {
    std::string name = info.param;
    std::ranges::replace(name, '-', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Specs, IsolationSpec, testing::ValuesIn(specs()), spec_name);

}  // namespace
}  // namespace atlas::properties

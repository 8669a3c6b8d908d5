// atlas-agent: looks after one PostgreSQL among several, on a real machine. The composition root.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "adapters/asio_host.hpp"
#include "adapters/configuration/endpoint.hpp"
#include "adapters/failed_checks.hpp"
#include "adapters/libpq/driver.hpp"
#include "adapters/postgres/postgres_server.hpp"
#include "system/failover/agent.hpp"

namespace atlas {
namespace {

struct Given {
    std::string name;
    std::string cluster = "atlas";
    std::string lease_store;
    std::string listen;
    std::string advertise;
    std::string directory = "atlas-postgres";
    std::string programs = "/usr/lib/postgresql/15/bin";
    std::vector<std::string> settings;
    std::int64_t lease_seconds = 5;
    bool strict = true;
};

bool is_everywhere(const host::Endpoint& endpoint) {
    return endpoint.address == "0.0.0.0" || endpoint.address == "::";
}

void declare(CLI::App& app, Given& given) {
    app.add_option("--name", given.name, "Of this server among the others")
        ->envname("ATLAS_AGENT_NAME")
        ->required();
    app.add_option("--cluster", given.cluster, "Of all of them")
        ->envname("ATLAS_AGENT_CLUSTER")
        ->capture_default_str();
    app.add_option("--lease-store", given.lease_store, "Where atlas-lease-store serves")
        ->envname("ATLAS_AGENT_LEASE_STORE")
        ->check(adapters::check_endpoint)
        ->required();
    app.add_option("--listen", given.listen, "Where the server serves")
        ->envname("ATLAS_AGENT_LISTEN")
        ->check(adapters::check_endpoint)
        ->required();
    app.add_option("--advertise", given.advertise, "Where the others reach it [as --listen]")
        ->envname("ATLAS_AGENT_ADVERTISE")
        ->check(adapters::check_endpoint);
    app.add_option("--directory", given.directory, "What the server keeps")
        ->envname("ATLAS_AGENT_DIRECTORY")
        ->capture_default_str();
    app.add_option("--programs", given.programs, "Where PostgreSQL's programs are")
        ->envname("ATLAS_AGENT_PROGRAMS")
        ->capture_default_str();
    app.add_option("--set", given.settings, "A setting of the server, name=value; may be repeated");
    app.add_option("--lease-seconds", given.lease_seconds,
                   "So long a primary that is not heard of keeps its place")
        ->envname("ATLAS_AGENT_LEASE_SECONDS")
        ->check(CLI::Range(3, 300))
        ->capture_default_str();
    app.add_flag("!--not-strict", given.strict,
                 "Without a follower, commits are confirmed by the primary alone, and may be lost");
}

// What an agent needs comes last: there the last one counts.
std::vector<std::string> server_settings(const Given& given, const host::Endpoint& listen,
                                         const std::string& directory) {
    std::vector<std::string> settings{"wal_keep_size=1GB", "wal_sender_timeout=10s",
                                      "wal_receiver_timeout=10s", "wal_retrieve_retry_interval=1s"};
    settings.insert(settings.end(), given.settings.begin(), given.settings.end());
    settings.push_back("listen_addresses=" + listen.address);
    settings.push_back("port=" + std::to_string(listen.port));
    settings.push_back("unix_socket_directories=" + directory);
    settings.push_back("cluster_name=" + given.name);
    settings.emplace_back("hot_standby=on");
    return settings;
}

failover::AgentSettings agent_settings(const Given& given, const host::Endpoint& listen) {
    failover::AgentSettings settings;
    settings.name = given.name;
    settings.cluster = given.cluster;
    settings.lease_store = *adapters::parse_endpoint(given.lease_store);
    settings.advertised =
        given.advertise.empty() ? listen : *adapters::parse_endpoint(given.advertise);
    settings.server = {.endpoint = listen,
                       .user = "postgres",
                       .database = "postgres",
                       .application_name = "atlas-agent"};
    settings.options.lease_time = std::chrono::seconds(given.lease_seconds);
    settings.options.strict = given.strict;
    return settings;
}

host::Task<> look_after(adapters::AsioHost& host, adapters::PostgresServerOptions options,
                        failover::AgentSettings settings, int& exit_code) {
    adapters::PostgresServer server(host, std::move(options));
    adapters::libpq::Driver driver(host);
    host::Result<void> ran = co_await server.lock();
    if (ran) ran = co_await failover::run_agent(host, server, driver, std::move(settings));
    if (ran) co_return;
    host.log({host::LogLevel::error, "cannot run", {{"error", host::describe(ran.error())}}});
    exit_code = 1;
}

int run(int argc, char** argv) {
    CLI::App app(
        "Looks after a PostgreSQL: makes it the primary, or has it follow whoever is. Run as the "
        "user whose server it is; the server goes on when the agent ends.",
        "atlas-agent");
    Given given;
    declare(app, given);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 64;
    }
    if (given.advertise.empty() && is_everywhere(*adapters::parse_endpoint(given.listen))) {
        std::fprintf(stderr,
                     "atlas-agent: --listen %s is every address of this machine, and the others "
                     "need one where they reach it; expects --advertise\n",
                     given.listen.c_str());
        return 64;
    }
    std::filesystem::create_directories(given.directory);
    const std::string directory = std::filesystem::canonical(given.directory);
    const host::Endpoint listen = *adapters::parse_endpoint(given.listen);
    std::signal(SIGPIPE, SIG_IGN);
    // Whoever starts this may ignore children, and that would be inherited: then nobody would know
    // how a program has ended.
    std::signal(SIGCHLD, SIG_DFL);
    adapters::AsioHost host(
        {.machine_name = given.name, .disk_root = directory, .stop_on_signals = true});
    const adapters::FailedChecks reported(host);
    int exit_code = 0;
    host.run(look_after(host,
                        {.root = directory,
                         .programs = given.programs,
                         .settings = server_settings(given, listen, directory)},
                        agent_settings(given, listen), exit_code));
    return exit_code;
}

}  // namespace
}  // namespace atlas

int main(int argc, char** argv) {
    return atlas::run(argc, argv);
}

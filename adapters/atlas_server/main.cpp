// atlas-server: an API node on a real machine. The composition root: it names the world, the
// driver and the options, and nothing else happens here.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "adapters/asio_host.hpp"
#include "adapters/configuration/configuration.hpp"
#include "adapters/descriptor_limit.hpp"
#include "adapters/failed_checks.hpp"
#include "adapters/libpq/driver.hpp"
#include "system/node/api_node.hpp"

namespace atlas {
namespace {

// sysexits(3): the configuration is wrong.
constexpr int exit_configuration = 78;

adapters::Settings settings_of_environment() {
    adapters::Settings settings;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (!text.starts_with("ATLAS_") || equals == std::string_view::npos) continue;
        settings.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return settings;
}

std::optional<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string machine_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

adapters::AsioHostOptions host_options(const adapters::ServerConfiguration& configuration) {
    return {
        .machine_name = machine_name(),
        .log_format = configuration.log_format.value_or(adapters::default_log_format()),
        .log_level = configuration.log_level,
        .computation_threads = configuration.threads,
        .stop_on_signals = true,
    };
}

// Two descriptors for each connection to the database: libpq's own, and ours to wait with. The
// reserve is for connections being turned away, the log, the loop and name look-ups.
std::size_t descriptors_needed(const adapters::ServerConfiguration& configuration) {
    constexpr std::size_t reserve = 128;
    return http::ServerOptions{}.connections + 2 * configuration.database_pool_size + reserve;
}

// Until a name server answers or the process is asked to stop; then the address is empty.
host::Task<std::string> resolve_database(host::Host& host, std::string name) {
    constexpr host::Duration patience = std::chrono::seconds{5};
    constexpr host::Duration pause = std::chrono::seconds{1};
    while (!host.shutdown_requested()) {
        auto addresses =
            co_await host.network().resolve(name, host::deadline_after(host, patience));
        if (addresses) co_return addresses->front();
        host.log({host::LogLevel::warning,
                  "the database's name does not resolve; trying until it does",
                  {{"name", name}, {"error", host::describe(addresses.error())}}});
        co_await host::sleep_for(host, pause);
    }
    co_return std::string{};
}

host::Task<> serve(adapters::AsioHost& host, const adapters::ServerConfiguration& configuration,
                   int& exit_code) {
    adapters::libpq::Driver driver(host);
    const std::string address = co_await resolve_database(host, configuration.database.host);
    if (address.empty()) co_return;
    node::ApiNodeOptions options{.listen = configuration.http_address};
    options.database.target = {
        .endpoint = {address, configuration.database.port},
        .user = configuration.database.user,
        .database = configuration.database.database,
        .password = configuration.database.password,
        .application_name = "atlas-server",
    };
    options.database.size = configuration.database_pool_size;
    options.retry = configuration.retry;
    options.argon2 = configuration.password_cost;
    options.hashes_at_once = configuration.threads;
    options.idempotency_secret = configuration.idempotency_secret;
    options.unready_time = configuration.unready_time;
    const host::Result<void> served = co_await node::run_api_node(host, driver, options);
    if (served) co_return;
    host.log({host::LogLevel::error, "cannot serve", {{"error", host::describe(served.error())}}});
    exit_code = 1;
}

int run(int argc, char** argv) {
    CLI::App app(
        "Serves the Atlas API. Every setting is an environment variable or the flag of its name; "
        "secrets may also be given by NAME_FILE.",
        "atlas-server");
    adapters::Settings flags;
    for (const adapters::Variable& variable : adapters::variables()) {
        app.add_option_function<std::string>(
               adapters::flag_of(variable.name),
               [&flags, &variable](const std::string& value) {
                   flags[std::string(variable.name)] = value;
               },
               std::string(variable.name) + ": " + std::string(variable.expects) + " [" +
                   std::string(variable.default_value) + "]")
            ->type_name("");
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 64;
    }
    const auto configuration =
        adapters::load_configuration(settings_of_environment(), flags, read_file);
    if (!configuration) {
        std::fputs("atlas-server: the configuration is wrong:\n", stderr);
        for (const adapters::Problem& problem : configuration.error())
            std::fprintf(stderr, "  %s\n", describe(problem).c_str());
        return exit_configuration;
    }
    if (const auto wrong = adapters::raise_descriptor_limit(descriptors_needed(*configuration))) {
        std::fprintf(stderr, "atlas-server: %s; raise it (ulimit -n, LimitNOFILE=)\n",
                     wrong->c_str());
        return exit_configuration;
    }
    // Whoever reads our log may go away; that is no reason to die.
    std::signal(SIGPIPE, SIG_IGN);
    adapters::AsioHost host(host_options(*configuration));
    const adapters::FailedChecks reported(host);
    int exit_code = 0;
    host.run(serve(host, *configuration, exit_code));
    return exit_code;
}

}  // namespace
}  // namespace atlas

int main(int argc, char** argv) {
    return atlas::run(argc, argv);
}

// atlas-server: an API node on a real machine. The composition root: it names the world, the
// driver and the options, and nothing else happens here.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/asio_host.hpp"
#include "adapters/atlas_server/embedded_database.hpp"
#include "adapters/configuration/configuration.hpp"
#include "adapters/descriptor_limit.hpp"
#include "adapters/failed_checks.hpp"
#include "adapters/libpq/driver.hpp"
#include "system/node/api_node.hpp"
#include "system/sql/primary_driver.hpp"
#include "system/sql/resolving_driver.hpp"

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

/// --embedded: a database in this process, on files below a directory.
struct Embedded {
    bool on = false;
    std::string directory = "atlas-data";
};

adapters::AsioHostOptions host_options(const adapters::ServerConfiguration& configuration,
                                       const Embedded& embedded) {
    return {
        .machine_name = machine_name(),
        .disk_root = embedded.on ? embedded.directory : "",
        .log_format = configuration.log_format.value_or(adapters::default_log_format()),
        .log_level = configuration.log_level,
        .computation_threads = configuration.threads,
        .listen_sharing = configuration.listen_shared ? adapters::ListenSharing::shared
                                                      : adapters::ListenSharing::alone,
        .stop_on_signals = true,
    };
}

std::size_t descriptors_needed(const adapters::ServerConfiguration& configuration,
                               const Embedded& embedded) {
    return adapters::descriptors_needed(
        {.clients = http::ServerOptions{}.connections,
         .database_connections = configuration.database_pool_size,
         .embedded_database = embedded.on ? embedded_database_descriptors() : 0});
}

std::unique_ptr<sql::Driver> make_driver(adapters::AsioHost& host,
                                         const adapters::DatabaseUrl& database) {
    auto one = std::make_unique<sql::ResolvingDriver>(
        host, std::make_unique<adapters::libpq::Driver>(host));
    if (database.servers.size() == 1) return one;
    return std::make_unique<sql::PrimaryDriver>(host, std::move(one), database.servers);
}

host::Task<> serve(adapters::AsioHost& host, const adapters::ServerConfiguration& configuration,
                   node::ApiNodeHooks hooks, int& exit_code) {
    const std::unique_ptr<sql::Driver> driver = make_driver(host, configuration.database);
    node::ApiNodeOptions options{.listen = configuration.http_address};
    options.database.target = {
        .endpoint = configuration.database.servers.front(),
        .user = configuration.database.user,
        .database = configuration.database.database,
        .password = configuration.database.password,
        .application_name = "atlas-server",
    };
    options.database.size = configuration.database_pool_size;
    options.database.waiting = configuration.database_queue;
    options.database.delay = configuration.database_queue_delay;
    options.database.breaker = configuration.breaker;
    options.retry = configuration.retry;
    options.retry_budget = configuration.retry_budget;
    options.argon2 = configuration.password_cost;
    options.hashes_at_once = configuration.threads;
    options.idempotency_secret = configuration.idempotency_secret;
    options.idempotency_previous_secret = configuration.idempotency_previous_secret;
    options.unready_time = configuration.unready_time;
    const host::Result<void> served =
        co_await node::run_api_node(host, *driver, options, std::move(hooks));
    if (served) co_return;
    host.log({host::LogLevel::error, "cannot serve", {{"error", host::describe(served.error())}}});
    exit_code = 1;
}

// For whoever tries Atlas out: what there is, and what to type.
void welcome(const Embedded& embedded, host::Endpoint api, host::Endpoint database) {
    const std::string url = "http://" + host::to_string(api);
    std::printf(
        "Atlas is at %s, its database in %s\n"
        "  curl -s %s/v1/users -H 'Content-Type: application/json' -H 'Idempotency-Key: first' \\\n"
        "    -d '{\"email\":\"ann@example.com\",\"display_name\":\"Ann\","
        "\"password\":\"correct horse battery staple\"}'\n"
        "  curl -s %s/v1/users\n"
        "  curl -s %s/openapi.json\n"
        "  psql postgresql://atlas@%s/atlas\n"
        "End it with Ctrl-C.\n",
        url.c_str(), embedded.directory.c_str(), url.c_str(), url.c_str(), url.c_str(),
        host::to_string(database).c_str());
    std::fflush(stdout);
}

host::Task<> serve_embedded(adapters::AsioHost& host, adapters::ServerConfiguration configuration,
                            const Embedded& embedded, int& exit_code) {
    const auto program = [&](host::Endpoint database) {
        configuration.database = {.user = "atlas", .servers = {database}, .database = "atlas"};
        node::ApiNodeHooks hooks{.on_listening = [&embedded, database](host::Endpoint api) {
            welcome(embedded, std::move(api), database);
        }};
        return serve(host, configuration, std::move(hooks), exit_code);
    };
    const host::Result<void> served = co_await with_embedded_database(host, program);
    if (served) co_return;
    host.log({host::LogLevel::error,
              "the embedded database cannot be opened",
              {{"directory", embedded.directory}, {"error", host::describe(served.error())}}});
    exit_code = 1;
}

// What is wrong with it, or nothing; the directory is there afterwards.
std::optional<std::string> prepare(const Embedded& embedded, const adapters::Settings& environment,
                                   const adapters::Settings& flags,
                                   const adapters::ServerConfiguration& configuration) {
    if (!embedded.on) return std::nullopt;
    constexpr std::string_view url = "ATLAS_DATABASE_URL";
    constexpr std::string_view url_file = "ATLAS_DATABASE_URL_FILE";
    if (environment.contains(url) || environment.contains(url_file) || flags.contains(url)) {
        return "--embedded brings a database along, and ATLAS_DATABASE_URL names another; expects "
               "one of the two";
    }
    if (configuration.listen_shared) {
        return "--embedded brings a database along, and with ATLAS_LISTEN_SHARED each process "
               "behind the port would have another; expects one of the two";
    }
    std::error_code error;
    std::filesystem::create_directories(embedded.directory, error);
    if (error) return "--data " + embedded.directory + ": " + error.message();
    return std::nullopt;
}

int run(int argc, char** argv) {
    CLI::App app(
        "Serves the Atlas API. Every setting is an environment variable or the flag of its name; "
        "secrets may also be given by NAME_FILE.",
        "atlas-server");
    Embedded embedded;
    CLI::Option* const flag = app.add_flag("--embedded", embedded.on,
                                           "Bring a database along, for development: the "
                                           "simulator's model of PostgreSQL on real files");
    app.add_option("--data", embedded.directory, "Where the embedded database keeps them")
        ->needs(flag)
        ->capture_default_str()
        ->type_name("DIRECTORY");
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
    const adapters::Settings environment = settings_of_environment();
    const auto configuration = adapters::load_configuration(environment, flags, read_file);
    if (!configuration) {
        std::fputs("atlas-server: the configuration is wrong:\n", stderr);
        for (const adapters::Problem& problem : configuration.error())
            std::fprintf(stderr, "  %s\n", describe(problem).c_str());
        return exit_configuration;
    }
    if (const auto wrong =
            adapters::raise_descriptor_limit(descriptors_needed(*configuration, embedded))) {
        std::fprintf(stderr, "atlas-server: %s; raise it (ulimit -n, LimitNOFILE=)\n",
                     wrong->c_str());
        return exit_configuration;
    }
    if (const auto wrong = prepare(embedded, environment, flags, *configuration)) {
        std::fprintf(stderr, "atlas-server: %s\n", wrong->c_str());
        return exit_configuration;
    }
    // Whoever reads our log may go away; that is no reason to die.
    std::signal(SIGPIPE, SIG_IGN);
    adapters::AsioHost host(host_options(*configuration, embedded));
    const adapters::FailedChecks reported(host);
    int exit_code = 0;
    host.run(embedded.on ? serve_embedded(host, *configuration, embedded, exit_code)
                         : serve(host, *configuration, {}, exit_code));
    return exit_code;
}

}  // namespace
}  // namespace atlas

int main(int argc, char** argv) {
    return atlas::run(argc, argv);
}

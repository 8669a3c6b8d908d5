// atlas-lease-store: the lease store on a real machine. The composition root.

#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>
#include <string>

#include "adapters/asio_host.hpp"
#include "adapters/configuration/endpoint.hpp"
#include "adapters/failed_checks.hpp"
#include "system/lease_store/server.hpp"

namespace atlas {
namespace {

host::Task<> serve(adapters::AsioHost& host, lease_store::ServerOptions options, int& exit_code) {
    options.on_listening = [&host](const host::Endpoint& endpoint) {
        host.log({host::LogLevel::info, "listening", {{"endpoint", host::to_string(endpoint)}}});
    };
    const host::Result<void> served =
        co_await lease_store::run_lease_store(host, std::move(options));
    if (served) co_return;
    host.log({host::LogLevel::error, "cannot serve", {{"error", host::describe(served.error())}}});
    exit_code = 1;
}

int run(int argc, char** argv) {
    CLI::App app("Keeps keys and leases for those who must agree on something, one process of it.",
                 "atlas-lease-store");
    std::string listen = "127.0.0.1:7379";
    std::string directory = "atlas-lease-store";
    app.add_option("--listen", listen, "Where it serves, a numeric address and a port")
        ->envname("ATLAS_LEASE_STORE_LISTEN")
        ->check(adapters::check_endpoint)
        ->capture_default_str();
    app.add_option("--directory", directory, "Where it keeps what it must not forget")
        ->envname("ATLAS_LEASE_STORE_DIRECTORY")
        ->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 64;
    }
    std::filesystem::create_directories(directory);
    std::signal(SIGPIPE, SIG_IGN);
    adapters::AsioHost host({.disk_root = directory, .stop_on_signals = true});
    const adapters::FailedChecks reported(host);
    int exit_code = 0;
    host.run(
        serve(host, {.listen = *adapters::parse_endpoint(listen), .directory = "keys"}, exit_code));
    return exit_code;
}

}  // namespace
}  // namespace atlas

int main(int argc, char** argv) {
    return atlas::run(argc, argv);
}

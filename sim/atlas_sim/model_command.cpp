// `atlas-sim model postgres --listen ADDRESS:PORT --data DIR`: the model on a real socket.

#include <fmt/format.h>

#include <filesystem>

#include "adapters/asio_host.hpp"
#include "sim/atlas_sim/commands.hpp"
#include "sim/atlas_sim/exit_code.hpp"
#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/models/postgres/server.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using models::postgres::Server;
using models::postgres::ServerSettings;

host::Task<> serve(host::Host& host, ServerSettings settings, host::Endpoint endpoint,
                   std::string& failure) {
    Server server(host, std::move(settings), "pgdata");
    const auto started = [&endpoint] {
        fmt::print(
            "PostgreSQL model on {} (users and databases atlas and postgres, no password); end it "
            "with Ctrl-C\n",
            host::to_string(endpoint));
        std::fflush(stdout);
    };
    const auto served = co_await models::postgres::protocol::serve(host, server, endpoint, started);
    if (!served) failure = describe(served.error());
}

}  // namespace

int serve_model(const ModelCommand& command) {
    ServerSettings settings;
    for (const auto& [name, value] : command.settings) {
        const host::Result<void> set = settings.set(name, value);
        if (set) continue;
        fmt::print(stderr, "atlas-sim: --set {}={}: {}\n", name, value, set.error().detail);
        return to_int(ExitCode::wrong_usage);
    }
    std::error_code error;
    std::filesystem::create_directories(command.data_directory, error);
    if (error) {
        fmt::print(stderr, "atlas-sim: --data {}: {}\n", command.data_directory, error.message());
        return to_int(ExitCode::unwritable_output);
    }
    adapters::AsioHost host(
        {.machine_name = "postgres", .disk_root = command.data_directory, .stop_on_signals = true});
    std::string failure;
    host.run(serve(host, std::move(settings), command.listen, failure));
    if (failure.empty()) return to_int(ExitCode::held);
    fmt::print(stderr, "atlas-sim: --data {}: {}\n", command.data_directory, failure);
    return to_int(ExitCode::unreadable_input);
}

}  // namespace atlas::sim::atlas_sim

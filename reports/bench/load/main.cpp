// atlas-load: one operation at one rate on one server, for a while; what it saw, as a line of JSON.
// reports/bench/load/run starts the servers for it.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "adapters/asio_host.hpp"
#include "reports/bench/load/drive.hpp"

namespace atlas::load {
namespace {

double milliseconds(host::Duration duration) {
    return static_cast<double>(duration.count()) / 1e6;
}

nlohmann::ordered_json to_json(const LoadPlan& plan, const LoadResult& result) {
    nlohmann::ordered_json statuses = nlohmann::ordered_json::object();
    for (const auto& [status, count] : result.statuses)
        statuses[std::to_string(status)] = count;
    const double seconds = static_cast<double>(plan.duration.count()) / 1e9;
    const Latencies& latencies = result.latencies;
    return {{"operation", name(plan.operation)},
            {"rate", plan.rate},
            {"connections", plan.connections},
            {"seconds", seconds},
            {"per_second", static_cast<double>(result.answered) / seconds},
            {"answers", latencies.count()},
            {"statuses", statuses},
            {"lost", result.lost},
            {"never_sent", result.never_sent},
            {"p50_ms", milliseconds(latencies.at_most(500))},
            {"p90_ms", milliseconds(latencies.at_most(900))},
            {"p99_ms", milliseconds(latencies.at_most(990))},
            {"p999_ms", milliseconds(latencies.at_most(999))},
            {"max_ms", milliseconds(latencies.longest())}};
}

/// Numbers as they stand on the command line.
struct Words {
    std::string operation = "read";
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;
    std::int64_t warm_up_ms = 1000;
    std::int64_t duration_ms = 10'000;
};

LoadPlan plan_of(const Words& words, LoadPlan plan) {
    plan.operation = *parse_operation(words.operation);
    plan.to = {words.address, words.port};
    plan.warm_up = std::chrono::milliseconds(words.warm_up_ms);
    plan.duration = std::chrono::milliseconds(words.duration_ms);
    return plan;
}

host::Task<> drive_and_print(host::Host& host, LoadPlan plan) {
    const LoadResult result = co_await drive(host, plan);
    fmt::print("{}\n", to_json(plan, result).dump());
}

int run(int argc, char** argv) {
    CLI::App app("Puts a load on an Atlas server; reports/bench/load/run starts servers for it.",
                 "atlas-load");
    Words words;
    LoadPlan plan{.to = {}, .users = 1000, .connections = 16};
    app.add_option("--operation", words.operation, "read, patch or register")
        ->check(CLI::IsMember({"read", "patch", "register"}))
        ->capture_default_str();
    app.add_option("--address", words.address, "Of the server, numeric")->capture_default_str();
    app.add_option("--port", words.port, "Of the server")->capture_default_str();
    app.add_option("--users", plan.users, "How many are there, numbered by their ids")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--connections", plan.connections, "At once")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    app.add_option("--rate", plan.rate, "Requests a second; 0: as many as there are answers")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
    app.add_option("--warm-up-ms", words.warm_up_ms, "Not recorded")
        ->check(CLI::Range(0, 3'600'000))
        ->capture_default_str();
    app.add_option("--for-ms", words.duration_ms, "Recorded")
        ->check(CLI::Range(1, 3'600'000))
        ->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 64;
    }
    adapters::AsioHost host({.machine_name = "load"});
    host.run(drive_and_print(host, plan_of(words, plan)));
    return 0;
}

}  // namespace
}  // namespace atlas::load

int main(int argc, char** argv) {
    return atlas::load::run(argc, argv);
}

#include "sim/cluster/machine_database.hpp"

#include <utility>

#include "sim/models/postgres/replication/base_backup.hpp"
#include "sim/models/postgres/server.hpp"

namespace atlas::sim::cluster {

using host::Context;
using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

namespace {

constexpr host::Duration between_looks = std::chrono::milliseconds{1};

/// What a server leaves in its folders; there is no folder in them but the log's.
Task<Result<void>> empty(host::Host& host, std::string folder) {
    const auto names = co_await host.disk().list(folder);
    if (!names && names.error().code == ErrorCode::not_found) co_return Result<void>{};
    if (!names) co_return std::unexpected(names.error());
    for (const std::string& name : *names) {
        if (name == "pg_wal") continue;
        const Result<void> removed = co_await host.disk().remove(folder + "/" + name);
        if (!removed) co_return removed;
    }
    const Result<void> synced = co_await host.disk().sync_directory(folder);
    co_return synced;
}

}  // namespace

std::string data_directory(const MachineDatabaseOptions& options) {
    return options.directory + "/data";
}

MachineDatabase::MachineDatabase(host::Host& host, Cluster& cluster, MachineDatabaseOptions options)
    : host_(host),
      cluster_(cluster),
      options_(std::move(options)),
      files_(host, options_.directory, "checkpoint") {}

Result<void> MachineDatabase::is_down() const {
    if (!cluster_.is_running(options_.process)) return {};
    return failure(ErrorCode::conflict, "the server runs");
}

Task<Result<failover::ServerState>> MachineDatabase::state(Context) {
    Result<failover::ServerState> state = co_await files_.look();
    if (!state) co_return state;
    state->running = cluster_.is_running(options_.process);
    if (state->exists && database_.empty()) {
        const auto read = co_await models::postgres::read_system_identifier(host_, files_.data());
        if (read) database_ = std::to_string(static_cast<std::int64_t>(*read));
    }
    state->database = database_;
    co_return state;
}

Task<Result<void>> MachineDatabase::published() {
    return files_.published();
}

Task<Result<void>> MachineDatabase::start(Context context) {
    if (!cluster_.is_running(options_.process)) cluster_.request_start(options_.process);
    while (!cluster_.is_running(options_.process)) {
        if (context.deadline.passed(host_.clock().now()))
            co_return failure(ErrorCode::deadline_exceeded, {}, host::Certainty::indefinite);
        co_await host::sleep_for(host_, between_looks);
    }
    co_return Result<void>{};
}

Task<Result<void>> MachineDatabase::stop_now(Context context) {
    if (cluster_.is_running(options_.process)) cluster_.request_kill(options_.process);
    while (cluster_.is_running(options_.process)) {
        if (context.deadline.passed(host_.clock().now()))
            co_return failure(ErrorCode::deadline_exceeded, {}, host::Certainty::indefinite);
        co_await host::sleep_for(host_, between_looks);
    }
    co_return Result<void>{};
}

Task<Result<void>> MachineDatabase::make_new() {
    Result<void> done = co_await empty(host_, files_.data() + "/pg_wal");
    if (done) done = co_await empty(host_, files_.data());
    if (!done) co_return done;
    auto server = co_await models::postgres::Server::open(host_, options_.settings, files_.data());
    if (!server) co_return std::unexpected(std::move(server).error());
    co_await (*server)->shutdown();
    co_return done;
}

Task<Result<void>> MachineDatabase::create(Context, failover::ServerSettings settings) {
    database_.clear();
    Result<void> done = is_down();
    if (done) done = co_await files_.begin();
    if (done) done = co_await make_new();
    if (done) done = co_await files_.set(std::move(settings));
    if (done) done = co_await files_.mark_new();
    if (done) done = co_await files_.finish();
    co_return done;
}

Task<Result<void>> MachineDatabase::copy_from(Context, std::string conninfo) {
    database_.clear();
    Result<void> done = is_down();
    if (done) done = co_await files_.begin();
    if (done) done = co_await files_.published();
    if (done) {
        done = co_await models::postgres::base_backup(host_, files_.data(),
                                                      {.conninfo = conninfo, .follow = false});
    }
    if (done) done = co_await files_.follow(std::move(conninfo));
    if (done) done = co_await files_.finish();
    co_return done;
}

Task<Result<void>> MachineDatabase::rewind_to(Context, std::string conninfo) {
    Result<void> done = is_down();
    if (done) done = co_await files_.begin();
    if (done) {
        const auto rewound = co_await models::postgres::rewind(
            host_, files_.data(), {.conninfo = conninfo, .follow = false});
        if (!rewound) done = std::unexpected(rewound.error());
    }
    if (done) done = co_await files_.follow(std::move(conninfo));
    if (done) done = co_await files_.finish();
    co_return done;
}

Task<Result<void>> MachineDatabase::follow(Context, std::string conninfo) {
    Result<void> done = is_down();
    if (done) done = co_await files_.follow(std::move(conninfo));
    co_return done;
}

}  // namespace atlas::sim::cluster

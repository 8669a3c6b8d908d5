#include "adapters/postgres/postgres_server.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "system/failover/conninfo.hpp"

namespace atlas::adapters {

using host::Context;
using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

namespace {

constexpr host::Duration between_looks = std::chrono::milliseconds{10};

}  // namespace

PostgresServer::PostgresServer(AsioHost& host, PostgresServerOptions options)
    : host_(host),
      options_(std::move(options)),
      home_(std::filesystem::canonical(options_.root) / options_.directory),
      files_(host, options_.directory, "PG_VERSION") {}

std::string PostgresServer::path_of(std::string_view program) const {
    return (options_.programs / program).string();
}

Task<Result<void>> PostgresServer::lock() {
    const Result<void> made = co_await host_.disk().make_directory(options_.directory);
    if (!made) co_return made;
    auto locked = host_.disk().lock_directory(options_.directory);
    if (!locked) co_return std::unexpected(std::move(locked).error());
    lock_ = *std::move(locked);
    co_return Result<void>{};
}

std::vector<pid_t> PostgresServer::processes() {
    if (child_ > 0 && ::waitpid(child_, nullptr, WNOHANG) == child_) child_ = -1;
    std::vector<pid_t> found = processes_in(data(), "postgres");
    // One that has just been started is not there yet.
    if (found.empty() && child_ > 0) found.push_back(child_);
    return found;
}

Result<void> PostgresServer::is_down() {
    if (processes().empty()) return {};
    return failure(ErrorCode::conflict, "the server runs");
}

Task<Result<failover::ServerState>> PostgresServer::state(Context) {
    Result<failover::ServerState> state = co_await files_.look();
    if (state) state->running = !processes().empty();
    co_return state;
}

// One that is not there is no error.
Task<Result<void>> PostgresServer::remove(std::string path) {
    const Result<void> removed = co_await host_.disk().remove(std::move(path));
    if (!removed && removed.error().code != ErrorCode::not_found) co_return removed;
    co_return Result<void>{};
}

// A server that was killed leaves its number behind, which may be another process's by now: then
// PostgreSQL would not start. That it does not run is known better here.
Task<Result<void>> PostgresServer::remove_leftovers() {
    const Result<void> removed = co_await remove(files_.data() + "/postmaster.pid");
    co_return removed;
}

Task<Result<void>> PostgresServer::start(Context context) {
    if (!processes().empty()) co_return Result<void>{};
    Result<void> ready = co_await remove_leftovers();
    if (ready) ready = co_await write_settings();
    if (!ready) co_return ready;
    const Arguments arguments{path_of("postgres"), "-D", data(),
                              "--config-file=" + settings_file()};
    const Result<pid_t> started = start_program(arguments, (home_ / "log").string());
    if (!started) co_return std::unexpected(started.error());
    child_ = *started;
    while (processes_in(data(), "postgres").empty()) {
        if (processes().empty()) {
            co_return failure(ErrorCode::unavailable,
                              "the server ended at once; see " + (home_ / "log").string());
        }
        if (context.deadline.passed(host_.clock().now()))
            co_return failure(ErrorCode::deadline_exceeded, {}, host::Certainty::indefinite);
        co_await host::sleep_for(host_, between_looks);
    }
    co_return Result<void>{};
}

// All of them: those that the first one has made go on for a while without it.
Task<Result<void>> PostgresServer::stop_now(Context context) {
    while (true) {
        const std::vector<pid_t> left = processes();
        if (left.empty()) co_return Result<void>{};
        for (const pid_t pid : left)
            ::kill(pid, SIGKILL);
        if (context.deadline.passed(host_.clock().now())) {
            co_return failure(ErrorCode::deadline_exceeded, "the server does not die",
                              host::Certainty::indefinite);
        }
        co_await host::sleep_for(host_, between_looks);
    }
}

// A file, and not words on the command line: pg_rewind starts the server as well, which must not
// let go of its log then.
Task<Result<void>> PostgresServer::write_settings() {
    std::string text = failover::with_setting("", "include_if_exists", data() + "/postgresql.conf");
    for (const std::string& setting : options_.settings) {
        const std::size_t equals = std::min(setting.find('='), setting.size());
        text = failover::with_setting(text, setting.substr(0, equals),
                                      setting.substr(std::min(equals + 1, setting.size())));
    }
    bool written = false;
    const auto write = [this, &text, &written] {
        std::ofstream file(settings_file(), std::ios::trunc);
        file << text;
        file.close();
        written = file.good();
    };
    const Result<void> ran = co_await host_.blocking().run(write);
    if (!ran) co_return ran;
    if (!written) co_return failure(ErrorCode::io_error, settings_file() + " cannot be written");
    co_return Result<void>{};
}

// Empty, and for nobody else to read, as PostgreSQL wants it.
Task<Result<void>> PostgresServer::clear_data() {
    std::error_code error;
    const auto clear = [this, &error] {
        std::filesystem::remove_all(data(), error);
        if (!error) std::filesystem::create_directory(data(), error);
        if (!error) std::filesystem::permissions(data(), std::filesystem::perms::owner_all, error);
    };
    const Result<void> ran = co_await host_.blocking().run(clear);
    if (!ran) co_return ran;
    if (error) co_return failure(ErrorCode::io_error, data() + ": " + error.message());
    co_return Result<void>{};
}

Task<Result<void>> PostgresServer::create(Context context, failover::ServerSettings settings) {
    Result<void> done = is_down();
    if (done) done = co_await files_.begin();
    if (done) done = co_await clear_data();
    if (!done) co_return done;
    // Checksums: pg_rewind needs them, or wal_log_hints.
    Arguments arguments{path_of("initdb"),  "-D", data(), "-k", "--username=postgres",
                        "--no-instructions"};
    arguments.insert(arguments.end(), options_.initdb.begin(), options_.initdb.end());
    done = co_await run_program(host_, std::move(arguments), context.deadline);
    if (done) done = co_await files_.set(std::move(settings));
    if (done) done = co_await files_.finish();
    co_return done;
}

// Under another name: what has the member's own would count as the member, for confirming commits.
Task<Result<void>> PostgresServer::copy_from(Context context, std::string conninfo) {
    Result<void> done = is_down();
    if (done) done = co_await files_.begin();
    if (done) done = co_await clear_data();
    if (!done) co_return done;
    Arguments arguments{path_of("pg_basebackup"),
                        "-d",
                        conninfo + " application_name='a copy'",
                        "-D",
                        data(),
                        "-X",
                        "stream",
                        "-c",
                        "fast",
                        "--no-password"};
    done = co_await run_program(host_, std::move(arguments), context.deadline);
    if (done) done = co_await files_.follow(std::move(conninfo));
    if (done) done = co_await files_.finish();
    co_return done;
}

Task<Result<void>> PostgresServer::rewind_to(Context context, std::string conninfo) {
    Result<void> done = is_down();
    if (!done) co_return done;
    const std::string source = conninfo + " dbname=postgres application_name='a rewind'";
    // Before anything is touched. And the server there may have been promoted a moment ago: only
    // a checkpoint after that writes down that its timeline is another.
    done = co_await run_program(
        host_, {path_of("psql"), "-X", "-q", "--no-password", "-d", source, "-c", "CHECKPOINT"},
        context.deadline);
    if (!done) co_return done;
    done = co_await files_.begin();
    if (done) done = co_await remove_leftovers();
    if (done) done = co_await write_settings();
    // It is recovered first, by a PostgreSQL of one user, which cannot be one that follows.
    if (done) done = co_await remove(files_.data() + "/standby.signal");
    if (!done) co_return done;
    done = co_await run_program(host_,
                                {path_of("pg_rewind"), "-D", data(),
                                 "--config-file=" + settings_file(), "--source-server=" + source},
                                context.deadline);
    if (done) done = co_await files_.follow(std::move(conninfo));
    if (done) done = co_await files_.finish();
    co_return done;
}

Task<Result<void>> PostgresServer::follow(Context, std::string conninfo) {
    Result<void> done = is_down();
    if (done) done = co_await files_.follow(std::move(conninfo));
    co_return done;
}

}  // namespace atlas::adapters

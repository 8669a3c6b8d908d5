#include "adapters/postgres/postgres_server.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <utility>

#include "system/failover/conninfo.hpp"
#include "system/host/whole_file.hpp"

namespace atlas::adapters {

using host::Context;
using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

namespace {

constexpr host::Duration between_looks = std::chrono::milliseconds{10};
/// For a question to another server. A checkpoint there is one.
constexpr host::Duration answer_time = std::chrono::minutes{1};

/// The number behind "NAME:" in what pg_controldata says; 0 if there is none.
std::uint64_t number_in(std::string_view text, std::string_view name) {
    const std::size_t at = text.find(name);
    if (at == std::string_view::npos) return 0;
    text.remove_prefix(at + name.size());
    text.remove_prefix(std::min(text.find_first_not_of(": "), text.size()));
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::string_view without_line_end(std::string_view text) {
    return text.substr(0, text.find_last_not_of('\n') + 1);
}

Result<void> without_output(const Result<std::string>& ran) {
    if (!ran) return std::unexpected(ran.error());
    return {};
}

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
    co_await end_work_left();
    co_return Result<void>{};
}

// A copy, say, whose agent was killed: it opens files by their names, also those of the next copy.
Task<> PostgresServer::end_work_left() {
    while (true) {
        std::vector<pid_t> left = processes_given(data());
        for (const pid_t server : processes_in(data(), "postgres"))
            std::erase(left, server);
        if (left.empty()) co_return;
        for (const pid_t pid : left)
            ::kill(pid, SIGKILL);
        co_await host::sleep_for(host_, between_looks);
    }
}

std::vector<pid_t> PostgresServer::processes() {
    // Any other answer than "not yet" means that it is gone.
    if (child_ > 0 && ::waitpid(child_, nullptr, WNOHANG) != 0) child_ = -1;
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
    if (!state) co_return state;
    state->running = !processes().empty();
    if (state->exists) state->database = co_await read_database();
    co_return state;
}

// The first eight bytes of pg_control.
Task<std::string> PostgresServer::read_database() {
    const auto bytes =
        co_await host::read_whole_file(host_, files_.data() + "/global/pg_control", 65536);
    std::int64_t identifier = 0;
    if (!bytes || !*bytes || (*bytes)->size() < sizeof identifier) co_return "";
    std::memcpy(&identifier, (*bytes)->data(), sizeof identifier);
    co_return std::to_string(identifier);
}

Task<Result<void>> PostgresServer::published() {
    return files_.published();
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
    done = without_output(co_await run_program(host_, std::move(arguments), context.deadline));
    if (done) done = co_await files_.set(std::move(settings));
    if (done) done = co_await files_.mark_new();
    if (done) done = co_await files_.finish();
    co_return done;
}

// Under another name: what has the member's own would count as the member, for confirming commits.
Task<Result<void>> PostgresServer::copy_from(Context context, std::string conninfo) {
    const std::string source = conninfo + " application_name='a copy'";
    Result<void> done = is_down();
    // What is here is worth more than nothing, if nobody is there to be copied.
    if (done) done = without_output(co_await ask(context, source + " dbname=postgres", "SELECT 1"));
    if (done) done = co_await files_.begin();
    if (done) done = co_await clear_data();
    if (done) done = co_await files_.published();
    if (!done) co_return done;
    // Without a slot: with one it would confirm what it has received, where anybody may.
    Arguments arguments{path_of("pg_basebackup"),
                        "-d",
                        source,
                        "-D",
                        data(),
                        "-X",
                        "stream",
                        "--no-slot",
                        "-c",
                        "fast",
                        "--no-password"};
    done = without_output(co_await run_program(host_, std::move(arguments), context.deadline));
    if (done) done = co_await files_.follow(std::move(conninfo));
    if (done) done = co_await files_.finish();
    co_return done;
}

Task<Result<std::string>> PostgresServer::ask(Context context, std::string source,
                                              std::string statement) {
    const host::Deadline soon = host::deadline_after(host_, answer_time);
    co_return co_await run_program(host_,
                                   {path_of("psql"), "-X", "-q", "-A", "-t", "--no-password", "-d",
                                    std::move(source), "-c", std::move(statement)},
                                   context.deadline.earlier_of(soon));
}

// Before it compares anything, pg_rewind recovers a server that was killed, as one that follows
// nobody: that writes into its log. On the timeline of the source it then sees nothing to do, and
// the server would receive what it can never replay.
Task<Result<void>> PostgresServer::is_worth_rewinding(Context context, std::string source) {
    const auto theirs =
        co_await ask(context, std::move(source), "SELECT timeline_id FROM pg_control_checkpoint()");
    if (!theirs) co_return std::unexpected(theirs.error());
    const auto own =
        co_await run_program(host_, {path_of("pg_controldata"), "-D", data()}, context.deadline);
    if (!own) co_return std::unexpected(own.error());
    const Result<failover::ServerState> state = co_await files_.look();
    if (!state) co_return std::unexpected(state.error());
    const std::uint64_t timeline = std::max(number_in(*own, "Latest checkpoint's TimeLineID"),
                                            number_in(*own, "Min recovery ending loc's timeline"));
    if (state->follows && std::to_string(timeline) == without_line_end(*theirs)) {
        co_return failure(ErrorCode::already_exists,
                          "it is on the timeline of the server there: nothing to let go of");
    }
    co_return Result<void>{};
}

Task<Result<void>> PostgresServer::rewind_to(Context context, std::string conninfo) {
    Result<void> done = is_down();
    if (!done) co_return done;
    const std::string source = conninfo + " dbname=postgres application_name='a rewind'";
    // Before anything is touched. And the server there may have been promoted a moment ago: only
    // a checkpoint after that writes down that its timeline is another.
    done = without_output(co_await ask(context, source, "CHECKPOINT"));
    if (done) done = co_await is_worth_rewinding(context, source);
    if (!done) co_return done;
    done = co_await files_.begin();
    if (done) done = co_await files_.published();
    if (done) done = co_await remove_leftovers();
    if (done) done = co_await write_settings();
    // It is recovered first, by a PostgreSQL of one user, which cannot be one that follows.
    if (done) done = co_await remove(files_.data() + "/standby.signal");
    if (!done) co_return done;
    done = without_output(
        co_await run_program(host_,
                             {path_of("pg_rewind"), "-D", data(),
                              "--config-file=" + settings_file(), "--source-server=" + source},
                             context.deadline));
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

#include "system/failover/server_session.hpp"

#include <fmt/format.h>

#include <utility>

namespace atlas::failover {

using host::Certainty;
using host::Deadline;
using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

namespace {

/// "fail" in ASCII: whose the lock is.
constexpr std::int64_t lock_key = 0x6661'696C;

constexpr host::Duration between_looks = std::chrono::milliseconds{20};

std::string quote(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) {
        if (c == '\'') quoted += c;
        quoted += c;
    }
    return quoted + "'";
}

std::string words_of(const sql::Error& error) {
    return error.sqlstate.empty() ? error.message
                                  : fmt::format("{}: {}", error.sqlstate, error.message);
}

std::unexpected<host::Error> unsettled(const sql::Error& error) {
    return failure(ErrorCode::unavailable,
                   "who confirms commits has been set, not seen: " + words_of(error),
                   Certainty::indefinite);
}

}  // namespace

ServerSession::ServerSession(host::Host& host, sql::Driver& driver, sql::ConnectionTarget target)
    : host_(host), driver_(driver), target_(std::move(target)) {}

void ServerSession::close() noexcept {
    connection_.reset();
    is_starting_ = false;
    has_lock_ = false;
    confirming_.reset();
}

Task<Result<void>> ServerSession::connect(Deadline deadline) {
    if (connection_ != nullptr && connection_->is_usable()) co_return Result<void>{};
    close();
    auto connection = co_await driver_.connect({.deadline = deadline}, target_);
    // 57P03 is also said of one that is shutting down, which no agent asks for.
    is_starting_ = !connection && connection.error().sqlstate == "57P03";
    if (!connection) {
        co_return failure(ErrorCode::unavailable,
                          "no session with the server: " + words_of(connection.error()));
    }
    connection_ = *std::move(connection);
    co_return Result<void>{};
}

// An error of the server leaves the session as it is.
Task<Result<sql::QueryResult>> ServerSession::run(Deadline deadline, std::string text) {
    const Result<void> connected = co_await connect(deadline);
    if (!connected) co_return std::unexpected(connected.error());
    auto result = co_await connection_->query({.deadline = deadline}, std::move(text));
    if (result) co_return *std::move(result);
    host::Error error{ErrorCode::unavailable, result.error().certainty(), words_of(result.error())};
    if (!connection_->is_usable()) close();
    co_return std::unexpected(std::move(error));
}

Task<Result<void>> ServerSession::take_lock(Deadline deadline) {
    if (connection_ != nullptr && connection_->is_usable() && has_lock_) co_return Result<void>{};
    const auto taken =
        co_await run(deadline, fmt::format("SELECT pg_try_advisory_lock({})", lock_key));
    if (!taken) co_return std::unexpected(taken.error());
    if (taken->rows.size() == 1 && taken->rows[0].size() == 1 && taken->rows[0][0] == "t") {
        has_lock_ = true;
        co_return Result<void>{};
    }
    co_return failure(ErrorCode::conflict, "an older session of an agent is not over yet");
}

Task<Result<ServerStatus>> ServerSession::look(Deadline deadline) {
    auto result = co_await run(deadline, std::string(status_statement));
    if (!result) {
        result.error().certainty = Certainty::definite;
        co_return std::unexpected(result.error());
    }
    const std::optional<ServerStatus> status = read_status(*result);
    if (!status) co_return failure(ErrorCode::protocol_error, "the server's status is unreadable");
    // Somebody else has changed it.
    if (confirming_ && status->synchronous_names != synchronous_names(*confirming_))
        confirming_.reset();
    co_return *status;
}

// The file first; then every session reads it, this one among them.
Task<Result<void>> ServerSession::change(Deadline deadline, std::string statement) {
    const Result<void> locked = co_await take_lock(deadline);
    if (!locked) co_return locked;
    const auto changed = co_await run(deadline, std::move(statement));
    if (!changed) co_return std::unexpected(changed.error());
    co_await host_.fault_point("failover.setting_written");
    const auto reloaded = co_await run(deadline, "SELECT pg_reload_conf()");
    if (!reloaded) co_return std::unexpected(reloaded.error());
    co_return Result<void>{};
}

// A new session has what the server has read by now. The processes that send the log have it soon
// after: the settling time is for them.
Task<Result<void>> ServerSession::settle_names(Deadline deadline, std::string names) {
    while (!deadline.passed(host_.clock().now())) {
        auto fresh = co_await driver_.connect({.deadline = deadline}, target_);
        if (!fresh) co_return unsettled(fresh.error());
        const auto shown =
            co_await (*fresh)->query({.deadline = deadline}, "SHOW synchronous_standby_names");
        if (!shown) co_return unsettled(shown.error());
        if (shown->rows.size() == 1 && shown->rows[0].size() == 1 && shown->rows[0][0] == names)
            co_return Result<void>{};
        co_await host::sleep_for(host_, between_looks);
    }
    co_return failure(ErrorCode::deadline_exceeded, "the setting has not taken effect",
                      Certainty::indefinite);
}

Task<Result<void>> ServerSession::set_confirming(Deadline deadline,
                                                 std::vector<std::string> members) {
    confirming_.reset();
    const std::string names = synchronous_names(members);
    Result<void> done =
        co_await change(deadline, "ALTER SYSTEM SET synchronous_standby_names = " + quote(names));
    if (done) done = co_await settle_names(deadline, names);
    if (!done) co_return done;
    if (!has_lock_) {
        // What the session that is gone has left under way may still come after what was seen.
        co_return failure(ErrorCode::unavailable, "the session ended while the setting changed",
                          Certainty::indefinite);
    }
    confirming_ = std::move(members);
    confirming_since_ = host_.clock().now();
    co_return done;
}

Task<Result<void>> ServerSession::follow(Deadline deadline, std::string conninfo) {
    const Result<void> done =
        co_await change(deadline, "ALTER SYSTEM SET primary_conninfo = " + quote(conninfo));
    co_return done;
}

Task<Result<void>> ServerSession::promote(Deadline deadline) {
    const Result<void> locked = co_await take_lock(deadline);
    if (!locked) co_return locked;
    const auto status = co_await look(deadline);
    if (!status) co_return std::unexpected(status.error());
    if (status->role == Role::primary) co_return Result<void>{};
    const auto begun = co_await run(deadline, "SELECT pg_promote(false)");
    if (!begun) co_return std::unexpected(begun.error());
    co_return Result<void>{};
}

}  // namespace atlas::failover

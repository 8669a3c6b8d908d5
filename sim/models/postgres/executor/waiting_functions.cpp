// The functions that may wait: pg_sleep and the advisory locks.

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "sim/models/postgres/types/numeric.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

/// Thirty years: as good as for ever, and far from where nanoseconds end.
constexpr std::chrono::seconds longest_sleep(1'000'000'000);

Checked<std::chrono::microseconds> time_to_sleep(const Value& wanted) {
    if (const auto* whole = std::get_if<std::int64_t>(&wanted)) {
        return std::chrono::seconds(std::clamp<std::int64_t>(*whole, 0, longest_sleep.count()));
    }
    const Numeric& seconds = *std::get<std::shared_ptr<const Numeric>>(wanted);
    const auto microseconds = (seconds * Numeric(1'000'000)).to_integer();
    // One that float8 could not hold PostgreSQL refuses.
    if (!microseconds) return not_covered("pg_sleep() of more seconds than can be counted");
    return std::clamp<std::chrono::microseconds>(std::chrono::microseconds(*microseconds),
                                                 std::chrono::seconds(0), longest_sleep);
}

LockTag advisory_tag(const std::vector<Value>& keys) {
    const auto key = [&](std::size_t i) {
        return static_cast<std::uint64_t>(std::get<std::int64_t>(keys[i]));
    };
    if (keys.size() == 1) return {LockKind::advisory, key(0), 1};
    return {LockKind::advisory, (key(0) << 32) | (key(1) & 0xFFFFFFFF), 2};
}

}  // namespace

Task<Checked<Value>> Executor::replication_call(std::string name, std::vector<Value> arguments) {
    if (functions_.user() != superuser) {
        if (name == "pg_drop_replication_slot")
            co_return sql_error("42501",
                                "must be superuser or replication role to use replication slots");
        co_return sql_error("42501", fmt::format("permission denied for function {}", name));
    }
    if (name == "pg_reload_conf") {
        const auto reloaded = co_await engine_.reload();
        co_return reloaded.has_value();
    }
    if (name == "pg_drop_replication_slot") {
        SQL_CO_CHECK(co_await engine_.drop_slot(std::get<std::string>(arguments.front())));
        co_return Value(std::string());
    }
    const bool wait = arguments.empty() || std::get<bool>(arguments[0]);
    const std::int64_t seconds = arguments.size() < 2 ? 60 : std::get<std::int64_t>(arguments[1]);
    if (!engine_.in_recovery()) {
        auto error = sql_error("55000", "recovery is not in progress");
        error.error()->hint = "Recovery control functions can only be executed during recovery.";
        co_return error;
    }
    if (seconds <= 0) co_return sql_error("22003", "\"wait_seconds\" must not be negative or zero");
    engine_.request_promotion();
    if (!wait) co_return true;
    // In the steps of PostgreSQL's; a promotion waits for sessions, and this one may be one of
    // them.
    const host::Deadline end = host::deadline_after(engine_.host(), std::chrono::seconds(seconds));
    while (engine_.in_recovery() && !end.passed(engine_.host().clock().now())) {
        const host::Deadline step =
            host::deadline_after(engine_.host(), std::chrono::milliseconds(100));
        SQL_CO_CHECK(co_await engine_.locks().sleep(locks_, step.earlier_of(end), limits_));
    }
    const bool promoted = !engine_.in_recovery();
    if (!promoted) {
        notices_.push_back({.severity = "WARNING",
                            .sqlstate = "01000",
                            .message = fmt::format("server did not promote within {} second{}",
                                                   seconds, seconds == 1 ? "" : "s")});
    }
    co_return promoted;
}

Task<Checked<Value>> Executor::waiting_call(const Expression& call, std::vector<Value> arguments) {
    const std::string_view name = call.function->name;
    // A function of type void gives an empty text.
    const Value nothing = std::string();
    if (name == "pg_sleep") {
        SQL_CO_TRY(const std::chrono::microseconds time, time_to_sleep(arguments.front()));
        const host::Deadline until = host::deadline_after(engine_.host(), time);
        SQL_CO_CHECK(co_await engine_.locks().sleep(locks_, until, limits_));
        co_return nothing;
    }
    if (name == "pg_advisory_unlock_all") {
        engine_.locks().release_advisory(locks_);
        co_return nothing;
    }
    if (name == "pg_promote" || name == "pg_reload_conf" || name == "pg_drop_replication_slot") {
        auto done = co_await replication_call(std::string(name), std::move(arguments));
        co_return done;
    }
    const LockTag tag = advisory_tag(arguments);
    const TableLockMode mode =
        name.contains("shared") ? TableLockMode::share : TableLockMode::exclusive;
    const bool session = !name.contains("xact");
    if (name.starts_with("pg_advisory_unlock")) {
        const bool held = engine_.locks().release(locks_, tag, mode, true);
        if (!held) {
            notices_.push_back(
                {.severity = "WARNING",
                 .sqlstate = "01000",
                 .message = fmt::format("you don't own a lock of type {}", postgres::name(mode))});
        }
        co_return held;
    }
    if (name.starts_with("pg_try"))
        co_return engine_.locks().try_acquire(locks_, tag, mode, session);
    SQL_CO_CHECK(co_await engine_.locks().acquire(locks_, tag, mode, limits_, session));
    co_return nothing;
}

}  // namespace atlas::sim::models::postgres

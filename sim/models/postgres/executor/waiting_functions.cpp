// The functions that may wait: pg_sleep and the advisory locks.

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

/// Thirty years: as good as for ever, and far from where nanoseconds end.
constexpr std::int64_t longest_sleep = 1'000'000'000;

LockTag advisory_tag(const std::vector<Value>& keys) {
    const auto key = [&](std::size_t i) {
        return static_cast<std::uint64_t>(std::get<std::int64_t>(keys[i]));
    };
    if (keys.size() == 1) return {LockKind::advisory, key(0), 1};
    return {LockKind::advisory, (key(0) << 32) | (key(1) & 0xFFFFFFFF), 2};
}

}  // namespace

Task<Checked<Value>> Executor::waiting_call(const Expression& call) {
    const std::string_view name = call.function->name;
    std::vector<Value> arguments;
    for (const ExpressionPtr& argument : call.arguments) {
        SQL_CO_TRY(Value value, evaluate(*argument, context_of(nullptr)));
        if (is_null(value)) co_return Null{};
        arguments.push_back(std::move(value));
    }
    // A function of type void gives an empty text.
    const Value nothing = std::string();
    if (name == "pg_sleep") {
        const std::int64_t wanted = std::get<std::int64_t>(arguments.front());
        const std::chrono::seconds seconds(std::clamp<std::int64_t>(wanted, 0, longest_sleep));
        const host::Deadline until = host::deadline_after(engine_.host(), seconds);
        SQL_CO_CHECK(co_await engine_.locks().sleep(locks_, until, limits_));
        co_return nothing;
    }
    if (name == "pg_advisory_unlock_all") {
        engine_.locks().release_advisory(locks_);
        co_return nothing;
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

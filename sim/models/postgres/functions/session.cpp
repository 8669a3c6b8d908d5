// Functions about the session and the server. Those that may wait (pg_sleep, advisory locks) have
// a signature here and are run by the executor.

#include <algorithm>

#include "sim/models/postgres/functions/environment.hpp"
#include "sim/models/postgres/functions/groups.hpp"

namespace atlas::sim::models::postgres {
namespace {

Checked<Value> as_value(Checked<std::string> text) {
    if (!text) return std::unexpected(std::move(text).error());
    return *std::move(text);
}

Checked<Value> current_setting(const EvaluationContext& context, Arguments arguments) {
    return as_value(context.environment->setting(argument<std::string>(arguments, 0)));
}

Checked<Value> current_setting_missing_ok(const EvaluationContext& context, Arguments arguments) {
    Checked<std::string> setting =
        context.environment->setting(argument<std::string>(arguments, 0));
    if (!setting && setting.error()->sqlstate == "42704" && argument<bool>(arguments, 1))
        return Null{};
    return as_value(std::move(setting));
}

Checked<Value> set_config(const EvaluationContext& context, Arguments arguments) {
    if (is_null(*arguments[0])) return sql_error("22004", "SET requires parameter name");
    const bool local = !is_null(*arguments[2]) && argument<bool>(arguments, 2);
    const std::string value =
        is_null(*arguments[1]) ? std::string() : argument<std::string>(arguments, 1);
    return as_value(
        context.environment->change_setting(argument<std::string>(arguments, 0), value, local));
}

Checked<Value> process_id(const EvaluationContext& context, Arguments) {
    return std::int64_t{context.environment->process_id()};
}
Checked<Value> database(const EvaluationContext& context, Arguments) {
    return context.environment->database();
}
Checked<Value> user(const EvaluationContext& context, Arguments) {
    return context.environment->user();
}
Checked<Value> schema(const EvaluationContext&, Arguments) {
    return std::string("public");
}
Checked<Value> version(const EvaluationContext&, Arguments) {
    return std::string("PostgreSQL 15.0 (Atlas simulation model)");
}
Checked<Value> transaction_id(const EvaluationContext& context, Arguments) {
    SQL_TRY(const std::int64_t id, context.environment->transaction_id());
    return id;
}

Checked<Value> server_start_time(const EvaluationContext& context, Arguments) {
    return context.environment->server_start_time();
}

Checked<Value> is_in_recovery(const EvaluationContext& context, Arguments) {
    return context.environment->log_positions().in_recovery;
}

template <std::uint64_t LogPositions::* Position>
Checked<Value> own_position(const EvaluationContext& context, Arguments) {
    const LogPositions positions = context.environment->log_positions();
    if (positions.in_recovery) {
        auto error = sql_error("55000", "recovery is in progress");
        error.error()->hint = "WAL control functions cannot be executed during recovery.";
        return error;
    }
    return static_cast<std::int64_t>(positions.*Position);
}

template <std::optional<std::uint64_t> LogPositions::* Position>
Checked<Value> recovery_position(const EvaluationContext& context, Arguments) {
    const auto position = context.environment->log_positions().*Position;
    if (!position) return Null{};
    return static_cast<std::int64_t>(*position);
}

// As if the log were in files of PostgreSQL's size. A position between two is of the first.
Checked<Value> log_file_name(const EvaluationContext& context, Arguments arguments) {
    constexpr std::uint64_t file_size = 16 * 1024 * 1024;
    constexpr std::uint64_t files_in_4_gigabytes = (std::uint64_t{1} << 32) / file_size;
    const LogPositions positions = context.environment->log_positions();
    if (positions.in_recovery) {
        auto error = sql_error("55000", "recovery is in progress");
        error.error()->hint = "pg_walfile_name() cannot be executed during recovery.";
        return error;
    }
    const auto position = static_cast<std::uint64_t>(argument<std::int64_t>(arguments, 0));
    const std::uint64_t file = (position - 1) / file_size;
    return fmt::format("{:08X}{:08X}{:08X}", positions.timeline, file / files_in_4_gigabytes,
                       file % files_in_4_gigabytes);
}

// Nothing can pause it.
Checked<Value> is_replay_paused(const EvaluationContext& context, Arguments) {
    if (context.environment->log_positions().in_recovery) return false;
    auto error = sql_error("55000", "recovery is not in progress");
    error.error()->hint = "Recovery control functions can only be executed during recovery.";
    return error;
}

Checked<Value> last_replayed_at(const EvaluationContext& context, Arguments) {
    const auto moment = context.environment->log_positions().last_replayed_at;
    if (!moment) return Null{};
    return *moment;
}

Checked<Value> log_distance(const EvaluationContext&, Arguments arguments) {
    return argument<std::int64_t>(arguments, 0) - argument<std::int64_t>(arguments, 1);
}

Checked<Value> as_number(Checked<std::int64_t> number) {
    if (!number) return std::unexpected(std::move(number).error());
    return *number;
}

std::uint32_t relation(Arguments arguments) {
    return static_cast<std::uint32_t>(argument<std::int64_t>(arguments, 0));
}

Checked<Value> nextval(const EvaluationContext& context, Arguments arguments) {
    return as_number(context.environment->next_value(relation(arguments)));
}
Checked<Value> currval(const EvaluationContext& context, Arguments arguments) {
    return as_number(context.environment->current_value(relation(arguments)));
}
Checked<Value> lastval(const EvaluationContext& context, Arguments) {
    return as_number(context.environment->last_value());
}
Checked<Value> setval(const EvaluationContext& context, Arguments arguments) {
    const std::int64_t value = argument<std::int64_t>(arguments, 1);
    const bool called = arguments.size() < 3 || argument<bool>(arguments, 2);
    SQL_CHECK(context.environment->set_value(relation(arguments), value, called));
    return value;
}

Value process_ids(const std::vector<std::uint32_t>& processes) {
    auto array = std::make_shared<Array>();
    for (const std::uint32_t process : processes)
        array->elements.emplace_back(std::int64_t{process});
    return std::shared_ptr<const Array>(std::move(array));
}

std::uint32_t process_argument(Arguments arguments) {
    return static_cast<std::uint32_t>(argument<std::int64_t>(arguments, 0));
}

Checked<Value> blocking_processes(const EvaluationContext& context, Arguments arguments) {
    return process_ids(context.environment->blocking_processes(process_argument(arguments)));
}
Checked<Value> safe_snapshot_blockers(const EvaluationContext& context, Arguments arguments) {
    return process_ids(context.environment->safe_snapshot_blockers(process_argument(arguments)));
}

// What PostgreSQL's isolationtester asks: does it wait for one of these?
Checked<Value> is_blocked(const EvaluationContext& context, Arguments arguments) {
    const std::uint32_t process = process_argument(arguments);
    const auto& wanted = argument<std::shared_ptr<const Array>>(arguments, 1)->elements;
    for (const std::uint32_t blocker : context.environment->blocking_processes(process)) {
        const bool listed = std::ranges::any_of(wanted, [&](const Value& value) {
            return !is_null(value) && std::get<std::int64_t>(value) == std::int64_t{blocker};
        });
        if (listed) return true;
    }
    return !context.environment->safe_snapshot_blockers(process).empty();
}

Checked<Value> notify(const EvaluationContext& context, Arguments arguments) {
    const auto text_or_empty = [&](std::size_t i) {
        return is_null(*arguments[i]) ? std::string() : argument<std::string>(arguments, i);
    };
    const std::string channel = text_or_empty(0);
    SQL_CHECK(context.environment->notify(channel, text_or_empty(1)));
    // A function of type void gives an empty text.
    return std::string();
}

Function waiting(std::string_view name, std::vector<TypeId> arguments, TypeId result) {
    return {.name = name,
            .arguments = std::move(arguments),
            .result = result,
            .volatility = Volatility::volatile_,
            .waits = true};
}

}  // namespace

std::vector<Function> session_functions() {
    using enum TypeId;
    std::vector<Function> functions{
        {"current_setting", {text}, text, current_setting, Volatility::stable},
        {"current_setting", {text, boolean}, text, current_setting_missing_ok, Volatility::stable},
        {.name = "set_config",
         .arguments = {text, text, boolean},
         .result = text,
         .evaluate = set_config,
         .volatility = Volatility::volatile_,
         .strict = false},
        {"pg_backend_pid", {}, int4, process_id, Volatility::stable},
        {"current_database", {}, name, database, Volatility::stable},
        {"current_schema", {}, name, schema, Volatility::stable},
        {"current_user", {}, name, user, Volatility::stable},
        {"session_user", {}, name, user, Volatility::stable},
        {"version", {}, text, version, Volatility::stable},
        {"pg_is_in_recovery", {}, boolean, is_in_recovery, Volatility::volatile_},
        {"pg_current_wal_lsn",
         {},
         pg_lsn,
         own_position<&LogPositions::written>,
         Volatility::volatile_},
        {"pg_current_wal_insert_lsn",
         {},
         pg_lsn,
         own_position<&LogPositions::inserted>,
         Volatility::volatile_},
        {"pg_current_wal_flush_lsn",
         {},
         pg_lsn,
         own_position<&LogPositions::flushed>,
         Volatility::volatile_},
        {"pg_last_wal_receive_lsn",
         {},
         pg_lsn,
         recovery_position<&LogPositions::received>,
         Volatility::volatile_},
        {"pg_last_wal_replay_lsn",
         {},
         pg_lsn,
         recovery_position<&LogPositions::replayed>,
         Volatility::volatile_},
        {"pg_last_xact_replay_timestamp", {}, timestamptz, last_replayed_at, Volatility::volatile_},
        {"pg_postmaster_start_time", {}, timestamptz, server_start_time, Volatility::stable},
        {"pg_walfile_name", {pg_lsn}, text, log_file_name, Volatility::stable},
        {"pg_is_wal_replay_paused", {}, boolean, is_replay_paused, Volatility::volatile_},
        {"pg_wal_lsn_diff", {pg_lsn, pg_lsn}, numeric, log_distance},
        waiting("pg_promote", {}, boolean),
        waiting("pg_promote", {boolean}, boolean),
        waiting("pg_promote", {boolean, int4}, boolean),
        waiting("pg_reload_conf", {}, boolean),
        waiting("pg_drop_replication_slot", {TypeId::name}, void_type),
        {.name = "txid_current",
         .arguments = {},
         .result = int8,
         .evaluate = transaction_id,
         .volatility = Volatility::stable},
        {"nextval", {regclass}, int8, nextval, Volatility::volatile_},
        {"currval", {regclass}, int8, currval, Volatility::volatile_},
        {"lastval", {}, int8, lastval, Volatility::volatile_},
        {"setval", {regclass, int8}, int8, setval, Volatility::volatile_},
        {"setval", {regclass, int8, boolean}, int8, setval, Volatility::volatile_},
        {"pg_blocking_pids", {int4}, int4_array, blocking_processes, Volatility::volatile_},
        {"pg_safe_snapshot_blocking_pids",
         {int4},
         int4_array,
         safe_snapshot_blockers,
         Volatility::volatile_},
        {"pg_isolation_test_session_is_blocked",
         {int4, int4_array},
         boolean,
         is_blocked,
         Volatility::volatile_},
        {.name = "pg_notify",
         .arguments = {text, text},
         .result = void_type,
         .evaluate = notify,
         .volatility = Volatility::volatile_,
         .strict = false},
        waiting("pg_sleep", {int8}, void_type),
        waiting("pg_sleep", {numeric}, void_type),
    };
    for (const auto& [suffix, result] :
         {std::pair<std::string_view, TypeId>{"pg_advisory_lock", void_type},
          {"pg_advisory_xact_lock", void_type},
          {"pg_advisory_lock_shared", void_type},
          {"pg_advisory_xact_lock_shared", void_type},
          {"pg_try_advisory_lock", boolean},
          {"pg_try_advisory_xact_lock", boolean},
          {"pg_try_advisory_lock_shared", boolean},
          {"pg_try_advisory_xact_lock_shared", boolean},
          {"pg_advisory_unlock", boolean},
          {"pg_advisory_unlock_shared", boolean}}) {
        functions.push_back(waiting(suffix, {int8}, result));
        functions.push_back(waiting(suffix, {int4, int4}, result));
    }
    functions.push_back(waiting("pg_advisory_unlock_all", {}, void_type));
    return functions;
}

}  // namespace atlas::sim::models::postgres

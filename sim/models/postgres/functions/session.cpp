// Functions about the session and the server. Those that may wait (pg_sleep, advisory locks) have
// a signature here and are run by the executor.

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
Checked<Value> not_in_recovery(const EvaluationContext&, Arguments) {
    return false;
}
Checked<Value> transaction_id(const EvaluationContext& context, Arguments) {
    return context.environment->transaction_id();
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
        {"pg_is_in_recovery", {}, boolean, not_in_recovery, Volatility::volatile_},
        {.name = "txid_current",
         .arguments = {},
         .result = int8,
         .evaluate = transaction_id,
         .volatility = Volatility::stable},
        waiting("pg_sleep", {int8}, void_type),
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

// Arithmetic and clocks of timestamp, timestamptz and interval.

#include "sim/models/postgres/functions/environment.hpp"
#include "sim/models/postgres/functions/groups.hpp"
#include "sim/models/postgres/types/timestamp.hpp"

namespace atlas::sim::models::postgres {
namespace {

Checked<Value> as_value(Checked<std::int64_t> moment) {
    if (!moment) return std::unexpected(std::move(moment).error());
    return *moment;
}

Checked<Value> plus(const EvaluationContext&, Arguments arguments) {
    return as_value(
        add_interval(argument<std::int64_t>(arguments, 0), argument<Interval>(arguments, 1)));
}

Checked<Value> interval_plus(const EvaluationContext&, Arguments arguments) {
    return as_value(
        add_interval(argument<std::int64_t>(arguments, 1), argument<Interval>(arguments, 0)));
}

Checked<Value> minus(const EvaluationContext&, Arguments arguments) {
    return as_value(add_interval(argument<std::int64_t>(arguments, 0),
                                 negated(argument<Interval>(arguments, 1))));
}

Checked<Value> between(const EvaluationContext&, Arguments arguments) {
    const std::int64_t left = argument<std::int64_t>(arguments, 0);
    const std::int64_t right = argument<std::int64_t>(arguments, 1);
    for (const std::int64_t moment : {left, right}) {
        if (moment == timestamp_infinity || moment == timestamp_minus_infinity)
            return sql_error("22008", "cannot subtract infinite timestamps");
    }
    return difference(left, right);
}

template <int Sign>
Checked<Value> combine(const EvaluationContext&, Arguments arguments) {
    const Interval& left = argument<Interval>(arguments, 0);
    const Interval& right = argument<Interval>(arguments, 1);
    Interval result;
    if (__builtin_add_overflow(left.months, Sign * right.months, &result.months) ||
        __builtin_add_overflow(left.days, Sign * right.days, &result.days) ||
        __builtin_add_overflow(left.microseconds, Sign * right.microseconds, &result.microseconds))
        return sql_error("22008", "interval out of range");
    return result;
}

Checked<Value> negate(const EvaluationContext&, Arguments arguments) {
    return negated(argument<Interval>(arguments, 0));
}

Checked<Value> times(const Interval& interval, std::int64_t factor) {
    Interval result;
    if (__builtin_mul_overflow(interval.months, factor, &result.months) ||
        __builtin_mul_overflow(interval.days, factor, &result.days) ||
        __builtin_mul_overflow(interval.microseconds, factor, &result.microseconds))
        return sql_error("22008", "interval out of range");
    return result;
}

Checked<Value> interval_times(const EvaluationContext&, Arguments arguments) {
    return times(argument<Interval>(arguments, 0), argument<std::int64_t>(arguments, 1));
}

Checked<Value> times_interval(const EvaluationContext&, Arguments arguments) {
    return times(argument<Interval>(arguments, 1), argument<std::int64_t>(arguments, 0));
}

Checked<Value> transaction_time(const EvaluationContext& context, Arguments) {
    return context.environment->transaction_time();
}
Checked<Value> statement_time(const EvaluationContext& context, Arguments) {
    return context.environment->statement_time();
}
Checked<Value> clock_time(const EvaluationContext& context, Arguments) {
    return context.environment->clock_time();
}

Checked<Value> at_time_zone(const EvaluationContext&, Arguments arguments) {
    const std::string& zone = argument<std::string>(arguments, 0);
    if (zone != "UTC" && zone != "utc" && zone != "GMT" && zone != "Etc/UTC")
        return not_covered(fmt::format("the time zone \"{}\"", zone));
    return *arguments[1];
}

}  // namespace

std::vector<Function> time_operators() {
    using enum TypeId;
    std::vector<Function> operators;
    for (const TypeId type : {timestamp, timestamptz}) {
        // Days and months depend on the zone; the model's is UTC.
        const Volatility volatility =
            type == timestamp ? Volatility::immutable : Volatility::stable;
        operators.push_back({"+", {type, interval}, type, plus, volatility});
        operators.push_back({"+", {interval, type}, type, interval_plus, volatility});
        operators.push_back({"-", {type, interval}, type, minus, volatility});
        operators.push_back({"-", {type, type}, interval, between});
    }
    operators.push_back({"+", {interval, interval}, interval, combine<1>});
    operators.push_back({"-", {interval, interval}, interval, combine<-1>});
    operators.push_back({"-", {interval}, interval, negate});
    // PostgreSQL's is with double precision: an integer goes there by an implicit cast.
    operators.push_back({"*", {interval, int8}, interval, interval_times});
    operators.push_back({"*", {int8, interval}, interval, times_interval});
    return operators;
}

std::vector<Function> time_functions() {
    using enum TypeId;
    return {
        {"now", {}, timestamptz, transaction_time, Volatility::stable},
        {"transaction_timestamp", {}, timestamptz, transaction_time, Volatility::stable},
        {"statement_timestamp", {}, timestamptz, statement_time, Volatility::stable},
        {"clock_timestamp", {}, timestamptz, clock_time, Volatility::volatile_},
        {"timezone", {text, timestamptz}, timestamp, at_time_zone},
        {"timezone", {text, timestamp}, timestamptz, at_time_zone},
    };
}

}  // namespace atlas::sim::models::postgres

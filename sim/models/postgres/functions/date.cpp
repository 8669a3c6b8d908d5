// Dates: arithmetic, conversions, comparison with time stamps, and the parts of a moment.

#include <algorithm>
#include <array>

#include "sim/models/postgres/functions/groups.hpp"
#include "sim/models/postgres/types/numeric.hpp"
#include "sim/models/postgres/types/timestamp.hpp"

namespace atlas::sim::models::postgres {
namespace {

constexpr std::int64_t microseconds_a_day = 86'400'000'000;

bool is_finite(std::int64_t days) {
    return days != date_infinity && days != date_minus_infinity;
}

std::unexpected<Failure> date_out_of_range() {
    return sql_error("22008", "date out of range");
}

Checked<Value> checked_date(std::int64_t days) {
    // 4713-11-24 BC up to 5874897-12-31.
    if (days < -2'451'545 || days > 2'145'031'948) return date_out_of_range();
    return days;
}

std::int64_t integer(Arguments arguments, std::size_t i) {
    return argument<std::int64_t>(arguments, i);
}

template <std::size_t Date, std::size_t Days, int Sign>
Checked<Value> add_days(const EvaluationContext&, Arguments arguments) {
    const std::int64_t days = integer(arguments, Date);
    if (!is_finite(days)) return days;
    return checked_date(days + Sign * integer(arguments, Days));
}

Checked<Value> days_between(const EvaluationContext&, Arguments arguments) {
    if (!is_finite(integer(arguments, 0)) || !is_finite(integer(arguments, 1)))
        return sql_error("22008", "cannot subtract infinite dates");
    return integer(arguments, 0) - integer(arguments, 1);
}

template <std::size_t Date, std::size_t Span, bool Minus>
Checked<Value> add_span(const EvaluationContext&, Arguments arguments) {
    SQL_TRY(const std::int64_t moment, timestamp_of_date(integer(arguments, Date)));
    const Interval& span = argument<Interval>(arguments, Span);
    SQL_TRY(const std::int64_t result, add_interval(moment, Minus ? negated(span) : span));
    return result;
}

Checked<Value> to_timestamp(const EvaluationContext&, Arguments arguments) {
    SQL_TRY(const std::int64_t moment, timestamp_of_date(integer(arguments, 0)));
    return moment;
}

Checked<Value> from_timestamp(const EvaluationContext&, Arguments arguments) {
    return date_of_timestamp(integer(arguments, 0));
}

Checked<Value> make_date(const EvaluationContext&, Arguments arguments) {
    std::int64_t year = integer(arguments, 0);
    const std::int64_t month = integer(arguments, 1);
    const std::int64_t day = integer(arguments, 2);
    // There is no year 0; -1 is 1 BC.
    const bool valid_year = year != 0;
    if (year < 0) ++year;
    if (!valid_year || month < 1 || month > 12 || day < 1 || day > month_length(year, month)) {
        return sql_error("22008", fmt::format("date field value out of range: {}-{:02}-{:02}",
                                              integer(arguments, 0), month, day));
    }
    const std::int64_t days = days_of_calendar({year, month, day});
    if (days < -2'451'545 || days > 2'145'031'948) {
        return sql_error("22008", fmt::format("date out of range: {}-{:02}-{:02}",
                                              integer(arguments, 0), month, day));
    }
    return days;
}

// Compares a date with a moment, either way round.
template <bool DateFirst, bool (*Holds)(std::partial_ordering)>
Checked<Value> compare_with_moment(const EvaluationContext&, Arguments arguments) {
    SQL_TRY(const std::int64_t date, timestamp_of_date(integer(arguments, DateFirst ? 0 : 1)));
    const std::int64_t moment = integer(arguments, DateFirst ? 1 : 0);
    return Holds(DateFirst ? date <=> moment : moment <=> date);
}

template <bool (*Holds)(std::partial_ordering)>
void add_comparisons(std::vector<Function>& operators, std::string_view name) {
    const TypeId date = TypeId::date;
    for (const TypeId moment : {TypeId::timestamp, TypeId::timestamptz}) {
        // When a day begins depends on the zone.
        const Volatility volatility =
            moment == TypeId::timestamp ? Volatility::immutable : Volatility::stable;
        operators.push_back(
            {name, {date, moment}, TypeId::boolean, compare_with_moment<true, Holds>, volatility});
        operators.push_back(
            {name, {moment, date}, TypeId::boolean, compare_with_moment<false, Holds>, volatility});
    }
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

struct Moment {
    CalendarDate date;
    std::int64_t days = 0;
    std::int64_t of_day = 0;  ///< Microseconds.
};

Moment moment_of(std::int64_t microseconds) {
    const std::int64_t days = date_of_timestamp(microseconds);
    return {calendar_date(days), days, microseconds - days * microseconds_a_day};
}

// Monday is 0.
std::int64_t weekday(std::int64_t days) {
    const std::int64_t shifted = (days + 5) % 7;  // 2000-01-01 was a Saturday
    return shifted < 0 ? shifted + 7 : shifted;
}

// The Monday that the year's first ISO week begins with.
std::int64_t first_iso_week(std::int64_t year) {
    const std::int64_t fourth = days_of_calendar({year, 1, 4});
    return fourth - weekday(fourth);
}

std::int64_t iso_year(const Moment& moment) {
    const std::int64_t year = moment.date.year;
    if (moment.days < first_iso_week(year)) return year - 1;
    return moment.days >= first_iso_week(year + 1) ? year + 1 : year;
}

std::unexpected<Failure> unknown_unit(std::string_view unit, std::string_view type) {
    return sql_error("22023", fmt::format("unit \"{}\" not recognized for type {}", unit, type));
}

Checked<Value> truncate(const EvaluationContext&, Arguments arguments, std::string_view type) {
    const std::string unit = lower_case(argument<std::string>(arguments, 0));
    const std::int64_t given = integer(arguments, 1);
    if (given == timestamp_infinity || given == timestamp_minus_infinity) return given;
    const Moment moment = moment_of(given);
    const auto start_of = [](CalendarDate date) -> Value {
        return days_of_calendar(date) * microseconds_a_day;
    };
    const auto cut = [&](std::int64_t length) -> Value { return given - moment.of_day % length; };
    if (unit == "year") return start_of({moment.date.year, 1, 1});
    if (unit == "quarter")
        return start_of({moment.date.year, (moment.date.month - 1) / 3 * 3 + 1, 1});
    if (unit == "month") return start_of({moment.date.year, moment.date.month, 1});
    if (unit == "week") return (moment.days - weekday(moment.days)) * microseconds_a_day;
    if (unit == "day") return cut(microseconds_a_day);
    if (unit == "hour") return cut(3'600'000'000);
    if (unit == "minute") return cut(60'000'000);
    if (unit == "second") return cut(1'000'000);
    if (unit == "milliseconds") return cut(1'000);
    if (unit == "microseconds") return given;
    constexpr std::array<std::string_view, 3> left_out{"decade", "century", "millennium"};
    if (std::ranges::find(left_out, unit) != left_out.end())
        return not_covered(fmt::format("date_trunc to \"{}\"", unit));
    return unknown_unit(unit, type);
}

Checked<Value> truncate_timestamp(const EvaluationContext& context, Arguments arguments) {
    return truncate(context, arguments, "timestamp without time zone");
}
Checked<Value> truncate_timestamptz(const EvaluationContext& context, Arguments arguments) {
    return truncate(context, arguments, "timestamp with time zone");
}

Value whole(std::int64_t number) {
    return std::make_shared<const Numeric>(number);
}

Value fraction(std::int64_t microseconds, int scale) {
    return std::make_shared<const Numeric>(Numeric::Integer(microseconds), scale);
}

Checked<Value> extract(Arguments arguments, std::string_view type) {
    const std::string unit = lower_case(argument<std::string>(arguments, 0));
    const std::int64_t given = integer(arguments, 1);
    if (given == timestamp_infinity || given == timestamp_minus_infinity)
        return not_covered("parts of infinite moments");
    const Moment moment = moment_of(given);
    const CalendarDate& date = moment.date;
    const std::int64_t of_minute = moment.of_day % 60'000'000;
    if (unit == "year") return whole(date.year > 0 ? date.year : date.year - 1);
    if (unit == "month") return whole(date.month);
    if (unit == "day") return whole(date.day);
    if (unit == "quarter") return whole((date.month - 1) / 3 + 1);
    if (unit == "hour") return whole(moment.of_day / 3'600'000'000);
    if (unit == "minute") return whole(moment.of_day / 60'000'000 % 60);
    if (unit == "second") return fraction(of_minute, 6);
    if (unit == "milliseconds") return fraction(of_minute, 3);
    if (unit == "microseconds") return whole(of_minute);
    if (unit == "dow") return whole((weekday(moment.days) + 1) % 7);
    if (unit == "isodow") return whole(weekday(moment.days) + 1);
    if (unit == "doy") return whole(moment.days - days_of_calendar({date.year, 1, 1}) + 1);
    if (unit == "week") return whole((moment.days - first_iso_week(iso_year(moment))) / 7 + 1);
    if (unit == "isoyear") {
        const std::int64_t year = iso_year(moment);
        return whole(year > 0 ? year : year - 1);
    }
    if (unit == "epoch") {
        constexpr std::int64_t unix_epoch = 10'957;
        const Numeric::Integer total =
            Numeric::Integer(moment.days + unix_epoch) * microseconds_a_day + moment.of_day;
        return std::make_shared<const Numeric>(total, 6);
    }
    constexpr std::array<std::string_view, 7> left_out{
        "decade",   "century",       "millennium",     "julian",
        "timezone", "timezone_hour", "timezone_minute"};
    if (std::ranges::find(left_out, unit) != left_out.end())
        return not_covered(fmt::format("EXTRACT of \"{}\"", unit));
    return unknown_unit(unit, type);
}

Checked<Value> extract_timestamp(const EvaluationContext&, Arguments arguments) {
    return extract(arguments, "timestamp without time zone");
}
Checked<Value> extract_timestamptz(const EvaluationContext&, Arguments arguments) {
    return extract(arguments, "timestamp with time zone");
}

Checked<Value> extract_date(const EvaluationContext&, Arguments arguments) {
    const std::string unit = lower_case(argument<std::string>(arguments, 0));
    constexpr std::array<std::string_view, 6> of_time{"hour",         "minute",       "second",
                                                      "milliseconds", "microseconds", "timezone"};
    if (std::ranges::find(of_time, unit) != of_time.end())
        return sql_error("0A000", fmt::format("unit \"{}\" not supported for type date", unit));
    SQL_TRY(const Value moment, to_timestamp({}, arguments.subspan(1)));
    const std::array<const Value*, 2> given{arguments[0], &moment};
    SQL_TRY(const Value part, extract(given, "date"));
    // A day has no parts of a second to show.
    if (unit != "epoch") return part;
    return std::make_shared<const Numeric>(
        std::get<std::shared_ptr<const Numeric>>(part)->truncated(0));
}

}  // namespace

std::vector<Function> date_operators() {
    using enum TypeId;
    std::vector<Function> operators{
        {"+", {date, int4}, date, add_days<0, 1, 1>},
        {"+", {int4, date}, date, add_days<1, 0, 1>},
        {"-", {date, int4}, date, add_days<0, 1, -1>},
        {"-", {date, date}, int4, days_between},
        {"+", {date, interval}, timestamp, add_span<0, 1, false>},
        {"+", {interval, date}, timestamp, add_span<1, 0, false>},
        {"-", {date, interval}, timestamp, add_span<0, 1, true>},
    };
    add_comparisons<std::is_eq>(operators, "=");
    add_comparisons<std::is_neq>(operators, "<>");
    add_comparisons<std::is_lt>(operators, "<");
    add_comparisons<std::is_lteq>(operators, "<=");
    add_comparisons<std::is_gt>(operators, ">");
    add_comparisons<std::is_gteq>(operators, ">=");
    return operators;
}

std::vector<Function> date_functions() {
    using enum TypeId;
    return {
        {"date", {timestamp}, date, from_timestamp},
        {"date", {timestamptz}, date, from_timestamp, Volatility::stable},
        {"timestamp", {date}, timestamp, to_timestamp},
        {"timestamptz", {date}, timestamptz, to_timestamp, Volatility::stable},
        {"make_date", {int4, int4, int4}, date, make_date},
        {"date_trunc", {text, timestamp}, timestamp, truncate_timestamp},
        {"date_trunc", {text, timestamptz}, timestamptz, truncate_timestamptz, Volatility::stable},
        {"extract", {text, timestamp}, numeric, extract_timestamp},
        {"extract", {text, timestamptz}, numeric, extract_timestamptz, Volatility::stable},
        {"extract", {text, date}, numeric, extract_date},
    };
}

}  // namespace atlas::sim::models::postgres

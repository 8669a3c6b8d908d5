#pragma once
// Text and arithmetic of timestamp, timestamptz and interval: DateStyle ISO, IntervalStyle
// postgres, TimeZone UTC, proleptic Gregorian calendar.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/types/type.hpp"
#include "sim/models/postgres/types/value.hpp"
#include "system/host/time.hpp"

namespace atlas::sim::models::postgres {

inline constexpr std::int64_t timestamp_infinity = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t timestamp_minus_infinity = std::numeric_limits<std::int64_t>::min();

std::int64_t timestamp_of(host::UtcTime time);

/// Errors: 22007 (not a time), 22008 (out of range), 0A000 (a form that is not covered).
Checked<std::int64_t> parse_timestamp(TypeId type, std::string_view text);
std::string format_timestamp(TypeId type, std::int64_t microseconds);

/// Days since 2000-01-01. Errors: as for a timestamp.
Checked<std::int64_t> parse_date(std::string_view text);
std::string format_date(std::int64_t days);

inline constexpr std::int64_t date_infinity = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int64_t date_minus_infinity = std::numeric_limits<std::int32_t>::min();

/// Between a date and the moment it begins at. Errors: 22008.
Checked<std::int64_t> timestamp_of_date(std::int64_t days);
std::int64_t date_of_timestamp(std::int64_t microseconds);

/// The year, month and day of a date, astronomically: year 0 is 1 BC.
struct CalendarDate {
    std::int64_t year = 0;
    std::int64_t month = 1;
    std::int64_t day = 1;
};
CalendarDate calendar_date(std::int64_t days);
std::int64_t days_of_calendar(const CalendarDate& date);
/// In a month of that year.
std::int64_t month_length(std::int64_t year, std::int64_t month);

/// Rounds to that many digits of a second.
std::int64_t round_timestamp(std::int64_t microseconds, std::int32_t digits);

/// A modifier of interval: which fields it has (pg_attribute.atttypmod, high half) and how many
/// digits of a second (low half); -1 is all of both.
inline constexpr int interval_month = 1 << 1;
inline constexpr int interval_year = 1 << 2;
inline constexpr int interval_day = 1 << 3;
inline constexpr int interval_hour = 1 << 10;
inline constexpr int interval_minute = 1 << 11;
inline constexpr int interval_second = 1 << 12;
inline constexpr int interval_full_range = 0x7FFF;
inline constexpr int interval_full_precision = 0xFFFF;
int interval_range(std::int32_t modifier);
int interval_precision(std::int32_t modifier);

/// In every spelling that PostgreSQL takes; what a number without a unit counts follows from the
/// modifier. Errors: 22007 (not an interval), 22015 and 22008 (out of range).
Checked<Interval> parse_interval(std::string_view text, std::int32_t modifier);
/// Without the fields and digits that the modifier leaves out.
Interval fitted_interval(Interval interval, std::int32_t modifier);
std::string format_interval(const Interval& interval);

/// Months first (clamped to the month's length), then days, then the rest, as PostgreSQL does.
/// Errors: 22008.
Checked<std::int64_t> add_interval(std::int64_t timestamp, const Interval& interval);
Interval negated(const Interval& interval);
/// In days and microseconds, as timestamp - timestamp gives it.
Interval difference(std::int64_t left, std::int64_t right);

}  // namespace atlas::sim::models::postgres

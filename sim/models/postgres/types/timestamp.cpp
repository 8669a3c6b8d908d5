#include "sim/models/postgres/types/timestamp.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

constexpr std::int64_t microseconds_a_second = 1'000'000;
constexpr std::int64_t microseconds_a_day = 86'400 * microseconds_a_second;
// 1970-01-01 to 2000-01-01.
constexpr std::int64_t epoch_difference_days = 10'957;
// PostgreSQL's range: 4713-11-24 BC up to, not including, 294277-01-01.
constexpr std::int64_t least_timestamp = -211'813'488'000'000'000;
constexpr std::int64_t end_of_timestamps = 9'223'371'331'200'000'000;

struct Date {
    std::int64_t year;
    std::int64_t month;
    std::int64_t day;
};

std::int64_t floor_divide(std::int64_t value, std::int64_t divisor) {
    const std::int64_t quotient = value / divisor;
    return quotient - (value % divisor < 0 ? 1 : 0);
}

bool is_leap_year(std::int64_t year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

std::int64_t days_in_month(std::int64_t year, std::int64_t month) {
    constexpr std::array<std::int64_t, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap_year(year) ? 29 : lengths[static_cast<std::size_t>(month - 1)];
}

// Days since 2000-01-01. Years begin in March here, so that the leap day comes last; 400 years
// have 146097 days.
std::int64_t days_of(const Date& date) {
    const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    const std::int64_t era = floor_divide(year, 400);
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t month_from_march = (date.month + 9) % 12;
    const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    const std::int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + day_of_era - 719'468 - epoch_difference_days;
}

Date date_of(std::int64_t days) {
    const std::int64_t shifted = days + epoch_difference_days + 719'468;
    const std::int64_t era = floor_divide(shifted, 146'097);
    const std::int64_t day_of_era = shifted - era * 146'097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
    const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return {era * 400 + year_of_era + (month <= 2 ? 1 : 0), month,
            day_of_year - (153 * month_from_march + 2) / 5 + 1};
}

// Reads a text from left to right; every step says whether it matched.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool done() const { return rest_.empty(); }
    char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
    bool at_digit() const { return peek() >= '0' && peek() <= '9'; }
    bool at_letter() const {
        return (peek() >= 'a' && peek() <= 'z') || (peek() >= 'A' && peek() <= 'Z');
    }

    bool take(char c) {
        if (peek() != c || rest_.empty()) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void skip_spaces() {
        while (take(' ')) {
        }
    }
    std::string_view digits() {
        std::size_t length = 0;
        while (length < rest_.size() && rest_[length] >= '0' && rest_[length] <= '9')
            ++length;
        const std::string_view found = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return found;
    }
    std::string word() {
        std::string found;
        while (at_letter()) {
            const char c = peek();
            found += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            rest_.remove_prefix(1);
        }
        return found;
    }
    std::optional<std::int64_t> number(std::size_t most_digits) {
        const std::string_view found = digits();
        if (found.empty() || found.size() > most_digits) return std::nullopt;
        std::int64_t value = 0;
        std::from_chars(found.data(), found.data() + found.size(), value);
        return value;
    }
    // Digits after a decimal point, as microseconds, rounded.
    std::int64_t fraction() {
        const std::string_view found = digits();
        std::int64_t value = 0;
        for (std::size_t i = 0; i < 6; ++i)
            value = value * 10 + (i < found.size() ? found[i] - '0' : 0);
        return value + (found.size() > 6 && found[6] >= '5' ? 1 : 0);
    }

  private:
    std::string_view rest_;
};

std::unexpected<Failure> invalid_syntax(TypeId type, std::string_view text) {
    return sql_error(
        "22007", fmt::format("invalid input syntax for type {}: \"{}\"", display_name(type), text));
}

std::unexpected<Failure> field_out_of_range(std::string_view text, bool month_or_day) {
    auto error =
        sql_error("22008", fmt::format("date/time field value out of range: \"{}\"", text));
    if (month_or_day) error.error()->hint = "Perhaps you need a different \"datestyle\" setting.";
    return error;
}

std::unexpected<Failure> timestamp_out_of_range() {
    return sql_error("22008", "timestamp out of range");
}

template <typename Integer>
bool fits(__int128 number) {
    return number >= std::numeric_limits<Integer>::min() &&
           number <= std::numeric_limits<Integer>::max();
}

bool in_range(std::int64_t microseconds) {
    return microseconds >= least_timestamp && microseconds < end_of_timestamps;
}

struct TimeOfDay {
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    std::int64_t microseconds = 0;  ///< Seconds and their fraction.

    bool is_valid() const {
        if (hours == 24) return minutes == 0 && microseconds == 0;
        // A leap second is taken and carried over, as PostgreSQL does.
        return hours < 24 && minutes < 60 && microseconds <= 60 * microseconds_a_second;
    }
    std::int64_t total() const {
        return (hours * 60 + minutes) * 60 * microseconds_a_second + microseconds;
    }
};

std::optional<TimeOfDay> scan_time_of_day(Scanner& scanner) {
    TimeOfDay time;
    const auto hours = scanner.number(2);
    if (!hours || !scanner.take(':')) return std::nullopt;
    const auto minutes = scanner.number(2);
    if (!minutes) return std::nullopt;
    time.hours = *hours;
    time.minutes = *minutes;
    if (scanner.take(':')) {
        const auto seconds = scanner.number(2);
        if (!seconds) return std::nullopt;
        time.microseconds = *seconds * microseconds_a_second;
        if (scanner.take('.')) time.microseconds += scanner.fraction();
    }
    return time;
}

// Z, UTC, or an offset; the microseconds to take off to reach UTC.
std::optional<std::int64_t> scan_zone(Scanner& scanner) {
    scanner.skip_spaces();
    if (scanner.done()) return 0;
    if (scanner.at_letter()) {
        const std::string word = scanner.word();
        if (word == "z" || word == "utc" || word == "gmt" || word == "zulu") return 0;
        return std::nullopt;
    }
    const bool negative = scanner.peek() == '-';
    if (!scanner.take('-') && !scanner.take('+')) return std::nullopt;
    const std::string_view digits = scanner.digits();
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    std::int64_t seconds = 0;
    if (digits.size() == 4) {
        std::from_chars(digits.data(), digits.data() + 2, hours);
        std::from_chars(digits.data() + 2, digits.data() + 4, minutes);
    } else if (digits.size() == 1 || digits.size() == 2) {
        std::from_chars(digits.data(), digits.data() + digits.size(), hours);
        if (scanner.take(':')) {
            const auto found = scanner.number(2);
            if (!found) return std::nullopt;
            minutes = *found;
            if (scanner.take(':')) {
                const auto found_seconds = scanner.number(2);
                if (!found_seconds) return std::nullopt;
                seconds = *found_seconds;
            }
        }
    } else {
        return std::nullopt;
    }
    if (hours > 15 || minutes > 59 || seconds > 59) return std::nullopt;
    const std::int64_t offset = ((hours * 60 + minutes) * 60 + seconds) * microseconds_a_second;
    return negative ? -offset : offset;
}

// Year, month and day without anything between them: the last four digits are the month and day.
Checked<Date> date_of_digits(std::string_view digits, TypeId type, std::string_view text) {
    constexpr std::size_t fewest = 6;
    const auto number = [&](std::size_t begin, std::size_t length) {
        std::int64_t value = 0;
        std::from_chars(digits.data() + begin, digits.data() + begin + length, value);
        return value;
    };
    if (digits.size() < fewest) {
        if (number(0, digits.size()) == 0) return not_covered("zeros for a date");
        return invalid_syntax(type, text);
    }
    // Far beyond the last year that there is.
    if (digits.size() > 12) return field_out_of_range(text, true);
    const std::size_t years = digits.size() - 4;
    std::int64_t year = number(0, years);
    if (years == 2) year += year < 70 ? 2000 : 1900;
    return Date{year, number(years, 2), number(years + 2, 2)};
}

Checked<Date> scan_date(Scanner& scanner, TypeId type, std::string_view text) {
    const std::string_view first = scanner.digits();
    if (first.empty()) return invalid_syntax(type, text);
    if (scanner.peek() == '.' || scanner.peek() == '/')
        return not_covered("a date other than year-month-day");
    if (!scanner.take('-')) return date_of_digits(first, type, text);
    if (first.size() > 6) return invalid_syntax(type, text);
    Date date{};
    std::from_chars(first.data(), first.data() + first.size(), date.year);
    const auto month = scanner.number(2);
    if (!month || !scanner.take('-')) return invalid_syntax(type, text);
    const auto day = scanner.number(2);
    if (!day) return invalid_syntax(type, text);
    date.month = *month;
    date.day = *day;
    return date;
}

std::optional<std::int64_t> special_timestamp(std::string_view text) {
    Scanner scanner(text);
    const bool negative = scanner.take('-');
    const std::string word = scanner.word();
    if (!scanner.done()) return std::nullopt;
    if (word == "infinity") return negative ? timestamp_minus_infinity : timestamp_infinity;
    if (word == "epoch" && !negative) return -epoch_difference_days * microseconds_a_day;
    return std::nullopt;
}

}  // namespace

std::int64_t timestamp_of(host::UtcTime time) {
    return floor_divide(time.since_epoch.count(), 1'000) -
           epoch_difference_days * microseconds_a_day;
}

Checked<std::int64_t> parse_timestamp(TypeId type, std::string_view text) {
    const std::string_view body = trimmed(text);
    if (const auto special = special_timestamp(body)) return *special;
    Scanner scanner(body);
    if (scanner.at_letter()) {
        const std::string word = scanner.word();
        for (const std::string_view known : {"now", "today", "tomorrow", "yesterday"}) {
            if (word == known) return not_covered(fmt::format("the time value \"{}\"", word));
        }
        return invalid_syntax(type, text);
    }
    Checked<Date> date = scan_date(scanner, type, text);
    if (!date) return std::unexpected(std::move(date).error());
    const auto [year, month, day] = *date;
    TimeOfDay time;
    std::int64_t zone = 0;
    const bool separated = scanner.peek() == ' ' || scanner.peek() == 'T';
    if (scanner.take('T')) {
    }
    scanner.skip_spaces();
    if (separated && scanner.at_digit()) {
        const auto found = scan_time_of_day(scanner);
        if (!found) return invalid_syntax(type, text);
        time = *found;
    }
    const auto offset = scan_zone(scanner);
    if (!offset || !scanner.done()) return invalid_syntax(type, text);
    if (type == TypeId::timestamptz) zone = *offset;
    if (month < 1 || month > 12 || day < 1 || year < 1 || day > days_in_month(year, month) ||
        !time.is_valid())
        return field_out_of_range(text, month < 1 || month > 12 || day < 1 || day > 31);
    const __int128 total = __int128{days_of(*date)} * microseconds_a_day + time.total() - zone;
    if (total < least_timestamp || total >= end_of_timestamps)
        return sql_error("22008", fmt::format("timestamp out of range: \"{}\"", text));
    return static_cast<std::int64_t>(total);
}

Checked<std::int64_t> parse_date(std::string_view text) {
    SQL_TRY(const std::int64_t moment, parse_timestamp(TypeId::date, text));
    return date_of_timestamp(moment);
}

std::string format_date(std::int64_t days) {
    if (days == date_infinity) return "infinity";
    if (days == date_minus_infinity) return "-infinity";
    const Date date = date_of(days);
    const bool before_christ = date.year <= 0;
    return fmt::format("{:04}-{:02}-{:02}{}", before_christ ? 1 - date.year : date.year, date.month,
                       date.day, before_christ ? " BC" : "");
}

Checked<std::int64_t> timestamp_of_date(std::int64_t days) {
    if (days == date_infinity) return timestamp_infinity;
    if (days == date_minus_infinity) return timestamp_minus_infinity;
    const __int128 total = __int128{days} * microseconds_a_day;
    if (total < least_timestamp || total >= end_of_timestamps)
        return sql_error("22008", "date out of range for timestamp");
    return static_cast<std::int64_t>(total);
}

std::int64_t date_of_timestamp(std::int64_t microseconds) {
    if (microseconds == timestamp_infinity) return date_infinity;
    if (microseconds == timestamp_minus_infinity) return date_minus_infinity;
    return floor_divide(microseconds, microseconds_a_day);
}

CalendarDate calendar_date(std::int64_t days) {
    const Date date = date_of(days);
    return {date.year, date.month, date.day};
}

std::int64_t days_of_calendar(const CalendarDate& date) {
    return days_of({date.year, date.month, date.day});
}

std::int64_t month_length(std::int64_t year, std::int64_t month) {
    return days_in_month(year, month);
}

std::string format_timestamp(TypeId type, std::int64_t microseconds) {
    if (microseconds == timestamp_infinity) return "infinity";
    if (microseconds == timestamp_minus_infinity) return "-infinity";
    const std::int64_t days = floor_divide(microseconds, microseconds_a_day);
    const std::int64_t of_day = microseconds - days * microseconds_a_day;
    const Date date = date_of(days);
    const std::int64_t second = of_day / microseconds_a_second;
    const bool before_christ = date.year <= 0;
    std::string text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
                                   before_christ ? 1 - date.year : date.year, date.month, date.day,
                                   second / 3600, second / 60 % 60, second % 60);
    if (const std::int64_t fraction = of_day % microseconds_a_second; fraction != 0) {
        text += fmt::format(".{:06}", fraction);
        while (text.back() == '0')
            text.pop_back();
    }
    if (type == TypeId::timestamptz) text += "+00";
    if (before_christ) text += " BC";
    return text;
}

std::int64_t round_timestamp(std::int64_t microseconds, std::int32_t digits) {
    if (digits < 0 || digits >= 6 || microseconds == timestamp_infinity ||
        microseconds == timestamp_minus_infinity)
        return microseconds;
    std::int64_t step = 1;
    for (std::int32_t i = digits; i < 6; ++i)
        step *= 10;
    // Away from zero at the half, like PostgreSQL's AdjustTimestampForTypmod.
    return microseconds >= 0 ? (microseconds + step / 2) / step * step
                             : -((-microseconds + step / 2) / step * step);
}

Checked<Interval> parse_interval(std::string_view text) {
    const auto invalid = [&] { return invalid_syntax(TypeId::interval, text); };
    const auto out_of_range = [&] {
        return sql_error("22015", fmt::format("interval field value out of range: \"{}\"", text));
    };
    // Wide enough for a few fields of eighteen digits in any unit.
    __int128 months = 0;
    __int128 years = 0;
    __int128 days = 0;
    __int128 microseconds = 0;
    Scanner scanner(trimmed(text));
    if (scanner.done()) return invalid();
    while (!scanner.done()) {
        scanner.skip_spaces();
        const bool negative = scanner.take('-');
        if (!negative) scanner.take('+');
        const __int128 sign = negative ? -1 : 1;
        if (!scanner.at_digit()) return invalid();
        const auto number = scanner.number(18);
        if (!number) return out_of_range();
        if (scanner.take(':')) {
            const auto minutes = scanner.number(2);
            if (!minutes || *minutes > 59) return invalid();
            __int128 total = (__int128{*number} * 60 + *minutes) * 60 * microseconds_a_second;
            if (scanner.take(':')) {
                const auto seconds = scanner.number(2);
                if (!seconds || *seconds > 59) return invalid();
                total += *seconds * microseconds_a_second;
                if (scanner.take('.')) total += scanner.fraction();
            }
            microseconds += sign * total;
            scanner.skip_spaces();
            continue;
        }
        const std::int64_t fraction = scanner.take('.') ? scanner.fraction() : 0;
        scanner.skip_spaces();
        std::string unit = scanner.word();
        if (unit.size() > 3 && unit.ends_with('s')) unit.pop_back();
        // A bare number is seconds.
        if (unit.empty() || unit == "second" || unit == "sec" || unit == "s") {
            microseconds += sign * (__int128{*number} * microseconds_a_second + fraction);
        } else if (unit == "millisecond" || unit == "msec" || unit == "ms") {
            microseconds += sign * (__int128{*number} * 1'000 + fraction / 1'000);
        } else if (unit == "microsecond" || unit == "usec" || unit == "us") {
            microseconds += sign * *number;
        } else if (unit == "minute" || unit == "min" || unit == "m") {
            microseconds += sign * (__int128{*number} * 60 * microseconds_a_second + fraction * 60);
        } else if (unit == "hour" || unit == "hr" || unit == "h") {
            microseconds +=
                sign * (__int128{*number} * 3'600 * microseconds_a_second + fraction * 3'600);
        } else if (fraction != 0) {
            return not_covered("fractions of a day or more in an interval");
        } else if (unit == "day" || unit == "d") {
            days += sign * *number;
        } else if (unit == "week" || unit == "w") {
            days += sign * *number * 7;
        } else if (unit == "month" || unit == "mon") {
            months += sign * *number;
        } else if (unit == "year" || unit == "y") {
            years += sign * *number;
        } else {
            return invalid();
        }
        scanner.skip_spaces();
    }
    if (!fits<std::int32_t>(months) || !fits<std::int32_t>(days) || !fits<std::int32_t>(years) ||
        !fits<std::int64_t>(microseconds))
        return out_of_range();
    months += years * 12;
    if (!fits<std::int32_t>(months)) return sql_error("22008", "interval out of range");
    return Interval{static_cast<std::int32_t>(months), static_cast<std::int32_t>(days),
                    static_cast<std::int64_t>(microseconds)};
}

std::string format_interval(const Interval& interval) {
    std::string text;
    bool negative_before = false;
    const auto append = [&](std::int64_t amount, std::string_view unit) {
        if (amount == 0) return;
        if (!text.empty()) text += ' ';
        // After a negative part a positive one shows its sign.
        if (negative_before && amount > 0) text += '+';
        text += fmt::format("{} {}{}", amount, unit, amount == 1 ? "" : "s");
        negative_before = amount < 0;
    };
    append(interval.months / 12, "year");
    append(interval.months % 12, "mon");
    append(interval.days, "day");
    if (interval.microseconds == 0 && !text.empty()) return text;
    const bool negative = interval.microseconds < 0;
    const std::int64_t length = negative ? -interval.microseconds : interval.microseconds;
    const std::int64_t seconds = length / microseconds_a_second;
    if (!text.empty()) text += ' ';
    if (negative) {
        text += '-';
    } else if (negative_before) {
        text += '+';
    }
    text += fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (const std::int64_t fraction = length % microseconds_a_second; fraction != 0) {
        text += fmt::format(".{:06}", fraction);
        while (text.back() == '0')
            text.pop_back();
    }
    return text;
}

Checked<std::int64_t> add_interval(std::int64_t timestamp, const Interval& interval) {
    if (timestamp == timestamp_infinity || timestamp == timestamp_minus_infinity) return timestamp;
    std::int64_t days = floor_divide(timestamp, microseconds_a_day);
    const std::int64_t of_day = timestamp - days * microseconds_a_day;
    if (interval.months != 0) {
        Date date = date_of(days);
        const std::int64_t months = date.year * 12 + date.month - 1 + interval.months;
        date.year = floor_divide(months, 12);
        date.month = months - date.year * 12 + 1;
        date.day = std::min(date.day, days_in_month(date.year, date.month));
        days = days_of(date);
    }
    const __int128 total = __int128{days + interval.days} * microseconds_a_day + of_day +
                           __int128{interval.microseconds};
    if (total < least_timestamp || total >= end_of_timestamps) return timestamp_out_of_range();
    const auto result = static_cast<std::int64_t>(total);
    return in_range(result) ? Checked<std::int64_t>(result) : timestamp_out_of_range();
}

Interval negated(const Interval& interval) {
    return {-interval.months, -interval.days, -interval.microseconds};
}

Interval difference(std::int64_t left, std::int64_t right) {
    const std::int64_t microseconds = left - right;
    return {0, static_cast<std::int32_t>(microseconds / microseconds_a_day),
            microseconds % microseconds_a_day};
}

}  // namespace atlas::sim::models::postgres

#include "sim/models/postgres/types/timestamp.hpp"

#include <fmt/compile.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "sim/models/postgres/names/lists.hpp"
#include "sim/models/postgres/types/date_time_fields.hpp"
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
// The same beginning, up to, not including, 5874898-01-01.
constexpr std::int64_t least_date = -2'451'545;
constexpr std::int64_t end_of_dates = 2'145'031'949;

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
    // PostgreSQL's own word for one of them here.
    const std::string_view name = type == TypeId::timestamp ? "timestamp" : display_name(type);
    return sql_error("22007", fmt::format("invalid input syntax for type {}: \"{}\"", name, text));
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

std::unexpected<Failure> zone_out_of_range(std::string_view text) {
    return sql_error("22009", fmt::format("time zone displacement out of range: \"{}\"", text));
}

// An offset; the microseconds to take off to reach UTC. Nothing if it is none.
Checked<std::optional<std::int64_t>> scan_offset(Scanner& scanner, std::string_view text) {
    constexpr std::optional<std::int64_t> no_offset;
    const bool negative = scanner.peek() == '-';
    if (!scanner.take('-') && !scanner.take('+')) return no_offset;
    const std::string_view digits = scanner.digits();
    if (digits.empty()) return no_offset;
    if (digits.size() > 4) return zone_out_of_range(text);
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    std::int64_t seconds = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), hours);
    if (scanner.take(':')) {
        const auto found = scanner.number(2);
        if (!found) return no_offset;
        minutes = *found;
        if (scanner.take(':')) {
            const auto found_seconds = scanner.number(2);
            if (!found_seconds) return no_offset;
            seconds = *found_seconds;
        }
    } else if (digits.size() > 2) {
        minutes = hours % 100;
        hours /= 100;
    }
    if (hours > 15 || minutes > 59 || seconds > 59) return zone_out_of_range(text);
    const std::int64_t offset = ((hours * 60 + minutes) * 60 + seconds) * microseconds_a_second;
    return negative ? -offset : offset;
}

// What may be behind the time: Z, UTC, or an offset, and an era.
struct Suffix {
    std::int64_t offset = 0;
    bool before_christ = false;
};

Checked<std::optional<Suffix>> scan_suffix(Scanner& scanner, std::string_view text) {
    constexpr std::optional<Suffix> not_known;
    Suffix suffix;
    scanner.skip_spaces();
    std::string word = scanner.word();
    if (word == "z" || word == "utc" || word == "gmt" || word == "zulu") {
        scanner.skip_spaces();
        word = scanner.word();
    } else if (word.empty() && !scanner.done()) {
        SQL_TRY(const std::optional<std::int64_t> offset, scan_offset(scanner, text));
        if (!offset) return not_known;
        suffix.offset = *offset;
        scanner.skip_spaces();
        word = scanner.word();
    }
    suffix.before_christ = word == "bc";
    const bool complete = scanner.done() && (word.empty() || word == "bc" || word == "ad");
    return complete ? std::optional(suffix) : not_known;
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
    // Which of the three is the year then depends on how many digits there are.
    if (first.size() < 3) return invalid_syntax(type, text);
    if (first.size() > 9) return field_out_of_range(text, false);
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

// PostgreSQL takes many more spellings. Where a text that is not taken here might be one, it is
// refused as such, and is no error of the text.
std::unexpected<Failure> not_taken(TypeId type, std::string_view text) {
    const auto fields = date_time_fields(text);
    if (!fields || fields->empty()) return invalid_syntax(type, text);
    const auto may_be_known = [](const DateTimeField& field) {
        if (field.kind == DateTimeFieldKind::signed_word) return false;
        return field.kind != DateTimeFieldKind::word || is_date_word(field.text) ||
               names::is_time_zone(field.text) || names::is_time_zone_abbreviation(field.text);
    };
    const DateTimeField& first = fields->front();
    const bool one_number = fields->size() == 1 && first.kind == DateTimeFieldKind::number;
    const bool dashes =
        fields->size() == 1 && first.text.find_first_not_of("0123456789-") == first.text.npos;
    // Year and month alone, or more than year, month and day; but 2020-123 is a day of a year.
    const auto parts = std::ranges::count(first.text, '-') + 1;
    const bool wrong_parts =
        dashes && (parts > 3 || (parts == 2 && first.text.size() - first.text.find('-') != 4));
    if (one_number || wrong_parts || !std::ranges::all_of(*fields, may_be_known))
        return invalid_syntax(type, text);
    return not_covered("this spelling of a date or time");
}

// A date and what goes with it, as it is written.
struct Moment {
    Date date;
    std::int64_t time = 0;    // Microseconds of the day.
    std::int64_t offset = 0;  // Of its time zone.
};

Checked<Moment> scan_moment(TypeId type, std::string_view text) {
    Scanner scanner(trimmed(text));
    if (!scanner.at_digit()) return not_taken(type, text);
    Checked<Date> date = scan_date(scanner, type, text);
    if (!date && date.error()->sqlstate == "22007") return not_taken(type, text);
    if (!date) return std::unexpected(std::move(date).error());
    TimeOfDay time;
    const bool separated = scanner.peek() == ' ' || scanner.peek() == 'T';
    // Of one piece with the date, so no offset.
    if (scanner.peek() == '-') return not_taken(type, text);
    scanner.take('T');
    scanner.skip_spaces();
    if (separated && scanner.at_digit()) {
        const auto found = scan_time_of_day(scanner);
        if (!found) return not_taken(type, text);
        time = *found;
    }
    SQL_TRY(const std::optional<Suffix> suffix, scan_suffix(scanner, text));
    if (!suffix) return not_taken(type, text);
    auto [year, month, day] = *date;
    const bool no_year = year < 1;
    if (suffix->before_christ) year = 1 - year;
    if (month < 1 || month > 12 || day < 1 || no_year || day > days_in_month(year, month) ||
        !time.is_valid())
        return field_out_of_range(text, month < 1 || month > 12 || day < 1 || day > 31);
    return Moment{{year, month, day}, time.total(), suffix->offset};
}

}  // namespace

std::int64_t timestamp_of(host::UtcTime time) {
    return floor_divide(time.since_epoch.count(), 1'000) -
           epoch_difference_days * microseconds_a_day;
}

Checked<std::int64_t> parse_timestamp(TypeId type, std::string_view text) {
    if (const auto special = special_timestamp(trimmed(text))) return *special;
    SQL_TRY(const Moment moment, scan_moment(type, text));
    const std::int64_t offset = type == TypeId::timestamptz ? moment.offset : 0;
    const __int128 total =
        __int128{days_of(moment.date)} * microseconds_a_day + moment.time - offset;
    if (total < least_timestamp || total >= end_of_timestamps)
        return sql_error("22008", fmt::format("timestamp out of range: \"{}\"", text));
    return static_cast<std::int64_t>(total);
}

// The time is looked at, and then left out.
Checked<std::int64_t> parse_date(std::string_view text) {
    if (const auto special = special_timestamp(trimmed(text))) return date_of_timestamp(*special);
    SQL_TRY(const Moment moment, scan_moment(TypeId::date, text));
    const std::int64_t days = days_of(moment.date);
    if (days < least_date || days >= end_of_dates)
        return sql_error("22008", fmt::format("date out of range: \"{}\"", text));
    return days;
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
    // Compiled: a twelfth of a simulation went into reading the format.
    std::string text = fmt::format(FMT_COMPILE("{:04}-{:02}-{:02} {:02}:{:02}:{:02}"),
                                   before_christ ? 1 - date.year : date.year, date.month, date.day,
                                   second / 3600, second / 60 % 60, second % 60);
    if (const std::int64_t fraction = of_day % microseconds_a_second; fraction != 0) {
        text += fmt::format(FMT_COMPILE(".{:06}"), fraction);
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
        text += fmt::format(FMT_COMPILE(".{:06}"), fraction);
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

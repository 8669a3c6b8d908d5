// The text of an interval, in every spelling that PostgreSQL takes (its documentation, 8.5.4): the
// fields of "postgres verbose" and of the SQL standard (DecodeInterval), else ISO 8601
// (DecodeISO8601Interval).

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "sim/models/postgres/types/date_time_fields.hpp"
#include "sim/models/postgres/types/timestamp.hpp"

namespace atlas::sim::models::postgres {
namespace {

// determinism: allow(float): PostgreSQL's own arithmetic of fractions, in plain IEEE operations
using Real = double;

enum class Unit : std::uint8_t {
    none,  // Not decided yet: the field on the right end may do without.
    microsecond,
    millisecond,
    second,
    minute,
    hour,
    day,
    week,
    month,
    year,
    decade,
    century,
    millennium,
    other,  // Known to PostgreSQL, and takes no number.
};

constexpr std::int64_t microseconds_a_day = 86'400'000'000;
constexpr std::int64_t days_a_month = 30;

struct UnitWord {
    std::string_view word;
    Unit unit;
};

// No more than ten letters of a word are compared.
constexpr std::size_t compared_letters = 10;
constexpr std::array<UnitWord, 58> unit_words{{
    {"c", Unit::century},
    {"cent", Unit::century},
    {"centuries", Unit::century},
    {"century", Unit::century},
    {"d", Unit::day},
    {"day", Unit::day},
    {"days", Unit::day},
    {"dec", Unit::decade},
    {"decade", Unit::decade},
    {"decades", Unit::decade},
    {"decs", Unit::decade},
    {"h", Unit::hour},
    {"hour", Unit::hour},
    {"hours", Unit::hour},
    {"hr", Unit::hour},
    {"hrs", Unit::hour},
    {"m", Unit::minute},
    {"microsecon", Unit::microsecond},
    {"mil", Unit::millennium},
    {"millennia", Unit::millennium},
    {"millennium", Unit::millennium},
    {"millisecon", Unit::millisecond},
    {"mils", Unit::millennium},
    {"min", Unit::minute},
    {"mins", Unit::minute},
    {"minute", Unit::minute},
    {"minutes", Unit::minute},
    {"mon", Unit::month},
    {"mons", Unit::month},
    {"month", Unit::month},
    {"months", Unit::month},
    {"ms", Unit::millisecond},
    {"msec", Unit::millisecond},
    {"mseconds", Unit::millisecond},
    {"msecs", Unit::millisecond},
    {"qtr", Unit::other},
    {"quarter", Unit::other},
    {"s", Unit::second},
    {"sec", Unit::second},
    {"second", Unit::second},
    {"seconds", Unit::second},
    {"secs", Unit::second},
    {"timezone", Unit::other},
    {"timezone_h", Unit::other},
    {"timezone_m", Unit::other},
    {"us", Unit::microsecond},
    {"usec", Unit::microsecond},
    {"useconds", Unit::microsecond},
    {"usecs", Unit::microsecond},
    {"w", Unit::week},
    {"week", Unit::week},
    {"weeks", Unit::week},
    {"y", Unit::year},
    {"year", Unit::year},
    {"years", Unit::year},
    {"yr", Unit::year},
    {"yrs", Unit::year},
    // Before the others, it turns them around.
    {"ago", Unit::other},
}};

enum class Problem : std::uint8_t { bad_format, out_of_range };
using Step = std::expected<void, Problem>;

constexpr std::unexpected bad_format{Problem::bad_format};
constexpr std::unexpected out_of_range{Problem::out_of_range};

struct Amount {
    std::int64_t whole = 0;
    Real fraction = 0;  // With the sign of the amount.
};

/// An interval while it is put together, years still apart.
class Sum {
  public:
    bool add(Unit unit, const Amount& amount) {
        switch (unit) {
            case Unit::microsecond:
                return add_time(amount, 1);
            case Unit::millisecond:
                return add_time(amount, 1'000);
            case Unit::second:
                return add_time(amount, 1'000'000);
            case Unit::minute:
                return add_time(amount, 60'000'000);
            case Unit::hour:
                return add_time(amount, 3'600'000'000);
            case Unit::day:
                return add_to(days_, amount.whole, 1) &&
                       add_fraction_of_time(amount.fraction, microseconds_a_day);
            case Unit::week:
                return add_to(days_, amount.whole, 7) && add_fraction_of_days(amount.fraction, 7);
            case Unit::month:
                return add_to(months_, amount.whole, 1) &&
                       add_fraction_of_days(amount.fraction, days_a_month);
            case Unit::year:
                return add_years(amount, 1);
            case Unit::decade:
                return add_years(amount, 10);
            case Unit::century:
                return add_years(amount, 100);
            case Unit::millennium:
                return add_years(amount, 1'000);
            default:
                return false;
        }
    }

    void set_time(std::int64_t microseconds) { microseconds_ = microseconds; }

    bool negate() {
        constexpr auto least = std::numeric_limits<std::int32_t>::min();
        if (microseconds_ == std::numeric_limits<std::int64_t>::min() || days_ == least ||
            months_ == least || years_ == least)
            return false;
        microseconds_ = -microseconds_;
        days_ = -days_;
        months_ = -months_;
        years_ = -years_;
        return true;
    }

    Checked<Interval> interval() const {
        const std::int64_t months = std::int64_t{years_} * 12 + months_;
        if (months != static_cast<std::int32_t>(months))
            return sql_error("22008", "interval out of range");
        return Interval{static_cast<std::int32_t>(months), days_, microseconds_};
    }

  private:
    static bool add_to(std::int32_t& total, std::int64_t amount, std::int32_t scale) {
        std::int32_t product = 0;
        return amount == static_cast<std::int32_t>(amount) &&
               !__builtin_mul_overflow(static_cast<std::int32_t>(amount), scale, &product) &&
               !__builtin_add_overflow(total, product, &total);
    }

    bool add_time(const Amount& amount, std::int64_t scale) {
        std::int64_t product = 0;
        return !__builtin_mul_overflow(amount.whole, scale, &product) &&
               !__builtin_add_overflow(microseconds_, product, &microseconds_) &&
               add_fraction_of_time(amount.fraction, scale);
    }

    // The half is rounded towards zero.
    bool add_fraction_of_time(Real fraction, std::int64_t scale) {
        if (fraction == 0) return true;
        fraction *= static_cast<Real>(scale);
        auto microseconds = static_cast<std::int64_t>(fraction);
        fraction -= static_cast<Real>(microseconds);
        if (fraction > 0.5) ++microseconds;
        if (fraction < -0.5) --microseconds;
        return !__builtin_add_overflow(microseconds_, microseconds, &microseconds_);
    }

    bool add_fraction_of_days(Real fraction, std::int64_t scale) {
        if (fraction == 0) return true;
        fraction *= static_cast<Real>(scale);
        const auto whole = static_cast<std::int32_t>(fraction);
        return add_to(days_, whole, 1) &&
               add_fraction_of_time(fraction - static_cast<Real>(whole), microseconds_a_day);
    }

    bool add_years(const Amount& amount, std::int32_t scale) {
        const Real months = std::rint(amount.fraction * static_cast<Real>(scale) * 12);
        return add_to(years_, amount.whole, scale) &&
               add_to(months_, static_cast<std::int64_t>(months), 1);
    }

    std::int32_t years_ = 0;
    std::int32_t months_ = 0;
    std::int32_t days_ = 0;
    std::int64_t microseconds_ = 0;
};

// A number at the front, which is taken off. With no digits it is 0, as strtol has it.
template <typename Integer>
std::expected<Integer, Problem> take_integer(std::string_view& rest) {
    std::string_view digits = rest;
    if (digits.starts_with('+')) digits.remove_prefix(1);
    Integer value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::result_out_of_range) return out_of_range;
    if (error == std::errc{}) rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return value;
}

// ".5" to the end of the text; a point alone is 0.
std::expected<Real, Problem> fraction_of(std::string_view text) {
    if (text == ".") return Real{0};
    Real value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return bad_format;
    return value;
}

// hh:mm, hh:mm:ss with a fraction, or mm:ss with a fraction; in microseconds.
std::expected<std::int64_t, Problem> time_of(std::string_view text, int range) {
    std::string_view rest = text;
    const auto first = take_integer<std::int64_t>(rest);
    if (!first) return std::unexpected(first.error());
    if (!rest.starts_with(':')) return bad_format;
    rest.remove_prefix(1);
    const auto second = take_integer<std::int32_t>(rest);
    if (!second) return std::unexpected(second.error());
    std::int64_t hours = *first;
    std::int64_t minutes = *second;
    std::int64_t seconds = 0;
    if (rest.starts_with(':')) {
        rest.remove_prefix(1);
        const auto third = take_integer<std::int32_t>(rest);
        if (!third) return std::unexpected(third.error());
        seconds = *third;
    } else if (rest.starts_with('.') ||
               (rest.empty() && range == (interval_minute | interval_second))) {
        if (hours != static_cast<std::int32_t>(hours)) return out_of_range;
        seconds = minutes;
        minutes = hours;
        hours = 0;
    }
    Real fraction = 0;
    if (rest.starts_with('.')) {
        const auto found = fraction_of(rest);
        if (!found) return std::unexpected(found.error());
        fraction = std::rint(*found * 1'000'000);
    } else if (!rest.empty()) {
        return bad_format;
    }
    if (hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60)
        return out_of_range;
    const __int128 total = (__int128{hours} * 3'600 + minutes * 60 + seconds) * 1'000'000 +
                           static_cast<std::int64_t>(fraction);
    if (total > std::numeric_limits<std::int64_t>::max()) return out_of_range;
    return static_cast<std::int64_t>(total);
}

// What a number at the right end counts if no word says so.
Unit last_unit(int range) {
    switch (range) {
        case interval_year:
            return Unit::year;
        case interval_month:
        case interval_year | interval_month:
            return Unit::month;
        case interval_day:
            return Unit::day;
        case interval_hour:
        case interval_day | interval_hour:
            return Unit::hour;
        case interval_minute:
        case interval_hour | interval_minute:
        case interval_day | interval_hour | interval_minute:
            return Unit::minute;
        default:
            return Unit::second;
    }
}

constexpr std::uint32_t bit(Unit unit) {
    return 1U << static_cast<unsigned>(unit);
}
constexpr std::uint32_t seconds_bits =
    bit(Unit::microsecond) | bit(Unit::millisecond) | bit(Unit::second);
constexpr std::uint32_t time_bits = seconds_bits | bit(Unit::minute) | bit(Unit::hour);

/// Reads the fields from right to left, so that a unit is known before its number.
class FieldDecoder {
  public:
    explicit FieldDecoder(int range) : range_(range) {}

    std::expected<Sum, Problem> decode(const std::vector<DateTimeField>& fields) {
        for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
            const auto found = decode_field(*field);
            if (!found) return std::unexpected(found.error());
            if ((*found & seen_) != 0) return bad_format;
            seen_ |= *found;
        }
        if (seen_ == 0) return bad_format;
        if (ago_ && !sum_.negate()) return out_of_range;
        return sum_;
    }

  private:
    using Seen = std::expected<std::uint32_t, Problem>;

    Seen decode_field(const DateTimeField& field) {
        switch (field.kind) {
            case DateTimeFieldKind::time: {
                const auto time = time_of(field.text, range_);
                if (!time) return std::unexpected(time.error());
                return take_time(*time);
            }
            case DateTimeFieldKind::signed_text: {
                const std::string_view body = std::string_view(field.text).substr(1);
                const auto time = time_of(body, range_);
                if (body.contains(':') && time)
                    return take_time(field.text.front() == '-' ? -*time : *time);
                return decode_number(field.text);
            }
            case DateTimeFieldKind::date:
            case DateTimeFieldKind::number:
                return decode_number(field.text);
            case DateTimeFieldKind::word:
            case DateTimeFieldKind::signed_word:
                return decode_word(field.text);
        }
        return bad_format;
    }

    // Left of a time there may be a bare number of days.
    Seen take_time(std::int64_t microseconds) {
        sum_.set_time(microseconds);
        unit_ = Unit::day;
        return time_bits;
    }

    Seen decode_word(std::string_view word) {
        const auto* const known =
            std::ranges::find(unit_words, word.substr(0, compared_letters), &UnitWord::word);
        if (known == unit_words.end()) return bad_format;
        unit_ = known->unit;
        if (known->word == "ago") ago_ = true;
        return 0U;
    }

    Seen decode_number(std::string_view text) {
        if (unit_ == Unit::none) unit_ = last_unit(range_);
        const bool negative = text.starts_with('-');
        std::string_view rest = text;
        const auto whole = take_integer<std::int64_t>(rest);
        if (!whole) return std::unexpected(whole.error());
        if (rest.starts_with('-')) return years_and_months(*whole, negative, rest.substr(1));
        Amount amount{*whole};
        if (rest.starts_with('.')) {
            const auto fraction = fraction_of(rest);
            if (!fraction) return std::unexpected(fraction.error());
            amount.fraction = negative ? -*fraction : *fraction;
        } else if (!rest.empty()) {
            return bad_format;
        }
        return take_amount(amount);
    }

    // The SQL standard's "1-2".
    Seen years_and_months(std::int64_t years, bool negative, std::string_view rest) {
        const auto months = take_integer<std::int32_t>(rest);
        if (!months || *months < 0 || *months >= 12) return out_of_range;
        if (!rest.empty()) return bad_format;
        std::int64_t total = 0;
        if (__builtin_mul_overflow(years, std::int64_t{12}, &total) ||
            __builtin_add_overflow(total, negative ? -*months : *months, &total))
            return out_of_range;
        unit_ = Unit::month;
        return take_amount({total});
    }

    Seen take_amount(const Amount& amount) {
        if (unit_ == Unit::other) return bad_format;
        if (!sum_.add(unit_, amount)) return out_of_range;
        const Unit unit = unit_;
        if (unit == Unit::hour) unit_ = Unit::day;
        return unit == Unit::second && amount.fraction != 0 ? seconds_bits : bit(unit);
    }

    int range_;
    Unit unit_ = Unit::none;
    std::uint32_t seen_ = 0;
    bool ago_ = false;
    Sum sum_;
};

/// "P1Y2M3DT4H5M6S", "P0001-02-03T04:05:06" and "P00010203T040506".
class IsoDecoder {
  public:
    explicit IsoDecoder(std::string_view text) : rest_(text) {}

    std::expected<Sum, Problem> decode() {
        if (rest_.size() < 2 || !rest_.starts_with('P')) return bad_format;
        rest_.remove_prefix(1);
        bool in_time = false;
        bool first = true;
        while (!rest_.empty()) {
            if (take('T')) {
                in_time = true;
                first = true;
                continue;
            }
            const Step step = in_time ? time_step(first) : date_step(first);
            if (!step) return std::unexpected(step.error());
            first = false;
        }
        return sum_;
    }

  private:
    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool part_ends() const { return rest_.empty() || rest_.starts_with('T'); }

    Step read_number() {
        const bool begins = !rest_.empty() && (std::string_view("-.").contains(rest_.front()) ||
                                               (rest_.front() >= '0' && rest_.front() <= '9'));
        Real value = 0;
        const char* const begin = rest_.data();
        const auto [end, error] = std::from_chars(begin, begin + rest_.size(), value);
        if (!begins || error != std::errc{}) return bad_format;
        if (!(value >= -1e15 && value <= 1e15)) return out_of_range;
        const std::string_view digits = rest_.substr(rest_.front() == '-' ? 1 : 0);
        width_ = std::min(digits.find_first_not_of("0123456789"), digits.size());
        rest_.remove_prefix(static_cast<std::size_t>(end - begin));
        const Real whole = std::trunc(value);
        number_ = {static_cast<std::int64_t>(whole), value - whole};
        return {};
    }

    Step add(Unit unit, const Amount& amount) {
        if (!sum_.add(unit, amount)) return out_of_range;
        return {};
    }

    Step add_next(Unit unit) {
        if (const Step step = read_number(); !step) return step;
        return add(unit, number_);
    }

    Step date_step(bool first) {
        if (const Step step = read_number(); !step) return step;
        if (take('Y')) return add(Unit::year, number_);
        if (take('M')) return add(Unit::month, number_);
        if (take('W')) return add(Unit::week, number_);
        if (take('D')) return add(Unit::day, number_);
        if (!first || !(part_ends() || rest_.starts_with('-'))) return bad_format;
        if (part_ends() && width_ == 8)
            return add_digits({Unit::year, Unit::month, Unit::day}, 10'000, 100);
        return add_separated({Unit::year, Unit::month, Unit::day}, '-');
    }

    Step time_step(bool first) {
        if (const Step step = read_number(); !step) return step;
        if (take('H')) return add(Unit::hour, number_);
        if (take('M')) return add(Unit::minute, number_);
        if (take('S')) return add(Unit::second, number_);
        if (!first || !(rest_.empty() || rest_.starts_with(':'))) return bad_format;
        if (rest_.empty() && width_ == 6)
            return add_digits({Unit::hour, Unit::minute, Unit::second}, 10'000, 100);
        return add_separated({Unit::hour, Unit::minute, Unit::second}, ':');
    }

    Step add_digits(const std::array<Unit, 3>& units, std::int64_t high, std::int64_t low) {
        const Amount all = number_;
        if (const Step step = add(units[0], {all.whole / high}); !step) return step;
        if (const Step step = add(units[1], {all.whole / low % low}); !step) return step;
        return add(units[2], {all.whole % low, all.fraction});
    }

    // What is on the right may be left out.
    Step add_separated(const std::array<Unit, 3>& units, char separator) {
        if (const Step step = add(units[0], number_); !step) return step;
        for (std::size_t i = 1; i < units.size(); ++i) {
            if (part_ends()) return {};
            if (!take(separator)) return bad_format;
            if (const Step step = add_next(units[i]); !step) return step;
        }
        if (!part_ends()) return bad_format;
        return {};
    }

    std::string_view rest_;
    Amount number_;
    std::size_t width_ = 0;  // How many digits it began with.
    Sum sum_;
};

}  // namespace

int interval_range(std::int32_t modifier) {
    return modifier < 0 ? interval_full_range : (modifier >> 16) & interval_full_range;
}

int interval_precision(std::int32_t modifier) {
    return modifier < 0 ? interval_full_precision : modifier & interval_full_precision;
}

Checked<Interval> parse_interval(std::string_view text, std::int32_t modifier) {
    const auto fields = date_time_fields(text);
    std::expected<Sum, Problem> sum = bad_format;
    if (fields) sum = FieldDecoder(interval_range(modifier)).decode(*fields);
    if (!sum && sum.error() == Problem::bad_format) sum = IsoDecoder(text).decode();
    if (!sum && sum.error() == Problem::bad_format) {
        return sql_error("22007",
                         fmt::format("invalid input syntax for type interval: \"{}\"", text));
    }
    if (!sum) {
        return sql_error("22015", fmt::format("interval field value out of range: \"{}\"", text));
    }
    SQL_TRY(const Interval interval, sum->interval());
    return fitted_interval(interval, modifier);
}

// Fields smaller than the smallest named one are cut off; seconds are rounded.
Interval fitted_interval(Interval interval, std::int32_t modifier) {
    const int range = interval_range(modifier);
    const auto cut_time = [&](std::int64_t unit) {
        interval.microseconds = interval.microseconds / unit * unit;
    };
    if (range != interval_full_range && (range & interval_second) == 0) {
        if ((range & interval_minute) != 0) {
            cut_time(60'000'000);
        } else if ((range & interval_hour) != 0) {
            cut_time(3'600'000'000);
        } else {
            interval.microseconds = 0;
            if ((range & interval_day) == 0) interval.days = 0;
            if (range == interval_year) interval.months = interval.months / 12 * 12;
        }
    }
    const int digits = interval_precision(modifier);
    if (digits < 6) interval.microseconds = round_timestamp(interval.microseconds, digits);
    return interval;
}

}  // namespace atlas::sim::models::postgres

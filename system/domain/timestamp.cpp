#include "system/domain/timestamp.hpp"

#include <algorithm>

namespace atlas::domain {
namespace {

/// Takes exactly `digits` decimal digits from the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return {};
    int value = 0;
    for (const char c : text.substr(0, digits)) {
        if (c < '0' || c > '9') return {};
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::chrono::microseconds> take_fraction(std::string_view& text) {
    if (!take(text, ".")) return std::chrono::microseconds{0};
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0 || digits > 6) return {};
    int value = *take_number(text, digits);
    for (std::size_t i = digits; i < 6; ++i)
        value *= 10;
    return std::chrono::microseconds{value};
}

/// With leading zeros: every answer carries two moments, and a general formatter takes longer than
/// all else that is done for them.
void append_number(std::string& text, std::int64_t value, std::size_t digits) {
    text.append(digits, '0');
    for (auto digit = text.rbegin(); value != 0 && digits > 0; ++digit, --digits) {
        *digit = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

}  // namespace

std::string to_rfc3339(Timestamp moment) {
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{moment - day};
    std::string text;
    text.reserve(27);
    append_number(text, static_cast<int>(date.year()), 4);
    append_number(text += '-', static_cast<unsigned>(date.month()), 2);
    append_number(text += '-', static_cast<unsigned>(date.day()), 2);
    append_number(text += 'T', clock.hours().count(), 2);
    append_number(text += ':', clock.minutes().count(), 2);
    append_number(text += ':', clock.seconds().count(), 2);
    append_number(text += '.', clock.subseconds().count(), 6);
    text += 'Z';
    return text;
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
    const auto year = take_number(text, 4);
    if (!year || !take(text, "-")) return {};
    const auto month = take_number(text, 2);
    if (!month || !take(text, "-")) return {};
    const auto day = take_number(text, 2);
    if (!day || !take(text, "T ")) return {};
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ":")) return {};
    const auto minute = take_number(text, 2);
    if (!minute || !take(text, ":")) return {};
    const auto second = take_number(text, 2);
    if (!second) return {};
    const auto fraction = take_fraction(text);
    if (!fraction || (text != "Z" && text != "+00")) return {};
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return {};
    return Timestamp{std::chrono::sys_days{date} + std::chrono::hours{*hour} +
                     std::chrono::minutes{*minute} + std::chrono::seconds{*second} + *fraction};
}

}  // namespace atlas::domain

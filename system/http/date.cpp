#include "system/http/date.hpp"

#include <fmt/format.h>

#include <array>

namespace atlas::http {
namespace {

constexpr std::array day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

std::string format_date(host::UtcTime time) {
    const std::chrono::sys_time<host::Duration> moment{time.since_epoch};
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(moment - day)};
    return fmt::format(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        day_names[std::chrono::weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
        month_names[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
        clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

const std::string& DateCache::at(host::UtcTime time) {
    const auto second = std::chrono::floor<std::chrono::seconds>(time.since_epoch);
    if (second != second_) {
        second_ = second;
        text_ = format_date(time);
    }
    return text_;
}

}  // namespace atlas::http

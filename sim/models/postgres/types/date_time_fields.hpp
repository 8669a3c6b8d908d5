#pragma once
// The fields that PostgreSQL cuts the text of a date, a time stamp or an interval into before it
// asks what they mean (ParseDateTime): numbers, words, times, and what has a sign.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace atlas::sim::models::postgres {

enum class DateTimeFieldKind : std::uint8_t {
    number,       ///< 12, 1.5, .5
    word,         ///< day
    date,         ///< 2020-01-02, 1-2, jan-5, america/new_york
    time,         ///< 12:34:56.789
    signed_text,  ///< +02, -1:30, -1-2: an offset, a signed number, or years and months.
    signed_word,  ///< -infinity
};

struct DateTimeField {
    DateTimeFieldKind kind = DateTimeFieldKind::number;
    std::string text;  ///< In lower case.
};

/// Nothing if it is none of PostgreSQL's: an odd character, or more than 25 fields.
std::optional<std::vector<DateTimeField>> date_time_fields(std::string_view text);

/// A word of dates ("jan", "pm", "epoch"), in lower case; not a unit of intervals or a time zone.
bool is_date_word(std::string_view word);

}  // namespace atlas::sim::models::postgres

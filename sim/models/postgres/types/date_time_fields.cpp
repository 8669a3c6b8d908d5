#include "sim/models/postgres/types/date_time_fields.hpp"

#include <algorithm>
#include <array>

namespace atlas::sim::models::postgres {
namespace {

constexpr std::size_t most_fields = 25;
// PostgreSQL compares no more of a word.
constexpr std::size_t compared_letters = 10;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_punctuation(char c) {
    return c > ' ' && c < '\x7f' && !is_digit(c) && !is_letter(c);
}

class FieldReader {
  public:
    explicit FieldReader(std::string_view text) : rest_(text) {}

    std::optional<std::vector<DateTimeField>> read() {
        std::vector<DateTimeField> fields;
        while (!rest_.empty()) {
            if (is_space(peek())) {
                rest_.remove_prefix(1);
                continue;
            }
            if (fields.size() == most_fields) return std::nullopt;
            DateTimeField field;
            field_ = &field;
            if (is_digit(peek())) {
                read_digits_first();
            } else if (peek() == '.') {
                take();
                take_while(is_digit);
            } else if (is_letter(peek())) {
                read_letters_first();
            } else if (peek() == '+' || peek() == '-') {
                if (!read_sign_first()) return std::nullopt;
            } else if (is_punctuation(peek())) {
                // Separates, and is nothing by itself.
                rest_.remove_prefix(1);
                continue;
            } else {
                return std::nullopt;
            }
            fields.push_back(std::move(field));
        }
        return fields;
    }

  private:
    char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

    void take() {
        const char c = peek();
        field_->text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        rest_.remove_prefix(1);
    }

    template <typename Predicate>
    void take_while(Predicate predicate) {
        while (!rest_.empty() && predicate(peek()))
            take();
    }

    void read_digits_first() {
        take_while(is_digit);
        const char delimiter = peek();
        if (delimiter == ':') {
            field_->kind = DateTimeFieldKind::time;
            take_while([](char c) { return is_digit(c) || c == ':' || c == '.'; });
        } else if (delimiter == '-' || delimiter == '/' || delimiter == '.') {
            take();
            read_after_delimiter(delimiter);
        }
    }

    // 1.5 is a number, 1.2.3 and 1-2 are dates; the month may be a word.
    void read_after_delimiter(char delimiter) {
        if (!is_digit(peek())) {
            field_->kind = DateTimeFieldKind::date;
            take_while([&](char c) { return is_digit(c) || is_letter(c) || c == delimiter; });
            return;
        }
        if (delimiter != '.') field_->kind = DateTimeFieldKind::date;
        take_while(is_digit);
        if (peek() != delimiter || rest_.empty()) return;
        field_->kind = DateTimeFieldKind::date;
        take_while([&](char c) { return is_digit(c) || c == delimiter; });
    }

    // A word, or with certain characters behind it a date or the name of a time zone.
    void read_letters_first() {
        field_->kind = DateTimeFieldKind::word;
        take_while(is_letter);
        const bool goes_on = peek() == '-' || peek() == '/' || peek() == '.' ||
                             ((peek() == '+' || is_digit(peek())) && !is_date_word(field_->text));
        if (!goes_on) return;
        field_->kind = DateTimeFieldKind::date;
        take_while([](char c) {
            return is_digit(c) || is_letter(c) || std::string_view("+-/_.:").contains(c);
        });
    }

    bool read_sign_first() {
        take();
        while (!rest_.empty() && is_space(peek()))
            rest_.remove_prefix(1);
        if (is_digit(peek()) || peek() == '.') {
            field_->kind = DateTimeFieldKind::signed_text;
            take_while([](char c) { return is_digit(c) || c == ':' || c == '.' || c == '-'; });
            return true;
        }
        field_->kind = DateTimeFieldKind::signed_word;
        const bool is_word = is_letter(peek());
        take_while(is_letter);
        return is_word;
    }

    std::string_view rest_;
    DateTimeField* field_ = nullptr;
};

}  // namespace

std::optional<std::vector<DateTimeField>> date_time_fields(std::string_view text) {
    return FieldReader(text).read();
}

bool is_date_word(std::string_view word) {
    constexpr std::array<std::string_view, 70> words{
        "ad",       "allballs", "am",      "apr",       "april",    "at",       "aug",
        "august",   "bc",       "d",       "dec",       "december", "dow",      "doy",
        "dst",      "epoch",    "feb",     "february",  "fri",      "friday",   "h",
        "infinity", "isodow",   "isoyear", "j",         "jan",      "january",  "jd",
        "jul",      "julian",   "july",    "jun",       "june",     "m",        "mar",
        "march",    "may",      "mm",      "mon",       "monday",   "nov",      "november",
        "now",      "oct",      "october", "on",        "pm",       "s",        "sat",
        "saturday", "sep",      "sept",    "september", "sun",      "sunday",   "t",
        "thu",      "thur",     "thurs",   "thursday",  "today",    "tomorrow", "tue",
        "tues",     "tuesday",  "wed",     "wednesday", "weds",     "y",        "yesterday"};
    return std::ranges::find(words, word.substr(0, compared_letters)) != words.end();
}

}  // namespace atlas::sim::models::postgres

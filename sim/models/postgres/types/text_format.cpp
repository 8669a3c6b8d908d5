#include "sim/models/postgres/types/text_format.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "sim/models/postgres/types/log_position.hpp"
#include "sim/models/postgres/types/numeric.hpp"
#include "sim/models/postgres/types/timestamp.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {
namespace {

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

char lower_case(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::unexpected<Failure> invalid_syntax(TypeId type, std::string_view text) {
    return sql_error(
        "22P02", fmt::format("invalid input syntax for type {}: \"{}\"", display_name(type), text));
}

struct IntegerRange {
    std::int64_t least;
    std::int64_t most;
};

IntegerRange range_of(TypeId type) {
    switch (type) {
        case TypeId::int2:
            return {std::numeric_limits<std::int16_t>::min(),
                    std::numeric_limits<std::int16_t>::max()};
        case TypeId::int4:
            return {std::numeric_limits<std::int32_t>::min(),
                    std::numeric_limits<std::int32_t>::max()};
        case TypeId::oid:
        case TypeId::xid:
            return {0, std::numeric_limits<std::uint32_t>::max()};
        default:
            return {std::numeric_limits<std::int64_t>::min(),
                    std::numeric_limits<std::int64_t>::max()};
    }
}

Checked<Value> parse_integer(TypeId type, std::string_view text) {
    std::string_view body = trimmed(text);
    if (body.starts_with('+')) {
        body.remove_prefix(1);
        if (body.starts_with('-')) return invalid_syntax(type, text);
    }
    std::int64_t number = 0;
    const char* const end = body.data() + body.size();
    const auto [stopped, error] = std::from_chars(body.data(), end, number);
    if (error == std::errc::invalid_argument || stopped != end) return invalid_syntax(type, text);
    const IntegerRange range = range_of(type);
    if (error == std::errc::result_out_of_range || number < range.least || number > range.most) {
        return sql_error("22003", fmt::format("value \"{}\" is out of range for type {}", text,
                                              display_name(type)));
    }
    return number;
}

Checked<Value> parse_boolean(std::string_view text) {
    std::string lower;
    for (const char c : trimmed(text))
        lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const auto is_prefix_of = [&](std::string_view word, std::size_t least) {
        return lower.size() >= least && word.starts_with(lower);
    };
    if (is_prefix_of("true", 1) || is_prefix_of("yes", 1) || lower == "on" || lower == "1")
        return true;
    if (is_prefix_of("false", 1) || is_prefix_of("no", 1) || is_prefix_of("off", 2) || lower == "0")
        return false;
    return invalid_syntax(TypeId::boolean, text);
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// PostgreSQL takes braces around, and a hyphen after any group of four digits.
Checked<Value> parse_uuid(std::string_view text) {
    std::string_view body = text;
    const bool braces = body.starts_with('{');
    if (braces) body.remove_prefix(1);
    Uuid uuid{};
    std::size_t position = 0;
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        if (position + 1 >= body.size()) return invalid_syntax(TypeId::uuid, text);
        const int high = hex_digit(body[position]);
        const int low = hex_digit(body[position + 1]);
        if (high < 0 || low < 0) return invalid_syntax(TypeId::uuid, text);
        uuid[i] = static_cast<std::uint8_t>(high * 16 + low);
        position += 2;
        const bool may_have_hyphen = i % 2 == 1 && i + 1 < uuid.size();
        if (may_have_hyphen && position < body.size() && body[position] == '-') ++position;
    }
    if (body.substr(position) != (braces ? "}" : "")) return invalid_syntax(TypeId::uuid, text);
    return uuid;
}

std::string format_uuid(const Uuid& uuid) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[uuid[i] >> 4];
        text += digits[uuid[i] & 15];
    }
    return text;
}

Checked<Value> parse_bytea_hex(std::string_view digits) {
    std::string bytes;
    for (std::size_t i = 0; i < digits.size();) {
        if (is_space(digits[i])) {
            ++i;
            continue;
        }
        const int high = hex_digit(digits[i]);
        if (high < 0) {
            return sql_error("22023",
                             fmt::format("invalid hexadecimal digit: \"{}\"", digits.substr(i, 1)));
        }
        if (i + 1 >= digits.size())
            return sql_error("22023", "invalid hexadecimal data: odd number of digits");
        const int low = hex_digit(digits[i + 1]);
        if (low < 0) {
            return sql_error(
                "22023", fmt::format("invalid hexadecimal digit: \"{}\"", digits.substr(i + 1, 1)));
        }
        bytes += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return bytes;
}

Checked<Value> parse_bytea(std::string_view text) {
    if (text.starts_with("\\x")) return parse_bytea_hex(text.substr(2));
    std::string bytes;
    const auto octal = [&](std::size_t i) {
        return i < text.size() && text[i] >= '0' && text[i] <= '7' ? text[i] - '0' : -1;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            bytes += text[i];
        } else if (i + 1 < text.size() && text[i + 1] == '\\') {
            bytes += '\\';
            ++i;
        } else if (octal(i + 1) >= 0 && octal(i + 1) <= 3 && octal(i + 2) >= 0 &&
                   octal(i + 3) >= 0) {
            bytes += static_cast<char>(octal(i + 1) * 64 + octal(i + 2) * 8 + octal(i + 3));
            i += 3;
        } else {
            return sql_error("22P02", "invalid input syntax for type bytea");
        }
    }
    return bytes;
}

std::string format_bytea(const std::string& bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "\\x";
    text.reserve(2 + bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::unexpected<Failure> malformed_array(std::string_view text, std::string detail) {
    auto error = sql_error("22P02", fmt::format("malformed array literal: \"{}\"", text));
    error.error()->detail = std::move(detail);
    return error;
}

struct ArrayElement {
    std::string text;
    bool quoted = false;
};

/// Takes apart {1,2,NULL,"quoted"}; what is inside an element is not looked at yet.
class ArrayReader {
  public:
    explicit ArrayReader(std::string_view text) : text_(text), rest_(trimmed(text)) {}

    Checked<std::vector<ArrayElement>> read() {
        if (rest_.starts_with('[')) return dimensions();
        if (!take('{')) {
            return malformed_array(text_,
                                   "Array value must start with \"{\" or dimension information.");
        }
        std::vector<ArrayElement> elements;
        skip_spaces();
        bool more = !take('}');
        while (more) {
            SQL_TRY(ArrayElement element, read_element());
            elements.push_back(std::move(element));
            skip_spaces();
            more = take(',');
            if (!more && !take('}')) return unexpected();
        }
        skip_spaces();
        if (!rest_.empty()) return malformed_array(text_, "Junk after closing right brace.");
        return elements;
    }

  private:
    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void skip_spaces() {
        while (!rest_.empty() && is_space(rest_.front()))
            rest_.remove_prefix(1);
    }

    std::unexpected<Failure> dimensions() const {
        const bool numbers =
            rest_.size() > 1 && std::string_view("+-0123456789").contains(rest_[1]);
        if (numbers) return not_covered("array literals with subscripts");
        return malformed_array(text_,
                               "\"[\" must introduce explicitly-specified array dimensions.");
    }

    // Of what cannot be where it is.
    std::unexpected<Failure> unexpected() const {
        if (rest_.empty()) return malformed_array(text_, "Unexpected end of input.");
        if (std::string_view("{},").contains(rest_.front())) {
            return malformed_array(text_,
                                   fmt::format("Unexpected \"{}\" character.", rest_.front()));
        }
        if (rest_.front() == '\\') return malformed_array(text_, "Unexpected \"\\\" character.");
        return malformed_array(text_, "Unexpected array element.");
    }

    Checked<ArrayElement> read_element() {
        skip_spaces();
        if (rest_.starts_with('{') && first_) return not_covered("arrays of several dimensions");
        first_ = false;
        if (take('"')) return read_quoted();
        ArrayElement element;
        std::size_t kept = 0;  // Spaces at the end belong to nobody, unless escaped.
        while (!rest_.empty() && !std::string_view("{},\"").contains(rest_.front())) {
            const bool escaped = take('\\');
            if (escaped && rest_.empty()) return unexpected();
            element.text += rest_.front();
            if (escaped || !is_space(rest_.front())) kept = element.text.size();
            rest_.remove_prefix(1);
        }
        if (kept == 0 || rest_.starts_with('{') || rest_.starts_with('"')) return unexpected();
        element.text.resize(kept);
        return element;
    }

    Checked<ArrayElement> read_quoted() {
        ArrayElement element{.text = {}, .quoted = true};
        while (!take('"')) {
            take('\\');
            if (rest_.empty()) return unexpected();
            element.text += rest_.front();
            rest_.remove_prefix(1);
        }
        return element;
    }

    std::string_view text_;
    std::string_view rest_;
    bool first_ = true;
};

// One-dimensional literals only.
Checked<Value> parse_array(TypeId type, std::string_view text) {
    SQL_TRY(const std::vector<ArrayElement> elements, ArrayReader(text).read());
    auto array = std::make_shared<Array>();
    for (const ArrayElement& element : elements) {
        if (!element.quoted &&
            std::ranges::equal(element.text, std::string_view("null"), {}, lower_case)) {
            array->elements.emplace_back(Null{});
        } else {
            SQL_TRY(Value value, parse_value({element_type(type)}, element.text));
            array->elements.push_back(std::move(value));
        }
    }
    return array;
}

std::string format_array(TypeId type, const Array& array) {
    std::string text = "{";
    for (const Value& value : array.elements) {
        if (text.size() > 1) text += ',';
        if (is_null(value)) {
            text += "NULL";
            continue;
        }
        const std::string element = format_value(element_type(type), value);
        const bool needs_quotes = element.empty() ||
                                  element.find_first_of("{}\",\\ \t\n\r\v\f") != element.npos ||
                                  element == "NULL" || element == "null";
        if (!needs_quotes) {
            text += element;
            continue;
        }
        text += '"';
        for (const char c : element) {
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
        text += '"';
    }
    return text + "}";
}

// The length of the well-formed UTF-8 sequence at the front (RFC 3629); 0 if there is none.
std::size_t utf8_sequence(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first == 0) return 0;
    if (first < 0x80) return 1;
    std::size_t length = 0;
    unsigned char least = 0x80;
    unsigned char most = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3;
        if (first == 0xE0) least = 0xA0;
        if (first == 0xED) most = 0x9F;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        if (first == 0xF0) least = 0x90;
        if (first == 0xF4) most = 0x8F;
    } else {
        return 0;
    }
    if (text.size() < length || byte(1) < least || byte(1) > most) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    return length;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    return text;
}

namespace {

Checked<Value> parse_single_char(std::string_view text) {
    if (!text.empty() && static_cast<unsigned char>(text.front()) >= 0x80)
        return not_covered("values of \"char\" beyond ASCII");
    return std::string(text.substr(0, 1));
}

}  // namespace

Checked<Value> parse_value(ColumnType type, std::string_view text) {
    switch (type.id) {
        case TypeId::boolean:
            return parse_boolean(text);
        case TypeId::int2:
        case TypeId::int4:
        case TypeId::int8:
        case TypeId::oid:
        case TypeId::xid:
            return parse_integer(type.id, text);
        case TypeId::pg_lsn:
            return parse_log_position(text);
        case TypeId::single_char:
            return parse_single_char(text);
        case TypeId::text:
        case TypeId::unknown:
        case TypeId::name:
            return std::string(text);
        case TypeId::varchar:
        case TypeId::bpchar:
            return apply_modifier(type, std::string(text), false);
        case TypeId::numeric: {
            SQL_TRY(const Numeric number, Numeric::parse(text));
            return apply_modifier(type, std::make_shared<const Numeric>(number), false);
        }
        case TypeId::date: {
            SQL_TRY(const std::int64_t days, parse_date(text));
            return days;
        }
        case TypeId::bytea:
            return parse_bytea(text);
        case TypeId::uuid:
            return parse_uuid(text);
        case TypeId::timestamp:
        case TypeId::timestamptz: {
            SQL_TRY(const std::int64_t moment, parse_timestamp(type.id, text));
            return round_timestamp(moment, type.modifier);
        }
        case TypeId::interval: {
            SQL_TRY(const Interval interval, parse_interval(text, type.modifier));
            return interval;
        }
        case TypeId::json: {
            SQL_CHECK(check_json(text));
            return std::string(text);
        }
        case TypeId::jsonb: {
            SQL_TRY(std::string canonical, canonical_json(text));
            return canonical;
        }
        default:
            break;
    }
    if (element_type(type.id) != TypeId::none) return parse_array(type.id, text);
    return not_covered(fmt::format("values of type {}", display_name(type.id)));
}

std::string format_value(TypeId type, const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value))
        return type == TypeId::bytea ? format_bytea(*text) : *text;
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        if (type == TypeId::timestamp || type == TypeId::timestamptz)
            return format_timestamp(type, *number);
        if (type == TypeId::date) return format_date(*number);
        if (type == TypeId::pg_lsn) return format_log_position(static_cast<std::uint64_t>(*number));
        return fmt::format_int(*number).str();
    }
    if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "t" : "f";
    if (const auto* uuid = std::get_if<Uuid>(&value)) return format_uuid(*uuid);
    if (const auto* interval = std::get_if<Interval>(&value)) return format_interval(*interval);
    if (const auto* array = std::get_if<std::shared_ptr<const Array>>(&value))
        return format_array(type, **array);
    if (const auto* numeric = std::get_if<std::shared_ptr<const Numeric>>(&value))
        return (*numeric)->text();
    ATLAS_CHECK(false, "NULL has no text");
}

Checked<Value> apply_modifier(ColumnType type, Value value, bool explicit_cast) {
    if (type.modifier < 0 || is_null(value)) return value;
    if (type.id == TypeId::timestamp || type.id == TypeId::timestamptz)
        return round_timestamp(std::get<std::int64_t>(value), type.modifier);
    if (type.id == TypeId::interval)
        return fitted_interval(std::get<Interval>(value), type.modifier);
    if (type.id == TypeId::numeric) {
        const auto& number = std::get<std::shared_ptr<const Numeric>>(value);
        SQL_TRY(Numeric fitting, number->with_modifier(type.modifier));
        return std::make_shared<const Numeric>(std::move(fitting));
    }
    if (type.id != TypeId::varchar && type.id != TypeId::bpchar) return value;
    const auto limit = static_cast<std::int64_t>(type.modifier - 4);
    std::string& text = std::get<std::string>(value);
    if (const std::int64_t length = utf8_length(text); length <= limit) {
        if (type.id == TypeId::bpchar) text.append(static_cast<std::size_t>(limit - length), ' ');
        return value;
    }
    std::size_t end = 0;
    for (std::int64_t characters = 0; characters < limit; ++characters) {
        do
            ++end;
        while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
    }
    if (!explicit_cast && text.find_first_not_of(' ', end) != text.npos) {
        return sql_error("22001", fmt::format("value too long for type {}", display_name(type)));
    }
    text.resize(end);
    return value;
}

Checked<> check_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_sequence(text);
        if (length == 0) {
            // PostgreSQL shows as many bytes as the first one announces.
            const auto first = static_cast<unsigned char>(text[0]);
            const std::size_t announced = first >= 0xF0 && first < 0xF8   ? 4
                                          : first >= 0xE0 && first < 0xF0 ? 3
                                          : first >= 0xC0 && first < 0xE0 ? 2
                                                                          : 1;
            std::string bytes;
            for (std::size_t i = 0; i < announced && i < text.size(); ++i) {
                if (i > 0) bytes += ' ';
                bytes += fmt::format("0x{:02x}", static_cast<unsigned char>(text[i]));
            }
            return sql_error("22021", "invalid byte sequence for encoding \"UTF8\": " + bytes);
        }
        text.remove_prefix(length);
    }
    return {};
}

std::int64_t utf8_length(std::string_view text) {
    std::int64_t characters = 0;
    for (const char c : text) {
        if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++characters;
    }
    return characters;
}

}  // namespace atlas::sim::models::postgres

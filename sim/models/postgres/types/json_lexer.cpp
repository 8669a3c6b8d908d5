#include "sim/models/postgres/types/json_lexer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace atlas::sim::models::postgres {
namespace {

using Kind = JsonToken::Kind;

constexpr std::uint32_t none = 0;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// What belongs to the word that is wrong, as PostgreSQL shows it.
bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           (static_cast<unsigned char>(c) & 0x80) != 0;
}

void append_utf8(std::string& text, std::uint32_t code) {
    const auto push = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) {
        push(code);
    } else if (code < 0x800) {
        push(0xC0 | (code >> 6));
        push(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        push(0xE0 | (code >> 12));
        push(0x80 | ((code >> 6) & 0x3F));
        push(0x80 | (code & 0x3F));
    } else {
        push(0xF0 | (code >> 18));
        push(0x80 | ((code >> 12) & 0x3F));
        push(0x80 | ((code >> 6) & 0x3F));
        push(0x80 | (code & 0x3F));
    }
}

constexpr const char* lone_surrogate = "Unicode low surrogate must follow a high surrogate.";

}  // namespace

std::unexpected<Failure> JsonLexer::invalid(std::string detail, std::size_t end) const {
    auto error = sql_error("22P02", "invalid input syntax for type json");
    error.error()->detail = std::move(detail);
    error.error()->context = context_up_to(end);
    return error;
}

// As much of the line as PostgreSQL shows.
std::string JsonLexer::context_up_to(std::size_t end) const {
    constexpr std::size_t enough = 50;
    constexpr std::size_t not_worth_leaving_out = 3;
    std::size_t begin = line_begin_;
    while (end - begin >= enough)
        begin += character_at(begin).size();
    if (begin - line_begin_ <= not_worth_leaving_out) begin = line_begin_;
    const bool goes_on = end < text_.size() && text_[end] != '\n' && text_[end] != '\r';
    return fmt::format("JSON data, line {}: {}{}{}", line_, begin > line_begin_ ? "..." : "",
                       text_.substr(begin, end - begin), goes_on ? "..." : "");
}

Checked<> JsonLexer::advance() {
    while (position_ < text_.size() && std::string_view(" \t\n\r").contains(text_[position_])) {
        if (text_[position_++] != '\n') continue;
        ++line_;
        line_begin_ = position_;
    }
    begin_ = position_;
    token_ = {};
    if (position_ == text_.size()) return {};
    const char first = text_[position_];
    if (std::string_view("{}[],:").contains(first)) {
        ++position_;
        token_ = {.kind = Kind::punctuation, .text = text_.substr(begin_, 1)};
        return {};
    }
    if (first == '"') return lex_string();
    if (first == '-' || is_digit(first)) return lex_number();
    return lex_word();
}

bool JsonLexer::take(char c) {
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
}

bool JsonLexer::take_digits() {
    const std::size_t begin = position_;
    while (is_digit(peek()))
        ++position_;
    return position_ > begin;
}

std::string_view JsonLexer::character_at(std::size_t place) const {
    std::size_t end = place + 1;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80)
        ++end;
    return text_.substr(place, end - place);
}

std::unexpected<Failure> JsonLexer::invalid_token() const {
    return invalid(
        fmt::format("Token \"{}\" is invalid.", text_.substr(begin_, position_ - begin_)));
}

Checked<> JsonLexer::lex_number() {
    take('-');
    bool valid = take('0') || take_digits();
    if (take('.')) valid = take_digits() && valid;
    if (take('e') || take('E')) {
        if (!take('+')) take('-');
        valid = take_digits() && valid;
    }
    while (is_word_character(peek())) {
        ++position_;
        valid = false;
    }
    if (!valid) return invalid_token();
    token_ = {.kind = Kind::number, .text = text_.substr(begin_, position_ - begin_)};
    return {};
}

Checked<> JsonLexer::lex_word() {
    while (is_word_character(peek()))
        ++position_;
    if (position_ == begin_) ++position_;
    const std::string_view word = text_.substr(begin_, position_ - begin_);
    if (word != "true" && word != "false" && word != "null") return invalid_token();
    token_ = {.kind = Kind::word, .text = word};
    return {};
}

Checked<> JsonLexer::lex_string() {
    take('"');
    std::uint32_t high_surrogate = none;
    while (true) {
        if (position_ == text_.size()) return invalid_token();
        const char c = text_[position_];
        if (static_cast<unsigned char>(c) < 0x20) {
            return invalid(fmt::format("Character with value 0x{:02x} must be escaped.",
                                       static_cast<unsigned>(c)));
        }
        if (c == '\\') {
            SQL_CHECK(lex_escape(high_surrogate));
            continue;
        }
        if (high_surrogate != none) return invalid_character(lone_surrogate);
        ++position_;
        if (c == '"') break;
        if (decodes_) token_.content += c;
    }
    token_.kind = Kind::string;
    token_.text = text_.substr(begin_, position_ - begin_);
    return {};
}

Checked<> JsonLexer::lex_escape(std::uint32_t& high_surrogate) {
    take('\\');
    if (position_ == text_.size()) return invalid_token();
    if (take('u')) {
        SQL_TRY(const std::uint32_t code, lex_four_hex_digits());
        return add_code(code, high_surrogate);
    }
    if (high_surrogate != none) return invalid_character(lone_surrogate);
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const std::size_t known = names.find(text_[position_]);
    if (known == names.npos) {
        return invalid_character(
            fmt::format("Escape sequence \"\\{}\" is invalid.", character_at(position_)));
    }
    token_.content += meanings[known];
    ++position_;
    return {};
}

Checked<std::uint32_t> JsonLexer::lex_four_hex_digits() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
        if (position_ == text_.size()) return invalid_token();
        const char c = text_[position_];
        code *= 16;
        if (is_digit(c)) {
            code += static_cast<std::uint32_t>(c - '0');
        } else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
            code += static_cast<std::uint32_t>((c | 32) - 'a' + 10);
        } else {
            return invalid_character("\"\\u\" must be followed by four hexadecimal digits.");
        }
        ++position_;
    }
    return code;
}

// A character beyond the first 65536 is written as two codes.
Checked<> JsonLexer::add_code(std::uint32_t code, std::uint32_t& high_surrogate) {
    if (!decodes_) return {};
    if (code >= 0xD800 && code <= 0xDBFF) {
        if (high_surrogate != none)
            return invalid("Unicode high surrogate must not follow a high surrogate.");
        high_surrogate = code;
        return {};
    }
    const bool is_low = code >= 0xDC00 && code <= 0xDFFF;
    if (is_low != (high_surrogate != none)) return invalid(lone_surrogate);
    if (is_low) code = 0x10000 + ((high_surrogate - 0xD800) << 10) + (code - 0xDC00);
    high_surrogate = none;
    if (code == 0) {
        auto error = sql_error("22P05", "unsupported Unicode escape sequence");
        error.error()->detail = "\\u0000 cannot be converted to text.";
        error.error()->context = context_up_to(position_);
        return error;
    }
    append_utf8(token_.content, code);
    return {};
}

std::string json_string(std::string_view content) {
    std::string text = "\"";
    constexpr std::string_view meanings = "\"\\\b\f\n\r\t";
    constexpr std::string_view names = "\"\\bfnrt";
    for (const char c : content) {
        if (const std::size_t special = meanings.find(c); special != meanings.npos) {
            text += '\\';
            text += names[special];
        } else if (static_cast<unsigned char>(c) < 0x20) {
            text += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            text += c;
        }
    }
    return text + "\"";
}

}  // namespace atlas::sim::models::postgres

// The jsonb type's text: checks JSON (RFC 8259) and writes it in jsonb's canonical form.

#include <map>

#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

// jsonb orders keys by length first.
struct KeyOrder {
    bool operator()(const std::string& left, const std::string& right) const {
        if (left.size() != right.size()) return left.size() < right.size();
        return left < right;
    }
};

constexpr int depth_limit = 1000;

class JsonReader {
  public:
    explicit JsonReader(std::string_view text) : text_(text) {}

    Checked<std::string> read_document() {
        SQL_TRY(std::string value, read_value(0));
        skip_spaces();
        if (position_ != text_.size()) return invalid();
        return value;
    }

  private:
    void skip_spaces() {
        while (position_ < text_.size() && std::string_view(" \t\n\r").contains(text_[position_]))
            ++position_;
    }
    char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
    bool take(char c) {
        if (peek() != c) return false;
        ++position_;
        return true;
    }

    std::unexpected<Failure> invalid() const {
        auto error = sql_error("22P02", "invalid input syntax for type json");
        error.error()->detail = position_ >= text_.size()
                                    ? "The input string ended unexpectedly."
                                    : fmt::format("Token \"{}\" is invalid.", token());
        return error;
    }

    // What PostgreSQL's lexer would call the token here: a word, or one character.
    std::string_view token() const {
        const auto is_word = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '_' || (static_cast<unsigned char>(c) & 0x80) != 0;
        };
        std::size_t end = position_;
        while (end < text_.size() && is_word(text_[end]))
            ++end;
        return text_.substr(position_, end > position_ ? end - position_ : 1);
    }

    Checked<std::string> read_value(int depth) {
        if (depth > depth_limit) return sql_error("54001", "stack depth limit exceeded");
        skip_spaces();
        switch (peek()) {
            case '{':
                return read_object(depth);
            case '[':
                return read_list(depth);
            case '"': {
                SQL_TRY(const std::string content, read_string());
                return quoted(content);
            }
            default:
                break;
        }
        if (peek() == '-' || (peek() >= '0' && peek() <= '9')) return read_number();
        for (const std::string_view word : {"true", "false", "null"}) {
            if (token() == word) {
                position_ += word.size();
                return std::string(word);
            }
        }
        return invalid();
    }

    Checked<std::string> read_object(int depth) {
        std::map<std::string, std::string, KeyOrder> members;
        take('{');
        skip_spaces();
        if (take('}')) return std::string("{}");
        while (true) {
            skip_spaces();
            if (peek() != '"') return invalid();
            SQL_TRY(std::string key, read_string());
            skip_spaces();
            if (!take(':')) return invalid();
            SQL_TRY(std::string value, read_value(depth + 1));
            members.insert_or_assign(std::move(key), std::move(value));
            skip_spaces();
            if (take('}')) break;
            if (!take(',')) return invalid();
        }
        std::string text = "{";
        for (const auto& [key, value] : members) {
            if (text.size() > 1) text += ", ";
            text += quoted(key) + ": " + value;
        }
        return text + "}";
    }

    Checked<std::string> read_list(int depth) {
        std::string text = "[";
        take('[');
        skip_spaces();
        if (take(']')) return std::string("[]");
        while (true) {
            SQL_TRY(const std::string value, read_value(depth + 1));
            if (text.size() > 1) text += ", ";
            text += value;
            skip_spaces();
            if (take(']')) return text + "]";
            if (!take(',')) return invalid();
        }
    }

    Checked<std::string> read_number() {
        const std::size_t begin = position_;
        take('-');
        if (!take('0')) {
            if (!skip_digits()) return invalid();
        }
        if (take('.') && !skip_digits()) return invalid();
        if (peek() == 'e' || peek() == 'E') return not_covered("exponents in jsonb numbers");
        const std::string number(text_.substr(begin, position_ - begin));
        // numeric has no negative zero.
        const bool is_zero = number.find_first_not_of("-0.") == number.npos;
        return is_zero && number.starts_with('-') ? number.substr(1) : number;
    }

    bool skip_digits() {
        const std::size_t begin = position_;
        while (peek() >= '0' && peek() <= '9')
            ++position_;
        return position_ > begin;
    }

    Checked<std::uint32_t> read_four_hex_digits() {
        std::uint32_t code = 0;
        for (int i = 0; i < 4; ++i) {
            const char c = peek();
            code *= 16;
            if (c >= '0' && c <= '9') {
                code += static_cast<std::uint32_t>(c - '0');
            } else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
                code += static_cast<std::uint32_t>((c | 32) - 'a' + 10);
            } else {
                return invalid();
            }
            ++position_;
        }
        return code;
    }

    Checked<std::uint32_t> read_escaped_code() {
        SQL_TRY(const std::uint32_t first, read_four_hex_digits());
        if (first == 0) {
            auto error = sql_error("22P05", "unsupported Unicode escape sequence");
            error.error()->detail = "\\u0000 cannot be converted to text.";
            return error;
        }
        if (first < 0xD800 || first > 0xDFFF) return first;
        if (first > 0xDBFF || !take('\\') || !take('u')) return invalid();
        SQL_TRY(const std::uint32_t second, read_four_hex_digits());
        if (second < 0xDC00 || second > 0xDFFF) return invalid();
        return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    }

    static void append_utf8(std::string& text, std::uint32_t code) {
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

    Checked<std::string> read_string() {
        std::string content;
        take('"');
        while (true) {
            if (position_ >= text_.size()) return invalid();
            const char c = text_[position_];
            if (static_cast<unsigned char>(c) < 0x20) return invalid();
            ++position_;
            if (c == '"') return content;
            if (c != '\\') {
                content += c;
                continue;
            }
            constexpr std::string_view names = "\"\\/bfnrt";
            constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
            const char escape = peek();
            if (const std::size_t known = names.find(escape);
                escape != '\0' && known != names.npos) {
                content += meanings[known];
                ++position_;
            } else if (take('u')) {
                SQL_TRY(const std::uint32_t code, read_escaped_code());
                append_utf8(content, code);
            } else {
                return invalid();
            }
        }
    }

    static std::string quoted(std::string_view content) {
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

    std::string_view text_;
    std::size_t position_ = 0;
};

}  // namespace

Checked<std::string> canonical_json(std::string_view text) {
    return JsonReader(text).read_document();
}

}  // namespace atlas::sim::models::postgres

// The text of json and jsonb: checks JSON (RFC 8259) and writes it in jsonb's canonical form.

#include <map>

#include "sim/models/postgres/types/json_lexer.hpp"
#include "sim/models/postgres/types/numeric.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

using Kind = JsonToken::Kind;

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
    /// What it reads is of use only if it is to be canonical.
    JsonReader(std::string_view text, bool canonical)
        : canonical_(canonical), lexer_(text, canonical) {}

    Checked<std::string> read_document() {
        SQL_CHECK(lexer_.advance());
        SQL_TRY(std::string value, read_value(0));
        if (lexer_.token().kind != Kind::end) return expected("end of input");
        return value;
    }

  private:
    std::unexpected<Failure> expected(std::string_view what) const {
        if (lexer_.token().kind == Kind::end)
            return lexer_.invalid("The input string ended unexpectedly.");
        return lexer_.invalid(
            fmt::format("Expected {}, but found \"{}\".", what, lexer_.token().text));
    }

    Checked<std::string> read_value(int depth) {
        if (depth > depth_limit) return sql_error("54001", "stack depth limit exceeded");
        if (lexer_.at('{')) return read_object(depth);
        if (lexer_.at('[')) return read_list(depth);
        const JsonToken token = lexer_.token();
        if (token.kind == Kind::end || token.kind == Kind::punctuation)
            return expected("JSON value");
        SQL_CHECK(lexer_.advance());
        if (token.kind == Kind::string) return json_string(token.content);
        if (token.kind == Kind::number) return read_number(token.text);
        return std::string(token.text);
    }

    Checked<std::string> read_number(std::string_view number) const {
        if (!canonical_) return std::string(number);
        if (number.find_first_of("eE") != number.npos) {
            SQL_TRY(const Numeric value, Numeric::parse(number));
            return value.text();
        }
        // numeric has no negative zero.
        const bool is_zero = number.find_first_not_of("-0.") == number.npos;
        return std::string(is_zero && number.starts_with('-') ? number.substr(1) : number);
    }

    Checked<std::string> read_object(int depth) {
        std::map<std::string, std::string, KeyOrder> members;
        SQL_CHECK(lexer_.advance());
        bool first = true;
        while (!(first && lexer_.at('}'))) {
            if (lexer_.token().kind != Kind::string)
                return expected(first ? "string or \"}\"" : "string");
            std::string key = lexer_.token().content;
            SQL_CHECK(lexer_.advance());
            if (!lexer_.at(':')) return expected("\":\"");
            SQL_CHECK(lexer_.advance());
            SQL_TRY(std::string value, read_value(depth + 1));
            members.insert_or_assign(std::move(key), std::move(value));
            first = false;
            if (!lexer_.at(',')) break;
            SQL_CHECK(lexer_.advance());
        }
        if (!lexer_.at('}')) return expected("\",\" or \"}\"");
        SQL_CHECK(lexer_.advance());
        std::string text = "{";
        for (const auto& [key, value] : members) {
            if (text.size() > 1) text += ", ";
            text += json_string(key) + ": " + value;
        }
        return text + "}";
    }

    Checked<std::string> read_list(int depth) {
        std::string text = "[";
        SQL_CHECK(lexer_.advance());
        bool first = true;
        while (!(first && lexer_.at(']'))) {
            SQL_TRY(const std::string value, read_value(depth + 1));
            if (!first) text += ", ";
            text += value;
            first = false;
            if (!lexer_.at(',')) break;
            SQL_CHECK(lexer_.advance());
        }
        if (!lexer_.at(']')) return expected("\",\" or \"]\"");
        SQL_CHECK(lexer_.advance());
        return text + "]";
    }

    bool canonical_;
    JsonLexer lexer_;
};

}  // namespace

Checked<std::string> canonical_json(std::string_view text) {
    return JsonReader(text, true).read_document();
}

Checked<> check_json(std::string_view text) {
    SQL_CHECK(JsonReader(text, false).read_document());
    return {};
}

}  // namespace atlas::sim::models::postgres

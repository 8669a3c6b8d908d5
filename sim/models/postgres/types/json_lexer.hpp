#pragma once
// JSON's tokens (RFC 8259), with PostgreSQL's words for what is none.

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/models/postgres/failure.hpp"

namespace atlas::sim::models::postgres {

struct JsonToken {
    enum class Kind { string, number, word, punctuation, end };

    Kind kind = Kind::end;
    /// As it is written.
    std::string_view text = {};
    /// Of a string, its characters.
    std::string content = {};
};

/// Reads from left to right, one token ahead of whoever asks.
class JsonLexer {
  public:
    /// The text must outlive the tokens.
    explicit JsonLexer(std::string_view text) : text_(text) {}

    const JsonToken& token() const { return token_; }
    bool at(char punctuation) const {
        return token_.kind == JsonToken::Kind::punctuation && token_.text.front() == punctuation;
    }

    /// Errors: 22P02, 22P05.
    Checked<> advance();

  private:
    char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
    bool take(char c);
    bool take_digits();
    std::string_view character() const;
    std::unexpected<Failure> invalid_token() const;

    Checked<> lex_number();
    Checked<> lex_word();
    Checked<> lex_string();
    Checked<> lex_escape(std::uint32_t& high_surrogate);
    Checked<std::uint32_t> lex_four_hex_digits();
    Checked<> add_code(std::uint32_t code, std::uint32_t& high_surrogate);

    std::string_view text_;
    std::size_t position_ = 0;
    std::size_t begin_ = 0;  // Of the token.
    JsonToken token_;
};

/// 22P02 with that detail.
std::unexpected<Failure> invalid_json(std::string detail);

/// The string with those characters, as jsonb shows it.
std::string json_string(std::string_view content);

}  // namespace atlas::sim::models::postgres

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
    /// The text must outlive the tokens. One that does not decode strings leaves their content
    /// empty, and lets pass what has a code, but is no character.
    explicit JsonLexer(std::string_view text, bool decodes = true)
        : text_(text), decodes_(decodes) {}

    const JsonToken& token() const { return token_; }
    bool at(char punctuation) const {
        return token_.kind == JsonToken::Kind::punctuation && token_.text.front() == punctuation;
    }

    /// Errors: 22P02, 22P05.
    Checked<> advance();

    /// 22P02 with that detail. Its context is the line up to the end of the token.
    std::unexpected<Failure> invalid(std::string detail) const {
        return invalid(std::move(detail), position_);
    }

  private:
    std::unexpected<Failure> invalid(std::string detail, std::size_t end) const;
    std::unexpected<Failure> invalid_character(std::string detail) const {
        return invalid(std::move(detail), position_ + character_at(position_).size());
    }
    std::string context_up_to(std::size_t end) const;
    char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
    bool take(char c);
    bool take_digits();
    /// The whole character there, whatever its length in bytes.
    std::string_view character_at(std::size_t place) const;
    std::unexpected<Failure> invalid_token() const;

    Checked<> lex_number();
    Checked<> lex_word();
    Checked<> lex_string();
    Checked<> lex_escape(std::uint32_t& high_surrogate);
    Checked<std::uint32_t> lex_four_hex_digits();
    Checked<> add_code(std::uint32_t code, std::uint32_t& high_surrogate);

    std::string_view text_;
    bool decodes_;
    std::size_t position_ = 0;
    std::size_t begin_ = 0;  // Of the token.
    std::size_t line_ = 1;
    std::size_t line_begin_ = 0;
    JsonToken token_;
};

/// The string with those characters, as jsonb shows it.
std::string json_string(std::string_view content);

}  // namespace atlas::sim::models::postgres

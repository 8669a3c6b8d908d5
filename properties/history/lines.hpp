#pragma once
// Walking a text line by line, with line numbers.

#include <cstddef>
#include <string_view>

namespace atlas::properties {

/// `Lines lines(text); while (lines.next()) use(lines.number(), lines.text());`
class Lines {
  public:
    explicit Lines(std::string_view text) : rest_(text) {}

    /// Goes to the next line that holds more than blanks; false at the end.
    bool next() {
        while (!rest_.empty()) {
            const std::size_t end = rest_.find('\n');
            line_ = rest_.substr(0, end);
            rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
            ++number_;
            while (!line_.empty() && is_blank(line_.back()))
                line_.remove_suffix(1);
            while (!line_.empty() && is_blank(line_.front()))
                line_.remove_prefix(1);
            if (!line_.empty()) return true;
        }
        return false;
    }

    /// From 1.
    std::size_t number() const { return number_; }
    /// Without blanks at its ends.
    std::string_view text() const { return line_; }

    static constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  private:
    std::string_view rest_;
    std::string_view line_;
    std::size_t number_ = 0;
};

}  // namespace atlas::properties

#include "sim/models/postgres/functions/pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace atlas::sim::models::postgres {
namespace {

/// Where in the text a match may have got to.
using Places = std::set<std::size_t>;

enum class PartKind : std::uint8_t { character, any, bracket, begin, end, group };

struct Part;
using Sequence = std::vector<Part>;

struct Part {
    PartKind kind = PartKind::character;
    std::string character = {};  ///< In UTF-8.
    std::vector<std::pair<std::string, std::string>> ranges = {};
    bool negated = false;
    std::vector<Sequence> alternatives = {};
    bool may_be_missing = false;
    bool may_repeat = false;
};

std::size_t size_of_character(unsigned char first) {
    if (first < 0x80) return 1;
    if (first < 0xE0) return 2;
    return first < 0xF0 ? 3 : 4;
}

bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::unexpected<Failure> invalid(std::string_view why) {
    return sql_error("2201B", fmt::format("invalid regular expression: {}", why));
}

class PatternReader {
  public:
    explicit PatternReader(std::string_view pattern) : rest_(pattern) {}

    Checked<std::vector<Sequence>> read() {
        if (rest_.starts_with("***")) return not_covered("directors of regular expressions");
        SQL_TRY(std::vector<Sequence> alternatives, read_alternatives());
        if (!rest_.empty()) return invalid("parentheses () not balanced");
        return alternatives;
    }

  private:
    Checked<std::vector<Sequence>> read_alternatives() {
        std::vector<Sequence> alternatives(1);
        while (!rest_.empty() && rest_.front() != ')') {
            if (rest_.front() == '|') {
                rest_.remove_prefix(1);
                alternatives.emplace_back();
                continue;
            }
            SQL_TRY(Part part, read_part());
            SQL_CHECK(read_quantifier(part));
            alternatives.back().push_back(std::move(part));
        }
        return alternatives;
    }

    Checked<Part> read_part() {
        const char first = rest_.front();
        if (first == '*' || first == '+' || first == '?')
            return invalid("quantifier operand invalid");
        if (first == '{') return not_covered("braces in regular expressions");
        if (first == '(') return read_group();
        if (first == '[') return read_bracket();
        if (first == '\\') {
            rest_.remove_prefix(1);
            if (rest_.empty()) return invalid("invalid escape \\ sequence");
            if (is_letter_or_digit(rest_.front()))
                return not_covered("escapes of regular expressions");
            return Part{.character = take_character()};
        }
        if (first == '.' || first == '^' || first == '$') {
            rest_.remove_prefix(1);
            return Part{.kind = first == '.'   ? PartKind::any
                                : first == '^' ? PartKind::begin
                                               : PartKind::end};
        }
        return Part{.character = take_character()};
    }

    Checked<Part> read_group() {
        rest_.remove_prefix(1);
        if (rest_.starts_with("?:")) {
            rest_.remove_prefix(2);
        } else if (rest_.starts_with("?")) {
            return not_covered("looking ahead and behind in regular expressions");
        }
        Part group{.kind = PartKind::group};
        SQL_TRY(group.alternatives, read_alternatives());
        if (rest_.empty()) return invalid("parentheses () not balanced");
        rest_.remove_prefix(1);
        return group;
    }

    Checked<Part> read_bracket() {
        rest_.remove_prefix(1);
        Part bracket{.kind = PartKind::bracket};
        bracket.negated = rest_.starts_with("^");
        if (bracket.negated) rest_.remove_prefix(1);
        bool first = true;
        while (!rest_.empty() && (first || rest_.front() != ']')) {
            if (rest_.front() == '[' || rest_.front() == '\\')
                return not_covered("classes and escapes in brackets of regular expressions");
            std::string from = take_character();
            std::string to = from;
            if (rest_.starts_with("-") && rest_.size() > 1 && rest_[1] != ']') {
                rest_.remove_prefix(1);
                to = take_character();
                if (to < from) return invalid("invalid character range");
            }
            bracket.ranges.emplace_back(std::move(from), std::move(to));
            first = false;
        }
        if (rest_.empty()) return invalid("brackets [] not balanced");
        rest_.remove_prefix(1);
        return bracket;
    }

    Checked<> read_quantifier(Part& part) {
        if (rest_.empty()) return {};
        const char sign = rest_.front();
        if (sign == '{') return not_covered("braces in regular expressions");
        if (sign != '*' && sign != '+' && sign != '?') return {};
        if (part.kind == PartKind::begin || part.kind == PartKind::end)
            return not_covered("quantifiers of anchors");
        rest_.remove_prefix(1);
        part.may_be_missing = sign != '+';
        part.may_repeat = sign != '?';
        if (!rest_.empty() && std::string_view("*+?{").contains(rest_.front()))
            return not_covered("quantifiers of quantifiers");
        return {};
    }

    std::string take_character() {
        const std::size_t size =
            std::min(rest_.size(), size_of_character(static_cast<unsigned char>(rest_.front())));
        std::string character(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return character;
    }

    std::string_view rest_;
};

// From all places at once, so that nothing is tried twice.
class Matcher {
  public:
    explicit Matcher(std::string_view text) : text_(text) {}

    Places after(const std::vector<Sequence>& alternatives, const Places& from) const {
        Places reached;
        for (const Sequence& sequence : alternatives) {
            Places places = from;
            for (const Part& part : sequence)
                places = after(part, places);
            reached.merge(places);
        }
        return reached;
    }

  private:
    Places after(const Part& part, const Places& from) const {
        Places reached = part.may_be_missing ? from : Places{};
        Places places = from;
        while (true) {
            places = after_once(part, places);
            const std::size_t before = reached.size();
            reached.insert(places.begin(), places.end());
            if (!part.may_repeat || reached.size() == before) return reached;
        }
    }

    Places after_once(const Part& part, const Places& from) const {
        if (part.kind == PartKind::group) return after(part.alternatives, from);
        Places reached;
        for (const std::size_t place : from) {
            if (part.kind == PartKind::begin || part.kind == PartKind::end) {
                const std::size_t wanted = part.kind == PartKind::begin ? 0 : text_.size();
                if (place == wanted) reached.insert(place);
                continue;
            }
            if (place == text_.size()) continue;
            const std::size_t size = size_of_character(static_cast<unsigned char>(text_[place]));
            if (fits(part, text_.substr(place, size))) reached.insert(place + size);
        }
        return reached;
    }

    static bool fits(const Part& part, std::string_view character) {
        if (part.kind == PartKind::any) return true;
        if (part.kind == PartKind::character) return character == part.character;
        const bool inside = std::ranges::any_of(part.ranges, [&](const auto& range) {
            return character >= range.first && character <= range.second;
        });
        return inside != part.negated;
    }

    std::string_view text_;
};

}  // namespace

Checked<bool> matches_pattern(std::string_view text, std::string_view pattern) {
    SQL_TRY(const std::vector<Sequence> alternatives, PatternReader(pattern).read());
    Places starts;
    for (std::size_t place = 0; place < text.size();
         place += size_of_character(static_cast<unsigned char>(text[place])))
        starts.insert(place);
    starts.insert(text.size());
    return !Matcher(text).after(alternatives, starts).empty();
}

}  // namespace atlas::sim::models::postgres

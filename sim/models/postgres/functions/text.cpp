// Functions and operators over text, bytea and uuid. Case mapping is ASCII's, as in locale C.

#include <algorithm>

#include "sim/models/postgres/functions/environment.hpp"
#include "sim/models/postgres/functions/groups.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

const std::string& text_of(Arguments arguments, std::size_t i) {
    return argument<std::string>(arguments, i);
}

Checked<Value> concatenate(const EvaluationContext&, Arguments arguments) {
    return text_of(arguments, 0) + text_of(arguments, 1);
}

Checked<Value> lower(const EvaluationContext&, Arguments arguments) {
    std::string text = text_of(arguments, 0);
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

Checked<Value> upper(const EvaluationContext&, Arguments arguments) {
    std::string text = text_of(arguments, 0);
    for (char& c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return text;
}

Checked<Value> character_length(const EvaluationContext&, Arguments arguments) {
    return utf8_length(text_of(arguments, 0));
}

Checked<Value> byte_length(const EvaluationContext&, Arguments arguments) {
    return static_cast<std::int64_t>(text_of(arguments, 0).size());
}

// The byte offset of a character; the size if there are fewer.
std::size_t offset_of_character(std::string_view text, std::int64_t character) {
    std::size_t offset = 0;
    for (; offset < text.size(); ++offset) {
        if ((static_cast<unsigned char>(text[offset]) & 0xC0) == 0x80) continue;
        if (character-- == 0) break;
    }
    return offset;
}

// Characters from..to-1, counted from 1; what lies outside is left out.
std::string characters(const std::string& text, std::int64_t from, std::int64_t to) {
    if (to <= from || to <= 1) return {};
    const std::size_t begin = offset_of_character(text, std::max<std::int64_t>(from, 1) - 1);
    const std::size_t end = offset_of_character(text, to - 1);
    return end <= begin ? std::string() : text.substr(begin, end - begin);
}

constexpr std::int64_t text_end = std::int64_t{1} << 40;

Checked<Value> substring_from(const EvaluationContext&, Arguments arguments) {
    return characters(text_of(arguments, 0), argument<std::int64_t>(arguments, 1), text_end);
}

Checked<Value> substring_from_for(const EvaluationContext&, Arguments arguments) {
    const std::int64_t from = argument<std::int64_t>(arguments, 1);
    const std::int64_t length = argument<std::int64_t>(arguments, 2);
    if (length < 0) return sql_error("22011", "negative substring length not allowed");
    return characters(text_of(arguments, 0), from, from + length);
}

Checked<Value> left(const EvaluationContext&, Arguments arguments) {
    const std::string& text = text_of(arguments, 0);
    const std::int64_t count = argument<std::int64_t>(arguments, 1);
    const std::int64_t kept =
        count < 0 ? std::max<std::int64_t>(utf8_length(text) + count, 0) : count;
    return characters(text, 1, kept + 1);
}

Checked<Value> right(const EvaluationContext&, Arguments arguments) {
    const std::string& text = text_of(arguments, 0);
    const std::int64_t count = argument<std::int64_t>(arguments, 1);
    const std::int64_t length = utf8_length(text);
    const std::int64_t skipped = count < 0 ? -count : std::max<std::int64_t>(length - count, 0);
    return characters(text, skipped + 1, text_end);
}

std::string trim(std::string_view text, std::string_view set, bool at_left, bool at_right) {
    while (at_left && !text.empty() && set.contains(text.front()))
        text.remove_prefix(1);
    while (at_right && !text.empty() && set.contains(text.back()))
        text.remove_suffix(1);
    return std::string(text);
}

template <bool AtLeft, bool AtRight>
Checked<Value> trim_spaces(const EvaluationContext&, Arguments arguments) {
    return trim(text_of(arguments, 0), " ", AtLeft, AtRight);
}

template <bool AtLeft, bool AtRight>
Checked<Value> trim_set(const EvaluationContext&, Arguments arguments) {
    const std::string& set = text_of(arguments, 1);
    const bool ascii = std::ranges::all_of(
        set, [](char c) { return (static_cast<unsigned char>(c) & 0x80) == 0; });
    if (!ascii) return not_covered("trimming characters outside ASCII");
    return trim(text_of(arguments, 0), set, AtLeft, AtRight);
}

Checked<Value> position(const EvaluationContext&, Arguments arguments) {
    const std::string& text = text_of(arguments, 0);
    const std::size_t found = text.find(text_of(arguments, 1));
    if (found == text.npos) return std::int64_t{0};
    return utf8_length(std::string_view(text).substr(0, found)) + 1;
}

Checked<Value> replace(const EvaluationContext&, Arguments arguments) {
    const std::string& text = text_of(arguments, 0);
    const std::string& from = text_of(arguments, 1);
    if (from.empty()) return text;
    std::string result;
    std::size_t begin = 0;
    for (std::size_t found = text.find(from); found != text.npos; found = text.find(from, begin)) {
        result.append(text, begin, found - begin);
        result += text_of(arguments, 2);
        begin = found + from.size();
    }
    return result.append(text, begin);
}

Checked<Value> starts_with(const EvaluationContext&, Arguments arguments) {
    return text_of(arguments, 0).starts_with(text_of(arguments, 1));
}

enum class Match : std::uint8_t { yes, no, pattern_ends_with_escape };

std::size_t sequence_length(std::string_view text) {
    std::size_t length = 1;
    while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
        ++length;
    return length;
}

// LIKE: % any characters, _ one, \ quotes the next. Goes back to the last % only, which is enough.
Match match_like(std::string_view text, std::string_view pattern) {
    std::string_view retry_text;
    std::string_view retry_pattern;
    bool can_retry = false;
    while (true) {
        if (!pattern.empty() && pattern.front() == '%') {
            pattern.remove_prefix(1);
            retry_text = text;
            retry_pattern = pattern;
            can_retry = true;
            continue;
        }
        if (text.empty() && pattern.empty()) return Match::yes;
        bool matches = false;
        if (!pattern.empty() && !text.empty()) {
            if (pattern.front() == '_') {
                text.remove_prefix(sequence_length(text));
                pattern.remove_prefix(1);
                matches = true;
            } else {
                if (pattern.front() == '\\') {
                    pattern.remove_prefix(1);
                    if (pattern.empty()) return Match::pattern_ends_with_escape;
                }
                matches = pattern.front() == text.front();
                if (matches) {
                    text.remove_prefix(1);
                    pattern.remove_prefix(1);
                }
            }
        }
        if (matches) continue;
        if (!can_retry || retry_text.empty()) return Match::no;
        retry_text.remove_prefix(sequence_length(retry_text));
        text = retry_text;
        pattern = retry_pattern;
    }
}

Checked<Value> like_with(std::string_view text, std::string_view pattern, bool wanted) {
    const Match match = match_like(text, pattern);
    if (match == Match::pattern_ends_with_escape)
        return sql_error("22025", "LIKE pattern must not end with escape character");
    return (match == Match::yes) == wanted;
}

// LIKE ... ESCAPE: the pattern with the usual escape character in place of another, or of none.
Checked<Value> like_escape(const EvaluationContext&, Arguments arguments) {
    const std::string_view pattern = text_of(arguments, 0);
    const std::string_view escape = text_of(arguments, 1);
    if (utf8_length(escape) > 1) {
        auto error = sql_error("22025", "invalid escape string");
        error.error()->hint = "Escape string must be empty or one character.";
        return error;
    }
    if (escape == "\\") return std::string(pattern);
    std::string changed;
    bool escaped = false;
    for (std::size_t i = 0; i < pattern.size();) {
        if (!escape.empty() && !escaped && pattern.substr(i).starts_with(escape)) {
            changed += '\\';
            i += escape.size();
            escaped = true;
            continue;
        }
        if (pattern[i] == '\\' && !escaped) changed += '\\';
        changed += pattern[i];
        escaped = false;
        ++i;
    }
    return changed;
}

template <bool Wanted>
Checked<Value> like(const EvaluationContext&, Arguments arguments) {
    return like_with(text_of(arguments, 0), text_of(arguments, 1), Wanted);
}

template <bool Wanted>
Checked<Value> like_any_case(const EvaluationContext& context, Arguments arguments) {
    SQL_TRY(const Value text, lower(context, arguments.subspan(0, 1)));
    SQL_TRY(const Value pattern, lower(context, arguments.subspan(1, 1)));
    return like_with(std::get<std::string>(text), std::get<std::string>(pattern), Wanted);
}

Checked<Value> encode(const EvaluationContext&, Arguments arguments) {
    if (text_of(arguments, 1) != "hex") return not_covered("encode() to other than 'hex'");
    return format_value(TypeId::bytea, *arguments[0]).substr(2);
}

Checked<Value> decode(const EvaluationContext&, Arguments arguments) {
    if (text_of(arguments, 1) != "hex") return not_covered("decode() from other than 'hex'");
    return parse_value({TypeId::bytea}, "\\x" + text_of(arguments, 0));
}

Checked<Value> gen_random_uuid(const EvaluationContext& context, Arguments) {
    return context.environment->random_uuid();
}

}  // namespace

std::vector<Function> text_operators() {
    using enum TypeId;
    return {
        {"||", {text, text}, text, concatenate},
        {"||", {bytea, bytea}, bytea, concatenate},
        {"~~", {text, text}, boolean, like<true>},
        {"!~~", {text, text}, boolean, like<false>},
        {"~~", {bpchar, text}, boolean, like<true>},
        {"!~~", {bpchar, text}, boolean, like<false>},
        {"~~*", {text, text}, boolean, like_any_case<true>},
        {"!~~*", {text, text}, boolean, like_any_case<false>},
    };
}

std::vector<Function> text_functions() {
    using enum TypeId;
    return {
        {"lower", {text}, text, lower},
        {"upper", {text}, text, upper},
        {"length", {text}, int4, character_length},
        {"length", {bytea}, int4, byte_length},
        {"char_length", {text}, int4, character_length},
        {"character_length", {text}, int4, character_length},
        {"octet_length", {text}, int4, byte_length},
        {"octet_length", {bytea}, int4, byte_length},
        {"substr", {text, int4}, text, substring_from},
        {"substr", {text, int4, int4}, text, substring_from_for},
        {"substring", {text, int4}, text, substring_from},
        {"substring", {text, int4, int4}, text, substring_from_for},
        {"left", {text, int4}, text, left},
        {"right", {text, int4}, text, right},
        {"btrim", {text}, text, trim_spaces<true, true>},
        {"ltrim", {text}, text, trim_spaces<true, false>},
        {"rtrim", {text}, text, trim_spaces<false, true>},
        {"btrim", {text, text}, text, trim_set<true, true>},
        {"ltrim", {text, text}, text, trim_set<true, false>},
        {"rtrim", {text, text}, text, trim_set<false, true>},
        {"strpos", {text, text}, int4, position},
        {"position", {text, text}, int4, position},
        {"replace", {text, text, text}, text, replace},
        {"starts_with", {text, text}, boolean, starts_with},
        {"like_escape", {text, text}, text, like_escape},
        {"encode", {bytea, text}, text, encode},
        {"decode", {text, text}, bytea, decode},
        {.name = "gen_random_uuid",
         .arguments = {},
         .result = uuid,
         .evaluate = gen_random_uuid,
         .volatility = Volatility::volatile_},
    };
}

}  // namespace atlas::sim::models::postgres

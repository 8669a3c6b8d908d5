// More functions over text: fields, padding, repetition, quoting.

#include <algorithm>

#include "sim/models/postgres/functions/groups.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

/// No value is longer (MaxAllocSize).
constexpr std::int64_t longest_text = 0x3FFFFFFF;

const std::string& text_of(Arguments arguments, std::size_t i) {
    return argument<std::string>(arguments, i);
}

std::int64_t number_of(Arguments arguments, std::size_t i) {
    return argument<std::int64_t>(arguments, i);
}

std::vector<std::string_view> characters_of(std::string_view text) {
    std::vector<std::string_view> characters;
    std::size_t begin = 0;
    while (begin < text.size()) {
        std::size_t end = begin + 1;
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
            ++end;
        characters.push_back(text.substr(begin, end - begin));
        begin = end;
    }
    return characters;
}

Checked<Value> split_part(const EvaluationContext&, Arguments arguments) {
    const std::string& text = text_of(arguments, 0);
    const std::string& separator = text_of(arguments, 1);
    std::int64_t field = number_of(arguments, 2);
    if (field == 0) return sql_error("22023", "field position must not be zero");
    std::vector<std::string> fields;
    std::size_t begin = 0;
    while (!separator.empty()) {
        const std::size_t found = text.find(separator, begin);
        if (found == text.npos) break;
        fields.push_back(text.substr(begin, found - begin));
        begin = found + separator.size();
    }
    fields.push_back(text.substr(begin));
    if (field < 0) field += static_cast<std::int64_t>(fields.size()) + 1;
    if (text.empty() || field < 1 || field > static_cast<std::int64_t>(fields.size()))
        return std::string();
    return fields[static_cast<std::size_t>(field - 1)];
}

Checked<Value> repeat(const EvaluationContext&, Arguments arguments) {
    const std::string& text = text_of(arguments, 0);
    const std::int64_t count = std::max<std::int64_t>(number_of(arguments, 1), 0);
    if (static_cast<std::int64_t>(text.size()) * count > longest_text - 4)
        return sql_error("54000", "requested length too large");
    std::string repeated;
    for (std::int64_t i = 0; i < count && !text.empty(); ++i)
        repeated += text;
    return repeated;
}

Checked<Value> reverse(const EvaluationContext&, Arguments arguments) {
    std::string reversed;
    const std::vector<std::string_view> characters = characters_of(text_of(arguments, 0));
    for (auto at = characters.rbegin(); at != characters.rend(); ++at)
        reversed += *at;
    return reversed;
}

template <bool AtLeft>
Checked<Value> pad(const EvaluationContext&, Arguments arguments) {
    const std::vector<std::string_view> text = characters_of(text_of(arguments, 0));
    const std::string filling = arguments.size() > 2 ? text_of(arguments, 2) : " ";
    const std::vector<std::string_view> fill = characters_of(filling);
    const std::int64_t wanted = std::max<std::int64_t>(number_of(arguments, 1), 0);
    if (wanted > longest_text / 4) return sql_error("54000", "requested length too large");
    const auto size = static_cast<std::size_t>(wanted);
    std::string kept;
    for (std::size_t i = 0; i < std::min(size, text.size()); ++i)
        kept += text[i];
    std::string padding;
    for (std::size_t i = text.size(); i < size && !fill.empty(); ++i)
        padding += fill[(i - text.size()) % fill.size()];
    return AtLeft ? padding + kept : kept + padding;
}

Checked<Value> translate(const EvaluationContext&, Arguments arguments) {
    const std::vector<std::string_view> from = characters_of(text_of(arguments, 1));
    const std::vector<std::string_view> to = characters_of(text_of(arguments, 2));
    std::string translated;
    for (const std::string_view character : characters_of(text_of(arguments, 0))) {
        const auto place =
            static_cast<std::size_t>(std::ranges::find(from, character) - from.begin());
        if (place == from.size()) {
            translated += character;
        } else if (place < to.size()) {
            translated += to[place];
        }
    }
    return translated;
}

Checked<Value> quote_literal(const EvaluationContext&, Arguments arguments) {
    const std::string& text = text_of(arguments, 0);
    std::string quoted = text.contains('\\') ? "E'" : "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') quoted += c;
        quoted += c;
    }
    return quoted + "'";
}

Checked<Value> ascii(const EvaluationContext&, Arguments arguments) {
    const std::string& text = text_of(arguments, 0);
    if (text.empty()) return std::int64_t{0};
    const std::string_view first = characters_of(text).front();
    const auto lead = static_cast<unsigned char>(first[0]);
    std::int64_t code = first.size() == 1   ? lead
                        : first.size() == 2 ? lead & 0x1F
                        : first.size() == 3 ? lead & 0x0F
                                            : lead & 0x07;
    for (std::size_t i = 1; i < first.size(); ++i)
        code = code << 6 | (static_cast<unsigned char>(first[i]) & 0x3F);
    return code;
}

}  // namespace

std::vector<Function> string_functions() {
    using enum TypeId;
    return {
        {"split_part", {text, text, int4}, text, split_part},
        {"repeat", {text, int4}, text, repeat},
        {"reverse", {text}, text, reverse},
        {"lpad", {text, int4}, text, pad<true>},
        {"lpad", {text, int4, text}, text, pad<true>},
        {"rpad", {text, int4}, text, pad<false>},
        {"rpad", {text, int4, text}, text, pad<false>},
        {"translate", {text, text, text}, text, translate},
        {"quote_literal", {text}, text, quote_literal},
        {"ascii", {text}, int4, ascii},
    };
}

}  // namespace atlas::sim::models::postgres

#include "properties/checkers/edn_map.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

namespace atlas::properties {

namespace {

class EdnReader {
  public:
    explicit EdnReader(std::string_view line) : rest_(line) {}

    std::expected<EdnMap, std::string> map();

  private:
    using Value = std::expected<EdnValue, std::string>;

    void skip_blanks() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' ||
                                  rest_.front() == ',' || rest_.front() == '\r')) {
            rest_.remove_prefix(1);
        }
    }
    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    Value value();
    Value text();
    Value collection(char end);
    std::string_view symbol();

    static constexpr std::size_t most_depth = 16;

    std::string_view rest_;
    std::size_t depth_ = 0;
};

std::string_view EdnReader::symbol() {
    const std::size_t end = rest_.find_first_of(" \t,{}[]()\"\r");
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(word.size());
    return word;
}

auto EdnReader::text() -> Value {
    std::string content;
    while (!rest_.empty()) {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        if (c == '"') return EdnValue{EdnValue::Kind::text, std::move(content), {}};
        if (c != '\\') {
            content += c;
            continue;
        }
        constexpr std::string_view escapes = "\"\\nrt";
        constexpr std::string_view meanings = "\"\\\n\r\t";
        const std::size_t which = rest_.empty() ? escapes.npos : escapes.find(rest_.front());
        if (which == escapes.npos) return std::unexpected("a text has an unknown escape");
        content += meanings[which];
        rest_.remove_prefix(1);
    }
    return std::unexpected("a text does not end with a quote");
}

auto EdnReader::collection(char end) -> Value {
    if (++depth_ > most_depth) return std::unexpected("its collections are nested too deeply");
    EdnValue found{end == '}' ? EdnValue::Kind::map : EdnValue::Kind::sequence, {}, {}};
    for (skip_blanks(); !take(end); skip_blanks()) {
        if (rest_.empty()) return std::unexpected(fmt::format("a \"{}\" is missing", end));
        Value item = value();
        if (!item) return item;
        found.items.push_back(std::move(*item));
    }
    --depth_;
    return found;
}

auto EdnReader::value() -> Value {
    while (take('#')) {
        symbol();
        skip_blanks();
    }
    if (take('"')) return text();
    if (take('[')) return collection(']');
    if (take('(')) return collection(')');
    if (take('{')) return collection('}');
    const bool is_keyword = take(':');
    const std::string_view word = symbol();
    if (word.empty()) return std::unexpected("a value is missing");
    if (is_keyword) return EdnValue{EdnValue::Kind::keyword, std::string(word), {}};
    if (word == "nil") return EdnValue{};
    if (word == "true" || word == "false")
        return EdnValue{EdnValue::Kind::boolean, std::string(word), {}};
    const std::string_view digits = word.starts_with('-') ? word.substr(1) : word;
    if (!digits.empty() && digits.find_first_not_of("0123456789") == digits.npos) {
        return EdnValue{EdnValue::Kind::number, std::string(word), {}};
    }
    return std::unexpected(fmt::format("\"{}\" is no keyword, number, text or nil", word));
}

std::expected<EdnMap, std::string> EdnReader::map() {
    EdnMap members;
    if (take('#')) symbol();  // A record's type: #jepsen.history.Op{...}
    if (!take('{')) return std::unexpected("it does not begin with \"{\"");
    for (skip_blanks(); !take('}'); skip_blanks()) {
        if (rest_.empty()) return std::unexpected("the map does not end with \"}\"");
        if (!take(':')) return std::unexpected("a key of the map is no keyword");
        std::string key(symbol());
        if (key.empty()) return std::unexpected("a key of the map is no keyword");
        skip_blanks();
        Value member = value();
        if (!member) return std::unexpected(std::move(member.error()));
        if (!members.try_emplace(key, std::move(*member)).second) {
            return std::unexpected(fmt::format("it has :{} twice", key));
        }
    }
    skip_blanks();
    if (!rest_.empty()) return std::unexpected("something follows the map");
    return members;
}

}  // namespace

std::expected<EdnMap, std::string> read_edn_map(std::string_view line) {
    return EdnReader(line).map();
}

}  // namespace atlas::properties

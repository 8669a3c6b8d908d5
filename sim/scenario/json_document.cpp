#include "sim/scenario/json_document.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace atlas::sim::scenario {
namespace {

using Kind = JsonValue::Kind;

constexpr unsigned deepest = 32;
constexpr std::size_t line_width = 90;

// Thrown inside the reader alone; parse_json turns it into a value.
struct Unreadable {
    std::string message;
};

class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}

    JsonValue read() {
        JsonValue value = read_value(0);
        skip_space();
        if (!at_end()) refuse("something follows the end of the document");
        return value;
    }

  private:
    bool at_end() const { return position_ == text_.size(); }
    char here() const { return at_end() ? '\0' : text_[position_]; }

    [[noreturn]] void refuse(std::string_view why) const {
        throw Unreadable{fmt::format("line {}: {}", line_, why)};
    }

    void skip_space() {
        while (!at_end() && (here() == ' ' || here() == '\t' || here() == '\r' || here() == '\n')) {
            if (here() == '\n') ++line_;
            ++position_;
        }
    }

    void take(char wanted) {
        skip_space();
        if (here() != wanted || at_end()) {
            const std::string found = at_end() ? "the end" : fmt::format("'{}'", here());
            refuse(fmt::format("'{}' is missing before {}", wanted, found));
        }
        ++position_;
    }

    bool take_if(char wanted) {
        skip_space();
        if (at_end() || here() != wanted) return false;
        ++position_;
        return true;
    }

    bool take_word(std::string_view word) {
        if (!text_.substr(position_).starts_with(word)) return false;
        position_ += word.size();
        return true;
    }

    JsonValue read_value(unsigned depth) {
        if (depth > deepest) refuse("the document is nested too deeply");
        skip_space();
        JsonValue value{.line = line_};
        if (here() == '{') {
            read_object(value, depth);
        } else if (here() == '[') {
            read_array(value, depth);
        } else if (here() == '"') {
            value.kind = Kind::string;
            value.text = read_string();
        } else if (here() == '-' || (here() >= '0' && here() <= '9')) {
            read_number(value);
        } else if (take_word("true")) {
            value.kind = Kind::boolean;
            value.boolean = true;
        } else if (take_word("false")) {
            value.kind = Kind::boolean;
        } else if (!take_word("null")) {
            refuse("a value is missing");
        }
        return value;
    }

    void read_object(JsonValue& value, unsigned depth) {
        value.kind = Kind::object;
        take('{');
        if (take_if('}')) return;
        do {
            skip_space();
            if (here() != '"') refuse("a member's name is missing");
            const unsigned name_line = line_;
            std::string name = read_string();
            if (value.find(name) != nullptr) refuse(fmt::format("'{}' is there twice", name));
            take(':');
            JsonValue member = read_value(depth + 1);
            member.line = name_line;
            value.members.emplace_back(std::move(name), std::move(member));
        } while (take_if(','));
        take('}');
    }

    void read_array(JsonValue& value, unsigned depth) {
        value.kind = Kind::array;
        take('[');
        if (take_if(']')) return;
        do {
            value.items.push_back(read_value(depth + 1));
        } while (take_if(','));
        take(']');
    }

    bool is_digit() const { return here() >= '0' && here() <= '9'; }

    void read_digits() {
        if (!is_digit()) refuse("a digit is missing");
        while (is_digit())
            ++position_;
    }

    void read_number(JsonValue& value) {
        value.kind = Kind::number;
        const std::size_t begin = position_;
        if (here() == '-') ++position_;
        if (here() == '0') {
            ++position_;
        } else {
            read_digits();
        }
        if (here() == '.') {
            ++position_;
            read_digits();
        }
        if (here() == 'e' || here() == 'E') {
            ++position_;
            if (here() == '+' || here() == '-') ++position_;
            read_digits();
        }
        value.text = text_.substr(begin, position_ - begin);
    }

    std::string read_string() {
        ++position_;
        std::string content;
        for (;;) {
            if (at_end() || here() == '\n') refuse("a text does not end on its line");
            const char c = text_[position_++];
            if (c == '"') return content;
            if (static_cast<unsigned char>(c) < 0x20) refuse("a control character in a text");
            if (c == '\\') {
                read_escape(content);
            } else {
                content += c;
            }
        }
    }

    void read_escape(std::string& content) {
        constexpr std::string_view escapes = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        const char c = here();
        const std::size_t index = at_end() ? std::string_view::npos : escapes.find(c);
        // Scenario files are plain English; \u is for what they do not hold.
        if (index == std::string_view::npos) refuse("an escape that scenario files do not know");
        ++position_;
        content += meanings[index];
    }

    std::string_view text_;
    std::size_t position_ = 0;
    unsigned line_ = 1;
};

std::string json_string(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string on_one_line(const JsonValue& value) {
    switch (value.kind) {
        case Kind::null:
            return "null";
        case Kind::boolean:
            return value.boolean ? "true" : "false";
        case Kind::number:
            return value.text;
        case Kind::string:
            return json_string(value.text);
        case Kind::array: {
            std::string text = "[";
            for (const JsonValue& item : value.items) {
                if (text.size() > 1) text += ", ";
                text += on_one_line(item);
            }
            return text + "]";
        }
        case Kind::object: {
            std::string text = "{";
            for (const auto& [name, member] : value.members) {
                if (text.size() > 1) text += ", ";
                text += json_string(name) + ": " + on_one_line(member);
            }
            return text + "}";
        }
    }
    return "";
}

void append(std::string& text, const JsonValue& value, std::size_t indent) {
    const bool is_leaf = value.kind != Kind::array && value.kind != Kind::object;
    const std::string short_form = on_one_line(value);
    if (is_leaf || (indent > 0 && indent + short_form.size() <= line_width)) {
        text += short_form;
        return;
    }
    const bool is_array = value.kind == Kind::array;
    const std::string margin(indent + 2, ' ');
    text += is_array ? "[\n" : "{\n";
    const std::size_t count = is_array ? value.items.size() : value.members.size();
    for (std::size_t i = 0; i < count; ++i) {
        text += margin;
        if (!is_array) text += json_string(value.members[i].first) + ": ";
        append(text, is_array ? value.items[i] : value.members[i].second, indent + 2);
        text += i + 1 < count ? ",\n" : "\n";
    }
    text += std::string(indent, ' ') + (is_array ? "]" : "}");
}

}  // namespace

JsonValue JsonValue::of(bool value) {
    return {.kind = Kind::boolean, .boolean = value};
}

JsonValue JsonValue::of(std::uint64_t value) {
    return {.kind = Kind::number, .text = std::to_string(value)};
}

JsonValue JsonValue::of(std::string value) {
    return {.kind = Kind::string, .text = std::move(value)};
}

const JsonValue* JsonValue::find(std::string_view name) const {
    const auto found =
        std::ranges::find_if(members, [name](const auto& member) { return member.first == name; });
    return found == members.end() ? nullptr : &found->second;
}

JsonValue& JsonValue::member(std::string_view name) {
    for (auto& [existing, value] : members) {
        if (existing == name) return value;
    }
    members.emplace_back(std::string(name), JsonValue::object());
    return members.back().second;
}

std::string_view name(JsonValue::Kind kind) noexcept {
    switch (kind) {
        case Kind::null:
            return "null";
        case Kind::boolean:
            return "true or false";
        case Kind::number:
            return "a number";
        case Kind::string:
            return "a text";
        case Kind::array:
            return "a list";
        case Kind::object:
            return "an object";
    }
    return "unknown";
}

host::Result<JsonValue> parse_json(std::string_view text) {
    try {
        return Reader(text).read();
    } catch (const Unreadable& unreadable) {
        return host::failure(host::ErrorCode::invalid_argument, unreadable.message);
    }
}

std::string to_text(const JsonValue& value) {
    std::string text;
    append(text, value, 0);
    return text + '\n';
}

}  // namespace atlas::sim::scenario

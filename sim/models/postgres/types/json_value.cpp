#include "sim/models/postgres/types/json_value.hpp"

#include <algorithm>
#include <charconv>

#include "sim/models/postgres/types/json_lexer.hpp"
#include "sim/models/postgres/types/numeric.hpp"
#include "sim/models/postgres/types/text_format.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {
namespace {

// Canonical text has no surprises: one space after each colon and comma, and few escapes.
class CanonicalReader {
  public:
    explicit CanonicalReader(std::string_view text) : rest_(text) {}

    JsonValue read() {
        switch (rest_.front()) {
            case '{':
                return read_object();
            case '[':
                return read_array();
            case '"':
                return {.kind = JsonValue::Kind::string, .scalar = read_string()};
            default:
                return read_word();
        }
    }

  private:
    void skip(std::size_t count) { rest_.remove_prefix(count); }

    JsonValue read_object() {
        JsonValue object{.kind = JsonValue::Kind::object};
        skip(1);
        while (rest_.front() != '}') {
            if (rest_.front() == ',') skip(2);
            std::string key = read_string();
            skip(2);
            JsonValue member = read();
            object.members.emplace_back(std::move(key), std::move(member));
        }
        skip(1);
        return object;
    }

    JsonValue read_array() {
        JsonValue array{.kind = JsonValue::Kind::array};
        skip(1);
        while (rest_.front() != ']') {
            if (rest_.front() == ',') skip(2);
            array.elements.push_back(read());
        }
        skip(1);
        return array;
    }

    JsonValue read_word() {
        const std::size_t end = std::min(rest_.find_first_of(",]}"), rest_.size());
        const std::string word(rest_.substr(0, end));
        skip(end);
        if (word == "null") return {};
        const bool boolean = word == "true" || word == "false";
        return {.kind = boolean ? JsonValue::Kind::boolean : JsonValue::Kind::number,
                .scalar = word};
    }

    std::string read_string() {
        std::string content;
        skip(1);
        while (rest_.front() != '"') {
            if (rest_.front() != '\\') {
                content += rest_.front();
                skip(1);
                continue;
            }
            constexpr std::string_view names = "\"\\bfnrt";
            constexpr std::string_view meanings = "\"\\\b\f\n\r\t";
            if (const std::size_t known = names.find(rest_[1]); known != names.npos) {
                content += meanings[known];
                skip(2);
            } else {
                // \u00xx: the control characters.
                content +=
                    static_cast<char>(std::stoi(std::string(rest_.substr(2, 4)), nullptr, 16));
                skip(6);
            }
        }
        skip(1);
        return content;
    }

    std::string_view rest_;
};

Numeric number_of(const JsonValue& value) {
    const Checked<Numeric> number = Numeric::parse(value.scalar);
    ATLAS_CHECK(number.has_value(), "canonical text has numbers that can be read");
    return *number;
}

int rank(JsonValue::Kind kind) {
    switch (kind) {
        case JsonValue::Kind::null:
            return 0;
        case JsonValue::Kind::string:
            return 1;
        case JsonValue::Kind::number:
            return 2;
        case JsonValue::Kind::boolean:
            return 3;
        case JsonValue::Kind::array:
            return 4;
        case JsonValue::Kind::object:
            return 5;
    }
    return 0;
}

std::strong_ordering compare_scalars(const JsonValue& left, const JsonValue& right) {
    if (left.kind == JsonValue::Kind::number) return number_of(left) <=> number_of(right);
    return left.scalar <=> right.scalar;
}

bool key_before(std::string_view left, std::string_view right) {
    return left.size() != right.size() ? left.size() < right.size() : left < right;
}

bool same(const JsonValue& left, const JsonValue& right) {
    return compare_json(left, right) == std::strong_ordering::equal;
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view key) const {
    const auto found =
        std::ranges::find_if(members, [&](const auto& member) { return member.first == key; });
    return found == members.end() ? nullptr : &found->second;
}

const JsonValue* JsonValue::at(std::int64_t place) const {
    // PostgreSQL keeps a scalar as an array of one.
    if (is_scalar()) return place == 0 || place == -1 ? this : nullptr;
    const auto size = static_cast<std::int64_t>(elements.size());
    const std::int64_t index = place < 0 ? size + place : place;
    return index < 0 || index >= size ? nullptr : &elements[static_cast<std::size_t>(index)];
}

void JsonValue::put(std::string key, JsonValue value) {
    const auto place = std::ranges::lower_bound(members, key, key_before, &Member::first);
    if (place != members.end() && place->first == key) {
        place->second = std::move(value);
    } else {
        members.emplace(place, std::move(key), std::move(value));
    }
}

// As strtoint() reads it.
std::optional<std::int32_t> place_of(std::string_view step) {
    step.remove_prefix(std::min(step.find_first_not_of(" \t\n\v\f\r"), step.size()));
    if (step.starts_with('+') && !step.starts_with("+-")) step.remove_prefix(1);
    std::int32_t place = 0;
    const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), place);
    const bool whole = error == std::errc{} && end == step.data() + step.size();
    return whole ? std::optional(place) : std::nullopt;
}

JsonValue read_json(std::string_view canonical) {
    return CanonicalReader(canonical).read();
}

std::string write_json(const JsonValue& value) {
    std::string text;
    switch (value.kind) {
        case JsonValue::Kind::null:
            return "null";
        case JsonValue::Kind::string:
            return json_string(value.scalar);
        case JsonValue::Kind::number:
        case JsonValue::Kind::boolean:
            return value.scalar;
        case JsonValue::Kind::array:
            for (const JsonValue& element : value.elements)
                text += (text.empty() ? "" : ", ") + write_json(element);
            return "[" + text + "]";
        case JsonValue::Kind::object:
            for (const auto& [key, member] : value.members)
                text += (text.empty() ? "" : ", ") + json_string(key) + ": " + write_json(member);
            return "{" + text + "}";
    }
    return text;
}

std::string json_as_text(const JsonValue& value) {
    return value.kind == JsonValue::Kind::string ? value.scalar : write_json(value);
}

std::strong_ordering compare_json(const JsonValue& left, const JsonValue& right) {
    // An empty array is before everything else, for reasons of PostgreSQL's own.
    const auto empty = [](const JsonValue& value) {
        return value.kind == JsonValue::Kind::array && value.elements.empty();
    };
    if (left.kind != right.kind) {
        if (empty(left) != empty(right))
            return empty(left) ? std::strong_ordering::less : std::strong_ordering::greater;
        return rank(left.kind) <=> rank(right.kind);
    }
    if (left.is_scalar()) return compare_scalars(left, right);
    if (left.kind == JsonValue::Kind::array) {
        if (const auto order = left.elements.size() <=> right.elements.size(); order != 0)
            return order;
        for (std::size_t i = 0; i < left.elements.size(); ++i) {
            const auto order = compare_json(left.elements[i], right.elements[i]);
            if (order != 0) return order;
        }
        return std::strong_ordering::equal;
    }
    if (const auto order = left.members.size() <=> right.members.size(); order != 0) return order;
    for (std::size_t i = 0; i < left.members.size(); ++i) {
        if (const auto order = left.members[i].first <=> right.members[i].first; order != 0)
            return order;
        const auto order = compare_json(left.members[i].second, right.members[i].second);
        if (order != 0) return order;
    }
    return std::strong_ordering::equal;
}

bool json_contains(const JsonValue& left, const JsonValue& right) {
    if (left.kind == JsonValue::Kind::object && right.kind == JsonValue::Kind::object) {
        return std::ranges::all_of(right.members, [&](const auto& wanted) {
            const JsonValue* const found = left.find(wanted.first);
            if (found == nullptr || found->kind != wanted.second.kind) return false;
            return found->is_scalar() ? same(*found, wanted.second)
                                      : json_contains(*found, wanted.second);
        });
    }
    if (left.kind == JsonValue::Kind::array && right.kind == JsonValue::Kind::array) {
        return std::ranges::all_of(right.elements, [&](const JsonValue& wanted) {
            return std::ranges::any_of(left.elements, [&](const JsonValue& element) {
                if (element.kind != wanted.kind) return false;
                return wanted.is_scalar() ? same(element, wanted) : json_contains(element, wanted);
            });
        });
    }
    // A list contains what it has as an element.
    if (left.kind == JsonValue::Kind::array && right.is_scalar()) {
        return std::ranges::any_of(left.elements,
                                   [&](const JsonValue& element) { return same(element, right); });
    }
    return left.is_scalar() && right.is_scalar() && same(left, right);
}

}  // namespace atlas::sim::models::postgres

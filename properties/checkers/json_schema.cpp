#include "properties/checkers/json_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace atlas::properties {

namespace {

using Json = nlohmann::json;

bool has_type(const Json& value, std::string_view type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    return type == "null" && value.is_null();
}

/// A pattern of '0' for a decimal digit, 'x' for a small hexadecimal one, and itself else.
bool has_shape(std::string_view text, std::string_view shape) {
    return std::ranges::equal(text, shape, [](char c, char kind) {
        const bool is_digit = c >= '0' && c <= '9';
        if (kind == '0') return is_digit;
        if (kind == 'x') return is_digit || (c >= 'a' && c <= 'f');
        return c == kind;
    });
}

/// RFC 3339 in UTC, with or without a fraction.
bool is_date_time(std::string_view text) {
    constexpr std::string_view seconds = "0000-00-00T00:00:00";
    if (!has_shape(text.substr(0, seconds.size()), seconds) || !text.ends_with('Z')) return false;
    text.remove_prefix(seconds.size());
    text.remove_suffix(1);
    if (text.empty()) return true;
    return text.size() > 1 && text.front() == '.' &&
           has_shape(text.substr(1), std::string(text.size() - 1, '0'));
}

/// RFC 9110, strong: what is weak is of no use for If-Match.
bool is_entity_tag(std::string_view text) {
    return text.size() >= 2 && text.front() == '"' && text.back() == '"' &&
           text.substr(1, text.size() - 2).find('"') == std::string_view::npos;
}

bool has_format(std::string_view text, std::string_view format) {
    if (format == "uuid") return has_shape(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    if (format == "date-time") return is_date_time(text);
    if (format == "uri") {
        return text.find(':') != std::string_view::npos && text.find(' ') == std::string_view::npos;
    }
    if (format == "uri-reference") {
        return !text.empty() && text.find_first_of(" \t\"<>") == std::string_view::npos;
    }
    if (format == "entity-tag") return is_entity_tag(text);
    return format == "json-pointer" && (text.empty() || text.front() == '/');
}

/// In Unicode code points, as the standard counts.
std::size_t length(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

class Validation {
  public:
    explicit Validation(const Json& document) : document_(document) {}

    void check(const Json& schema, const Json& value, const std::string& pointer) {
        for (const auto& [keyword, argument] : schema.items())
            check_keyword(keyword, argument, schema, value, pointer);
    }

    std::vector<std::string> faults() { return std::move(faults_); }

  private:
    void check_keyword(const std::string& keyword, const Json& argument, const Json& schema,
                       const Json& value, const std::string& pointer);
    void check_type(const Json& argument, const Json& value, const std::string& pointer);
    void check_text(const std::string& keyword, const Json& argument, const std::string& text,
                    const std::string& pointer);
    void check_members(const Json& properties, const Json& object, const std::string& pointer);
    void check_no_others(const Json& schema, const Json& object, const std::string& pointer);
    void fail(const std::string& pointer, std::string_view what) {
        faults_.push_back(fmt::format("\"{}\": {}", pointer, what));
    }

    const Json& document_;
    std::vector<std::string> faults_;
};

void Validation::check_keyword(const std::string& keyword, const Json& argument, const Json& schema,
                               const Json& value, const std::string& pointer) {
    if (keyword == "$ref") {
        const Json::json_pointer target(argument.get<std::string>().substr(1));
        check(document_.at(target), value, pointer);
    } else if (keyword == "type") {
        check_type(argument, value, pointer);
    } else if (keyword == "enum") {
        if (std::ranges::find(argument, value) == argument.end())
            fail(pointer, fmt::format("{} is none of {}", value.dump(), argument.dump()));
    } else if (keyword == "minimum") {
        if (value.is_number() && value < argument)
            fail(pointer, fmt::format("{} is less than {}", value.dump(), argument.dump()));
    } else if (keyword == "format" || keyword == "minLength" || keyword == "maxLength") {
        if (value.is_string())
            check_text(keyword, argument, value.get_ref<const std::string&>(), pointer);
    } else if (keyword == "properties") {
        if (value.is_object()) check_members(argument, value, pointer);
    } else if (keyword == "additionalProperties" && argument == false) {
        if (value.is_object()) check_no_others(schema, value, pointer);
    } else if (keyword == "required") {
        for (const Json& name : argument) {
            if (value.is_object() && !value.contains(name.get_ref<const std::string&>()))
                fail(pointer, fmt::format("{} is missing", name.dump()));
        }
    } else if (keyword == "items") {
        for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
            check(argument, value[i], fmt::format("{}/{}", pointer, i));
    } else {
        const bool is_known =
            keyword == "description" || (keyword == "additionalProperties" && argument == true);
        if (!is_known) fail(pointer, fmt::format("the keyword \"{}\" is not understood", keyword));
    }
}

void Validation::check_type(const Json& argument, const Json& value, const std::string& pointer) {
    const auto is_it = [&](const Json& type) {
        return has_type(value, type.get_ref<const std::string&>());
    };
    const bool fits = argument.is_array() ? std::ranges::any_of(argument, is_it) : is_it(argument);
    if (!fits) fail(pointer, fmt::format("{} is no {}", value.dump(), argument.dump()));
}

void Validation::check_text(const std::string& keyword, const Json& argument,
                            const std::string& text, const std::string& pointer) {
    if (keyword == "format") {
        const auto& format = argument.get_ref<const std::string&>();
        if (!has_format(text, format)) fail(pointer, fmt::format("\"{}\" is no {}", text, format));
    } else if (keyword == "minLength") {
        if (length(text) < argument.get<std::size_t>()) fail(pointer, "it is too short");
    } else {
        if (length(text) > argument.get<std::size_t>()) fail(pointer, "it is too long");
    }
}

void Validation::check_members(const Json& properties, const Json& object,
                               const std::string& pointer) {
    for (const auto& [name, member] : object.items()) {
        const auto property = properties.find(name);
        if (property == properties.end()) continue;
        check(*property, member, fmt::format("{}/{}", pointer, name));
    }
}

void Validation::check_no_others(const Json& schema, const Json& object,
                                 const std::string& pointer) {
    const auto properties = schema.find("properties");
    for (const auto& [name, member] : object.items()) {
        if (properties == schema.end() || !properties->contains(name))
            fail(pointer, fmt::format("it has an unknown member \"{}\"", name));
    }
}

}  // namespace

std::vector<std::string> faults_by_schema(const Json& document, const Json& schema,
                                          const Json& value) {
    Validation validation(document);
    validation.check(schema, value, "");
    return validation.faults();
}

}  // namespace atlas::properties

#include "sim/models/postgres/types/to_jsonb.hpp"

#include "sim/models/postgres/types/json_lexer.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

// ISO 8601, which wants a T before the time, and minutes in the zone.
std::string moment_text(TypeId type, const Value& value) {
    std::string text = format_value(type, value);
    const std::size_t gap = text.find(' ');
    if (gap == text.npos) return text;
    text[gap] = 'T';
    if (type == TypeId::timestamptz) text.insert(text.find('+', gap) + 3, ":00");
    return text;
}

Checked<std::string> array_text(TypeId element, const Array& array) {
    std::string text;
    for (const Value& value : array.elements) {
        SQL_TRY(const std::string one, jsonb_of(element, value));
        text += (text.empty() ? "" : ", ") + one;
    }
    return "[" + text + "]";
}

}  // namespace

bool has_jsonb_form(TypeId type) {
    return type != TypeId::none && type != TypeId::void_type && !is_catalog_type(type);
}

Checked<std::string> jsonb_of(TypeId type, const Value& value) {
    if (is_null(value)) return "null";
    if (const TypeId element = element_type(type); element != TypeId::none)
        return array_text(element, *std::get<std::shared_ptr<const Array>>(value));
    switch (type) {
        case TypeId::boolean:
            return std::get<bool>(value) ? "true" : "false";
        case TypeId::int2:
        case TypeId::int4:
        case TypeId::int8:
        case TypeId::numeric:
            return format_value(type, value);
        case TypeId::jsonb:
            return std::get<std::string>(value);
        case TypeId::json:
            return canonical_json(std::get<std::string>(value));
        case TypeId::timestamp:
        case TypeId::timestamptz:
            return json_string(moment_text(type, value));
        default:
            return json_string(format_value(type, value));
    }
}

}  // namespace atlas::sim::models::postgres

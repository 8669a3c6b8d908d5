#include "sim/models/postgres/types/compared.hpp"

#include "sim/models/postgres/types/json_value.hpp"
#include "sim/models/postgres/types/numeric.hpp"

namespace atlas::sim::models::postgres {
namespace {

void strip(std::string& text, char last) {
    while (text.ends_with(last))
        text.pop_back();
}

void shorten_numbers(JsonValue& json) {
    if (json.kind == JsonValue::Kind::number && json.scalar.contains('.')) {
        strip(json.scalar, '0');
        strip(json.scalar, '.');
    }
    for (JsonValue& element : json.elements)
        shorten_numbers(element);
    for (auto& [key, member] : json.members)
        shorten_numbers(member);
}

bool is_whole_number(TypeId type) {
    return is_integer(type) || type == TypeId::oid;
}

bool is_time(TypeId type) {
    return type == TypeId::timestamp || type == TypeId::timestamptz;
}

}  // namespace

bool are_compared_alike(TypeId left, TypeId right) {
    if (left == right || (is_whole_number(left) && is_whole_number(right))) return true;
    return (is_time(left) && is_time(right)) || (is_string(left) && is_string(right));
}

Value compared_form(TypeId type, Value value) {
    if (is_compared_as_kept(type) || is_null(value)) return value;
    std::string& text = std::get<std::string>(value);
    if (type == TypeId::bpchar) {
        strip(text, ' ');
        return value;
    }
    JsonValue json = read_json(text);
    shorten_numbers(json);
    text = write_json(json);
    return value;
}

bool is_same_image(const Value& left, const Value& right) {
    if (compare(left, right) != std::strong_ordering::equal) return false;
    using Number = std::shared_ptr<const Numeric>;
    const auto* number = std::get_if<Number>(&left);
    const auto* other_number = std::get_if<Number>(&right);
    if (number != nullptr && other_number != nullptr)
        return (*number)->text() == (*other_number)->text();
    const auto* interval = std::get_if<Interval>(&left);
    const auto* other_interval = std::get_if<Interval>(&right);
    if (interval == nullptr || other_interval == nullptr) return true;
    return interval->months == other_interval->months && interval->days == other_interval->days;
}

}  // namespace atlas::sim::models::postgres

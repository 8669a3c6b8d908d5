// Operators and functions of jsonb.

#include <algorithm>

#include "sim/models/postgres/functions/groups.hpp"
#include "sim/models/postgres/types/json_value.hpp"
#include "sim/models/postgres/types/numeric.hpp"

namespace atlas::sim::models::postgres {
namespace {

using Kind = JsonValue::Kind;

JsonValue json(Arguments arguments, std::size_t i) {
    return read_json(argument<std::string>(arguments, i));
}

Value as_json(const JsonValue* found) {
    if (found == nullptr) return Null{};
    return write_json(*found);
}

// JSON's null is SQL's here.
Value as_text(const JsonValue* found) {
    if (found == nullptr || found->kind == Kind::null) return Null{};
    return json_as_text(*found);
}

using Present = Value (*)(const JsonValue*);

template <Present Show>
Checked<Value> member(const EvaluationContext&, Arguments arguments) {
    return Show(json(arguments, 0).find(argument<std::string>(arguments, 1)));
}

template <Present Show>
Checked<Value> element(const EvaluationContext&, Arguments arguments) {
    return Show(json(arguments, 0).at(argument<std::int64_t>(arguments, 1)));
}

// A step of a path is a key, or a place in an array.
const JsonValue* one_step(const JsonValue& value, std::string_view step) {
    if (value.kind == Kind::object) return value.find(step);
    if (value.kind != Kind::array) return nullptr;
    const std::optional<std::int32_t> place = place_of(step);
    return place ? value.at(*place) : nullptr;
}

template <Present Show>
Checked<Value> at_path(const EvaluationContext&, Arguments arguments) {
    const JsonValue value = json(arguments, 0);
    const auto& path = argument<std::shared_ptr<const Array>>(arguments, 1)->elements;
    if (std::ranges::any_of(path, is_null)) return Null{};
    const JsonValue* found = &value;
    for (const Value& step : path) {
        found = one_step(*found, std::get<std::string>(step));
        if (found == nullptr) break;
    }
    return Show(found);
}

Checked<Value> contains(const EvaluationContext&, Arguments arguments) {
    return json_contains(json(arguments, 0), json(arguments, 1));
}

Checked<Value> is_contained(const EvaluationContext&, Arguments arguments) {
    return json_contains(json(arguments, 1), json(arguments, 0));
}

bool has_key(const JsonValue& value, const std::string& key) {
    const auto is_it = [&](const JsonValue& element) {
        return element.kind == Kind::string && element.scalar == key;
    };
    return value.find(key) != nullptr || std::ranges::any_of(value.elements, is_it) || is_it(value);
}

Checked<Value> exists(const EvaluationContext&, Arguments arguments) {
    return has_key(json(arguments, 0), argument<std::string>(arguments, 1));
}

template <bool All>
Checked<Value> exist_several(const EvaluationContext&, Arguments arguments) {
    const JsonValue value = json(arguments, 0);
    const auto& keys = argument<std::shared_ptr<const Array>>(arguments, 1)->elements;
    const auto found = [&](const Value& key) { return has_key(value, std::get<std::string>(key)); };
    for (const Value& key : keys) {
        if (!is_null(key) && found(key) != All) return !All;
    }
    return All;
}

JsonValue as_array(JsonValue value) {
    if (value.kind == Kind::array) return value;
    JsonValue array{.kind = Kind::array};
    array.elements.push_back(std::move(value));
    return array;
}

Checked<Value> concatenate(const EvaluationContext&, Arguments arguments) {
    JsonValue left = json(arguments, 0);
    JsonValue right = json(arguments, 1);
    if (left.kind == Kind::object && right.kind == Kind::object) {
        for (auto& [key, value] : right.members)
            left.put(key, std::move(value));
        return write_json(left);
    }
    left = as_array(std::move(left));
    right = as_array(std::move(right));
    std::ranges::move(right.elements, std::back_inserter(left.elements));
    return write_json(left);
}

Checked<Value> without_key(const EvaluationContext&, Arguments arguments) {
    JsonValue value = json(arguments, 0);
    const std::string& key = argument<std::string>(arguments, 1);
    if (value.is_scalar()) return sql_error("22023", "cannot delete from scalar");
    std::erase_if(value.members, [&](const auto& entry) { return entry.first == key; });
    std::erase_if(value.elements, [&](const JsonValue& entry) {
        return entry.kind == Kind::string && entry.scalar == key;
    });
    return write_json(value);
}

Checked<Value> without_place(const EvaluationContext&, Arguments arguments) {
    JsonValue value = json(arguments, 0);
    if (value.is_scalar()) return sql_error("22023", "cannot delete from scalar");
    if (value.kind == Kind::object)
        return sql_error("22023", "cannot delete from object using integer index");
    if (const JsonValue* found = value.at(argument<std::int64_t>(arguments, 1)))
        value.elements.erase(value.elements.begin() + (found - value.elements.data()));
    return write_json(value);
}

Checked<Value> type_name(const EvaluationContext&, Arguments arguments) {
    switch (json(arguments, 0).kind) {
        case Kind::null:
            return std::string("null");
        case Kind::string:
            return std::string("string");
        case Kind::number:
            return std::string("number");
        case Kind::boolean:
            return std::string("boolean");
        case Kind::array:
            return std::string("array");
        case Kind::object:
            return std::string("object");
    }
    return Null{};
}

Checked<Value> array_length(const EvaluationContext&, Arguments arguments) {
    const JsonValue value = json(arguments, 0);
    if (value.is_scalar()) return sql_error("22023", "cannot get array length of a scalar");
    if (value.kind == Kind::object)
        return sql_error("22023", "cannot get array length of a non-array");
    return static_cast<std::int64_t>(value.elements.size());
}

std::string_view kind_name(Kind kind) {
    switch (kind) {
        case Kind::null:
            return "null";
        case Kind::string:
            return "string";
        case Kind::number:
            return "numeric";
        case Kind::boolean:
            return "boolean";
        case Kind::array:
            return "array";
        case Kind::object:
            return "object";
    }
    return "";
}

std::unexpected<Failure> cannot_cast(const JsonValue& value, TypeId type) {
    return sql_error("22023", fmt::format("cannot cast jsonb {} to type {}", kind_name(value.kind),
                                          display_name(type)));
}

Checked<Value> to_boolean(const EvaluationContext&, Arguments arguments) {
    const JsonValue value = json(arguments, 0);
    if (value.kind != Kind::boolean) return cannot_cast(value, TypeId::boolean);
    return value.scalar == "true";
}

// A number goes to an integer by way of numeric, which rounds.
template <TypeId Type>
Checked<Value> to_number(const EvaluationContext&, Arguments arguments) {
    const JsonValue value = json(arguments, 0);
    if (value.kind != Kind::number) return cannot_cast(value, Type);
    SQL_TRY(Numeric number, Numeric::parse(value.scalar));
    if constexpr (Type == TypeId::numeric) {
        return std::make_shared<const Numeric>(std::move(number));
    } else {
        return integer_of(number, Type);
    }
}

template <bool (*Holds)(std::partial_ordering)>
Checked<Value> compare_values(const EvaluationContext&, Arguments arguments) {
    return Holds(compare_json(json(arguments, 0), json(arguments, 1)));
}

}  // namespace

std::vector<Function> jsonb_operators() {
    using enum TypeId;
    return {
        {"->", {jsonb, text}, jsonb, member<as_json>},
        {"->", {jsonb, int4}, jsonb, element<as_json>},
        {"->>", {jsonb, text}, text, member<as_text>},
        {"->>", {jsonb, int4}, text, element<as_text>},
        {"#>", {jsonb, text_array}, jsonb, at_path<as_json>},
        {"#>>", {jsonb, text_array}, text, at_path<as_text>},
        {"@>", {jsonb, jsonb}, boolean, contains},
        {"<@", {jsonb, jsonb}, boolean, is_contained},
        {"?", {jsonb, text}, boolean, exists},
        {"?|", {jsonb, text_array}, boolean, exist_several<false>},
        {"?&", {jsonb, text_array}, boolean, exist_several<true>},
        {"||", {jsonb, jsonb}, jsonb, concatenate},
        {"-", {jsonb, text}, jsonb, without_key},
        {"-", {jsonb, int4}, jsonb, without_place},
        {"=", {jsonb, jsonb}, boolean, compare_values<std::is_eq>},
        {"<>", {jsonb, jsonb}, boolean, compare_values<std::is_neq>},
    };
}

std::vector<Function> jsonb_functions() {
    using enum TypeId;
    return {
        {"jsonb_typeof", {jsonb}, text, type_name},
        {"jsonb_array_length", {jsonb}, int4, array_length},
        {"bool", {jsonb}, boolean, to_boolean},
        {"int2", {jsonb}, int2, to_number<int2>},
        {"int4", {jsonb}, int4, to_number<int4>},
        {"int8", {jsonb}, int8, to_number<int8>},
        {"numeric", {jsonb}, numeric, to_number<numeric>},
    };
}

}  // namespace atlas::sim::models::postgres

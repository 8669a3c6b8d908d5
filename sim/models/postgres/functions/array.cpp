// Operators and functions of one-dimensional arrays.

#include <algorithm>
#include <utility>

#include "sim/models/postgres/functions/groups.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

const std::vector<Value>& elements(Arguments arguments, std::size_t i) {
    return argument<std::shared_ptr<const Array>>(arguments, i)->elements;
}

Value as_value(std::vector<Value> values) {
    auto array = std::make_shared<Array>();
    array->elements = std::move(values);
    return array;
}

// NULL is equal to nothing here.
bool has(const std::vector<Value>& values, const Value& wanted) {
    return !is_null(wanted) && std::ranges::any_of(values, [&](const Value& value) {
        return !is_null(value) && compare(value, wanted) == std::strong_ordering::equal;
    });
}

bool has_all(const std::vector<Value>& values, const std::vector<Value>& wanted) {
    return std::ranges::all_of(wanted, [&](const Value& value) { return has(values, value); });
}

Checked<Value> contains(const EvaluationContext&, Arguments arguments) {
    return has_all(elements(arguments, 0), elements(arguments, 1));
}
Checked<Value> is_contained(const EvaluationContext&, Arguments arguments) {
    return has_all(elements(arguments, 1), elements(arguments, 0));
}
Checked<Value> overlaps(const EvaluationContext&, Arguments arguments) {
    return std::ranges::any_of(elements(arguments, 0), [&](const Value& value) {
        return has(elements(arguments, 1), value);
    });
}

// A NULL array is an empty one to these.
Checked<Value> append(const EvaluationContext&, Arguments arguments) {
    std::vector<Value> values;
    if (!is_null(*arguments[0])) values = elements(arguments, 0);
    values.push_back(*arguments[1]);
    return as_value(std::move(values));
}
Checked<Value> prepend(const EvaluationContext&, Arguments arguments) {
    std::vector<Value> values{*arguments[0]};
    if (!is_null(*arguments[1])) {
        values.insert(values.end(), elements(arguments, 1).begin(), elements(arguments, 1).end());
    }
    return as_value(std::move(values));
}
Checked<Value> concatenate(const EvaluationContext&, Arguments arguments) {
    if (is_null(*arguments[0])) return *arguments[1];
    if (is_null(*arguments[1])) return *arguments[0];
    std::vector<Value> values = elements(arguments, 0);
    values.insert(values.end(), elements(arguments, 1).begin(), elements(arguments, 1).end());
    return as_value(std::move(values));
}

Checked<Value> length(const EvaluationContext&, Arguments arguments) {
    const bool first = argument<std::int64_t>(arguments, 1) == 1;
    if (!first || elements(arguments, 0).empty()) return Null{};
    return static_cast<std::int64_t>(elements(arguments, 0).size());
}
Checked<Value> cardinality(const EvaluationContext&, Arguments arguments) {
    return static_cast<std::int64_t>(elements(arguments, 0).size());
}

Checked<Value> lower_bound(const EvaluationContext&, Arguments arguments) {
    const bool first = argument<std::int64_t>(arguments, 1) == 1;
    if (!first || elements(arguments, 0).empty()) return Null{};
    return std::int64_t{1};
}

// NULL elements are left out, unless there is a third argument in their place.
template <TypeId ArrayType>
Checked<Value> to_string(const EvaluationContext&, Arguments arguments) {
    if (is_null(*arguments[0]) || is_null(*arguments[1])) return Null{};
    std::string text;
    bool any = false;
    for (const Value& element : elements(arguments, 0)) {
        const bool replaced = is_null(element);
        if (replaced && (arguments.size() < 3 || is_null(*arguments[2]))) continue;
        if (any) text += argument<std::string>(arguments, 1);
        any = true;
        text += replaced ? argument<std::string>(arguments, 2)
                         : format_value(element_type(ArrayType), element);
    }
    return text;
}

template <TypeId ArrayType>
void add_to_string(std::vector<Function>& functions) {
    for (const bool replaces : {false, true}) {
        std::vector<TypeId> arguments{ArrayType, TypeId::text};
        if (replaces) arguments.push_back(TypeId::text);
        functions.push_back({.name = "array_to_string",
                             .arguments = std::move(arguments),
                             .result = TypeId::text,
                             .evaluate = to_string<ArrayType>,
                             .volatility = Volatility::stable,
                             .strict = !replaces});
    }
}

template <std::size_t... Places>
void add_to_string(std::vector<Function>& functions, std::index_sequence<Places...>) {
    (add_to_string<array_types[Places]>(functions), ...);
}

bool same(const Value& left, const Value& right) {
    return compare(left, right) == std::strong_ordering::equal;
}

// NULL is found as a value is.
Checked<Value> position(const EvaluationContext&, Arguments arguments) {
    if (is_null(*arguments[0])) return Null{};
    const std::vector<Value>& values = elements(arguments, 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (same(values[i], *arguments[1])) return static_cast<std::int64_t>(i + 1);
    }
    return Null{};
}

Checked<Value> remove(const EvaluationContext&, Arguments arguments) {
    if (is_null(*arguments[0])) return Null{};
    std::vector<Value> values = elements(arguments, 0);
    std::erase_if(values, [&](const Value& value) { return same(value, *arguments[1]); });
    return as_value(std::move(values));
}

Function lenient(std::string_view name, std::vector<TypeId> arguments, TypeId result,
                 Function::Evaluate evaluate) {
    return {.name = name,
            .arguments = std::move(arguments),
            .result = result,
            .evaluate = evaluate,
            .strict = false};
}

}  // namespace

std::vector<Function> array_operators() {
    std::vector<Function> operators;
    for (const TypeId type : array_types) {
        const TypeId element = element_type(type);
        operators.push_back({"@>", {type, type}, TypeId::boolean, contains});
        operators.push_back({"<@", {type, type}, TypeId::boolean, is_contained});
        operators.push_back({"&&", {type, type}, TypeId::boolean, overlaps});
        operators.push_back(lenient("||", {type, type}, type, concatenate));
        operators.push_back(lenient("||", {type, element}, type, append));
        operators.push_back(lenient("||", {element, type}, type, prepend));
    }
    return operators;
}

std::vector<Function> array_functions() {
    std::vector<Function> functions;
    add_to_string(functions, std::make_index_sequence<array_types.size()>{});
    for (const TypeId type : array_types) {
        const TypeId element = element_type(type);
        functions.push_back({"array_length", {type, TypeId::int4}, TypeId::int4, length});
        functions.push_back({"array_upper", {type, TypeId::int4}, TypeId::int4, length});
        functions.push_back({"array_lower", {type, TypeId::int4}, TypeId::int4, lower_bound});
        functions.push_back({"cardinality", {type}, TypeId::int4, cardinality});
        functions.push_back(lenient("array_append", {type, element}, type, append));
        functions.push_back(lenient("array_prepend", {element, type}, type, prepend));
        functions.push_back(lenient("array_cat", {type, type}, type, concatenate));
        functions.push_back(lenient("array_position", {type, element}, TypeId::int4, position));
        functions.push_back(lenient("array_remove", {type, element}, type, remove));
    }
    return functions;
}

}  // namespace atlas::sim::models::postgres

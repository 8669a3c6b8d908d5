// Arithmetic of numeric, and the functions that PostgreSQL has for it and for integers alike.

#include "sim/models/postgres/types/numeric.hpp"

#include <algorithm>

#include "sim/models/postgres/functions/groups.hpp"

namespace atlas::sim::models::postgres {
namespace {

using NumericPtr = std::shared_ptr<const Numeric>;

const Numeric& number(Arguments arguments, std::size_t i) {
    return *argument<NumericPtr>(arguments, i);
}

Value as_value(Numeric number) {
    return std::make_shared<const Numeric>(std::move(number));
}

Checked<Value> as_value(Checked<Numeric> number) {
    if (!number) return std::unexpected(std::move(number).error());
    return as_value(*std::move(number));
}

Checked<Value> add(const EvaluationContext&, Arguments arguments) {
    return as_value(number(arguments, 0) + number(arguments, 1));
}
Checked<Value> subtract(const EvaluationContext&, Arguments arguments) {
    return as_value(number(arguments, 0) - number(arguments, 1));
}
Checked<Value> multiply(const EvaluationContext&, Arguments arguments) {
    return as_value(number(arguments, 0) * number(arguments, 1));
}
Checked<Value> divide(const EvaluationContext&, Arguments arguments) {
    return as_value(Numeric::divide(number(arguments, 0), number(arguments, 1)));
}
Checked<Value> divide_whole(const EvaluationContext&, Arguments arguments) {
    return as_value(Numeric::divide_whole(number(arguments, 0), number(arguments, 1)));
}
Checked<Value> remainder(const EvaluationContext&, Arguments arguments) {
    return as_value(Numeric::remainder(number(arguments, 0), number(arguments, 1)));
}
Checked<Value> negate(const EvaluationContext&, Arguments arguments) {
    return as_value(-number(arguments, 0));
}
Checked<Value> same(const EvaluationContext&, Arguments arguments) {
    return *arguments[0];
}
Checked<Value> absolute(const EvaluationContext&, Arguments arguments) {
    const Numeric& value = number(arguments, 0);
    return as_value(value.sign() < 0 ? -value : value);
}
Checked<Value> sign(const EvaluationContext&, Arguments arguments) {
    return as_value(Numeric(number(arguments, 0).sign()));
}
Checked<Value> floor(const EvaluationContext&, Arguments arguments) {
    return as_value(number(arguments, 0).floor());
}
Checked<Value> ceiling(const EvaluationContext&, Arguments arguments) {
    return as_value(number(arguments, 0).ceiling());
}

// How far PostgreSQL rounds at all.
int digits_to_keep(Arguments arguments) {
    if (arguments.size() < 2) return 0;
    return static_cast<int>(
        std::clamp<std::int64_t>(argument<std::int64_t>(arguments, 1), -131'073, 16'383));
}

Checked<Value> round(const EvaluationContext&, Arguments arguments) {
    return as_value(number(arguments, 0).rounded(digits_to_keep(arguments)));
}
Checked<Value> truncate(const EvaluationContext&, Arguments arguments) {
    return as_value(number(arguments, 0).truncated(digits_to_keep(arguments)));
}
Checked<Value> scale(const EvaluationContext&, Arguments arguments) {
    return std::int64_t{number(arguments, 0).scale()};
}

Checked<Value> from_integer(const EvaluationContext&, Arguments arguments) {
    return as_value(Numeric(argument<std::int64_t>(arguments, 0)));
}

template <TypeId Type>
Checked<Value> to_integer(const EvaluationContext&, Arguments arguments) {
    return integer_of(number(arguments, 0), Type);
}

}  // namespace

Checked<Value> integer_of(const Numeric& number, TypeId type) {
    const std::optional<std::int64_t> whole = number.to_integer();
    const bool fits =
        whole && (type == TypeId::int8 ||
                  (type == TypeId::int4 ? *whole == static_cast<std::int32_t>(*whole)
                                        : *whole == static_cast<std::int16_t>(*whole)));
    if (!fits) return sql_error("22003", fmt::format("{} out of range", display_name(type)));
    return *whole;
}

std::vector<Function> numeric_operators() {
    using enum TypeId;
    return {
        {"+", {numeric, numeric}, numeric, add},
        {"-", {numeric, numeric}, numeric, subtract},
        {"*", {numeric, numeric}, numeric, multiply},
        {"/", {numeric, numeric}, numeric, divide},
        {"%", {numeric, numeric}, numeric, remainder},
        {"-", {numeric}, numeric, negate},
        {"+", {numeric}, numeric, same},
        {"@", {numeric}, numeric, absolute},
    };
}

std::vector<Function> numeric_functions() {
    using enum TypeId;
    return {
        {"abs", {numeric}, numeric, absolute},
        {"sign", {numeric}, numeric, sign},
        {"floor", {numeric}, numeric, floor},
        {"ceil", {numeric}, numeric, ceiling},
        {"ceiling", {numeric}, numeric, ceiling},
        {"round", {numeric}, numeric, round},
        {"round", {numeric, int4}, numeric, round},
        {"trunc", {numeric}, numeric, truncate},
        {"trunc", {numeric, int4}, numeric, truncate},
        {"mod", {numeric, numeric}, numeric, remainder},
        {"div", {numeric, numeric}, numeric, divide_whole},
        {"scale", {numeric}, int4, scale},
        {"numeric", {int2}, numeric, from_integer},
        {"numeric", {int4}, numeric, from_integer},
        {"numeric", {int8}, numeric, from_integer},
        {"int2", {numeric}, int2, to_integer<int2>},
        {"int4", {numeric}, int4, to_integer<int4>},
        {"int8", {numeric}, int8, to_integer<int8>},
    };
}

}  // namespace atlas::sim::models::postgres

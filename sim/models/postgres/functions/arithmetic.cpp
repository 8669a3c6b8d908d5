// Integer arithmetic with PostgreSQL's overflow and division errors.

#include <algorithm>
#include <array>
#include <limits>

#include "sim/models/postgres/functions/groups.hpp"

namespace atlas::sim::models::postgres {
namespace {

std::unexpected<Failure> out_of_range(TypeId type) {
    return sql_error("22003", fmt::format("{} out of range", display_name(type)));
}

template <TypeId Type>
Checked<Value> checked_result(bool overflowed, std::int64_t result) {
    if constexpr (Type == TypeId::int2) {
        overflowed |= result != static_cast<std::int16_t>(result);
    } else if constexpr (Type == TypeId::int4) {
        overflowed |= result != static_cast<std::int32_t>(result);
    }
    if (overflowed) return out_of_range(Type);
    return result;
}

std::int64_t integer(Arguments arguments, std::size_t i) {
    return argument<std::int64_t>(arguments, i);
}

template <TypeId Type>
Checked<Value> add(const EvaluationContext&, Arguments arguments) {
    std::int64_t result = 0;
    const bool overflowed =
        __builtin_add_overflow(integer(arguments, 0), integer(arguments, 1), &result);
    return checked_result<Type>(overflowed, result);
}

template <TypeId Type>
Checked<Value> subtract(const EvaluationContext&, Arguments arguments) {
    std::int64_t result = 0;
    const bool overflowed =
        __builtin_sub_overflow(integer(arguments, 0), integer(arguments, 1), &result);
    return checked_result<Type>(overflowed, result);
}

template <TypeId Type>
Checked<Value> multiply(const EvaluationContext&, Arguments arguments) {
    std::int64_t result = 0;
    const bool overflowed =
        __builtin_mul_overflow(integer(arguments, 0), integer(arguments, 1), &result);
    return checked_result<Type>(overflowed, result);
}

template <TypeId Type>
Checked<Value> negate(const EvaluationContext&, Arguments arguments) {
    std::int64_t result = 0;
    const bool overflowed = __builtin_sub_overflow(std::int64_t{0}, integer(arguments, 0), &result);
    return checked_result<Type>(overflowed, result);
}

template <TypeId Type>
Checked<Value> divide(const EvaluationContext&, Arguments arguments) {
    const std::int64_t divisor = integer(arguments, 1);
    if (divisor == 0) return sql_error("22012", "division by zero");
    // The one quotient that does not fit; in C++ it is undefined.
    if (divisor == -1) {
        std::int64_t result = 0;
        const bool overflowed =
            __builtin_sub_overflow(std::int64_t{0}, integer(arguments, 0), &result);
        return checked_result<Type>(overflowed, result);
    }
    return integer(arguments, 0) / divisor;
}

Checked<Value> modulo(const EvaluationContext&, Arguments arguments) {
    const std::int64_t divisor = integer(arguments, 1);
    if (divisor == 0) return sql_error("22012", "division by zero");
    if (divisor == -1) return std::int64_t{0};
    return integer(arguments, 0) % divisor;
}

Checked<Value> bit_and(const EvaluationContext&, Arguments arguments) {
    return integer(arguments, 0) & integer(arguments, 1);
}
Checked<Value> bit_or(const EvaluationContext&, Arguments arguments) {
    return integer(arguments, 0) | integer(arguments, 1);
}
Checked<Value> bit_xor(const EvaluationContext&, Arguments arguments) {
    return integer(arguments, 0) ^ integer(arguments, 1);
}

Checked<Value> same(const EvaluationContext&, Arguments arguments) {
    return *arguments[0];
}

template <TypeId Type>
Checked<Value> absolute(const EvaluationContext& context, Arguments arguments) {
    if (integer(arguments, 0) < 0) return negate<Type>(context, arguments);
    return *arguments[0];
}

template <TypeId Type>
void add_operators(std::vector<Function>& operators, TypeId left, TypeId right) {
    operators.push_back({"+", {left, right}, Type, add<Type>});
    operators.push_back({"-", {left, right}, Type, subtract<Type>});
    operators.push_back({"*", {left, right}, Type, multiply<Type>});
    operators.push_back({"/", {left, right}, Type, divide<Type>});
}

template <TypeId Type>
void add_same_type_operators(std::vector<Function>& operators) {
    add_operators<Type>(operators, Type, Type);
    operators.push_back({"%", {Type, Type}, Type, modulo});
    operators.push_back({"&", {Type, Type}, Type, bit_and});
    operators.push_back({"|", {Type, Type}, Type, bit_or});
    operators.push_back({"#", {Type, Type}, Type, bit_xor});
    operators.push_back({"-", {Type}, Type, negate<Type>});
    operators.push_back({"+", {Type}, Type, same});
}

}  // namespace

std::vector<Function> arithmetic_operators() {
    std::vector<Function> operators;
    add_same_type_operators<TypeId::int4>(operators);
    add_same_type_operators<TypeId::int8>(operators);
    add_same_type_operators<TypeId::int2>(operators);
    add_operators<TypeId::int4>(operators, TypeId::int2, TypeId::int4);
    add_operators<TypeId::int4>(operators, TypeId::int4, TypeId::int2);
    add_operators<TypeId::int8>(operators, TypeId::int2, TypeId::int8);
    add_operators<TypeId::int8>(operators, TypeId::int8, TypeId::int2);
    add_operators<TypeId::int8>(operators, TypeId::int4, TypeId::int8);
    add_operators<TypeId::int8>(operators, TypeId::int8, TypeId::int4);
    return operators;
}

std::vector<Function> arithmetic_functions() {
    std::vector<Function> functions{
        {"abs", {TypeId::int2}, TypeId::int2, absolute<TypeId::int2>},
        {"abs", {TypeId::int4}, TypeId::int4, absolute<TypeId::int4>},
        {"abs", {TypeId::int8}, TypeId::int8, absolute<TypeId::int8>},
    };
    for (const TypeId type : {TypeId::int2, TypeId::int4, TypeId::int8})
        functions.push_back({"mod", {type, type}, type, modulo});
    return functions;
}

}  // namespace atlas::sim::models::postgres

#pragma once
// The groups that the table of functions and operators is put together from.

#include <vector>

#include "sim/models/postgres/functions/function.hpp"

namespace atlas::sim::models::postgres {

std::vector<Function> comparison_operators();
std::vector<Function> arithmetic_operators();
std::vector<Function> text_operators();
std::vector<Function> time_operators();
std::vector<Function> numeric_operators();
std::vector<Function> date_operators();
std::vector<Function> character_operators();
std::vector<Function> jsonb_operators();
std::vector<Function> array_operators();
std::vector<Function> pattern_operators();

std::vector<Function> arithmetic_functions();
std::vector<Function> text_functions();
std::vector<Function> time_functions();
std::vector<Function> session_functions();
std::vector<Function> numeric_functions();
std::vector<Function> date_functions();
std::vector<Function> character_functions();
std::vector<Function> jsonb_functions();
std::vector<Function> jsonb_building_functions();
std::vector<Function> array_functions();
std::vector<Function> string_functions();
std::vector<Function> system_catalog_functions();

using Arguments = std::span<const Value* const>;

/// Rounded, as a value of an integer type. Errors: 22003.
Checked<Value> integer_of(const Numeric& number, TypeId type);

template <typename T>
const T& argument(Arguments arguments, std::size_t i) {
    return std::get<T>(*arguments[i]);
}

}  // namespace atlas::sim::models::postgres

#pragma once
// The groups that the table of functions and operators is put together from.

#include <vector>

#include "sim/models/postgres/functions/function.hpp"

namespace atlas::sim::models::postgres {

std::vector<Function> comparison_operators();
std::vector<Function> arithmetic_operators();
std::vector<Function> text_operators();
std::vector<Function> time_operators();

std::vector<Function> arithmetic_functions();
std::vector<Function> text_functions();
std::vector<Function> time_functions();
std::vector<Function> session_functions();

using Arguments = std::span<const Value* const>;

template <typename T>
const T& argument(Arguments arguments, std::size_t i) {
    return std::get<T>(*arguments[i]);
}

}  // namespace atlas::sim::models::postgres

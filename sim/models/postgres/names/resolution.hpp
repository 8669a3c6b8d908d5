#pragma once
// Which function or operator of PostgreSQL 15 a call means (the documentation's chapter 10): by the
// whole of PostgreSQL's catalog, not by what this model has of it. Arguments are of the model's
// types, so nothing is ever a row, a range or an enum.

#include <span>
#include <string_view>
#include <vector>

#include "sim/models/postgres/names/lists.hpp"
#include "sim/models/postgres/types/type.hpp"

namespace atlas::sim::models::postgres::names {

struct Resolution {
    enum class Outcome {
        found,
        /// No function, but a type of that name, called as a function is: uuid('...').
        cast,
        none,
        ambiguous,
        /// A polymorphic one whose arguments leave open what type they are.
        undetermined,
    };
    Outcome outcome = Outcome::none;
    char kind = 'f';  ///< Function::kind; 'f' for operators.
    /// What the arguments are converted to, as many as were given.
    std::vector<const Type*> arguments = {};
};

/// `as_array`: the last argument is an array marked VARIADIC.
Resolution resolve_function(std::string_view name, std::span<const TypeId> arguments,
                            bool as_array = false);

/// One argument is a prefix operator's.
Resolution resolve_operator(std::string_view name, std::span<const TypeId> arguments);

/// "anyelement", "anyarray", "anycompatible", ...; "any" too.
bool is_polymorphic(const Type& type);

}  // namespace atlas::sim::models::postgres::names

#pragma once
// The functions and operators of the model: their signatures, and how they are computed. An
// operator is a function whose name is the operator's.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/types/type.hpp"
#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

class FunctionEnvironment;

/// What an expression is computed over. All of it is the caller's and outlives the computation.
struct EvaluationContext {
    FunctionEnvironment* environment = nullptr;
    std::span<const Value> parameters = {};
    /// The range table's current rows: the table's, and `excluded` of ON CONFLICT.
    std::array<const Row*, 2> rows = {};
    /// The finished aggregates of the statement.
    std::span<const Value> aggregates = {};
};

enum class Volatility : std::uint8_t { immutable, stable, volatile_ };

struct Function {
    using Evaluate = Checked<Value> (*)(const EvaluationContext&, std::span<const Value* const>);

    std::string_view name;
    std::vector<TypeId> arguments;
    TypeId result = TypeId::none;
    Evaluate evaluate = nullptr;
    Volatility volatility = Volatility::immutable;
    /// A NULL argument gives NULL without a call.
    bool strict = true;
    /// May suspend the session (pg_sleep, advisory locks): only as a column of a SELECT without
    /// FROM, where the executor runs it.
    bool waits = false;
};

enum class AggregateKind : std::uint8_t { count_rows, count, sum, minimum, maximum, every, some };

struct Aggregate {
    std::string_view name;
    TypeId argument;  ///< none for count(*), and count("any") has unknown.
    TypeId result;
    AggregateKind kind;
};

/// Sorted by name.
std::span<const Function> all_functions();
std::span<const Function> all_operators();

/// All of one name, in a fixed order. Empty if there is none.
std::span<const Function> functions_named(std::string_view name);
std::span<const Function> operators_named(std::string_view name);
std::span<const Aggregate> aggregates_named(std::string_view name);

/// The operator of exactly that signature; null if there is none.
const Function* find_operator(std::string_view name, TypeId left, TypeId right);

}  // namespace atlas::sim::models::postgres

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
struct Expression;
struct EvaluationContext;

/// The current rows of a query's range table: two in place, or as many as there are elsewhere. A
/// null one is that of the missing side of an outer join: all its columns are NULL.
class CurrentRows {
  public:
    CurrentRows(const Row* first = nullptr, const Row* second = nullptr) : few_{first, second} {}
    explicit CurrentRows(const Row* const* rows) : rows_(rows) {}

    const Row* operator[](std::size_t relation) const {
        return rows_ != nullptr ? rows_[relation] : few_[relation];
    }

  private:
    std::array<const Row*, 2> few_ = {};
    const Row* const* rows_ = nullptr;
};

/// What an expression may ask of the query that it is part of. Either may answer that it has to
/// wait (is_wait of failure.hpp); the expression is then computed again later.
class QuerySupport {
  public:
    virtual ~QuerySupport() = default;

    virtual Checked<Value> subquery(const Expression& expression,
                                    const EvaluationContext& context) = 0;
    virtual Checked<Value> waiting_call(const Expression& expression,
                                        const EvaluationContext& context) = 0;
};

/// What an expression is computed over. All of it is the caller's and outlives the computation.
struct EvaluationContext {
    FunctionEnvironment* environment = nullptr;
    std::span<const Value> parameters = {};
    /// For expressions over one table: the table's, and `excluded` of ON CONFLICT.
    CurrentRows rows = {};
    /// The finished aggregates of the row's group, and the window calls' results.
    std::span<const Value> aggregates = {};
    std::span<const Value> windows = {};
    /// In the test of a subquery's rows: the one tested.
    const Row* subquery_row = nullptr;
    /// That of the query around this one.
    const EvaluationContext* outer = nullptr;
    QuerySupport* support = nullptr;
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
    /// May suspend the session (pg_sleep, advisory locks): only as a column of a SELECT, where the
    /// executor runs it.
    bool waits = false;
};

enum class AggregateKind : std::uint8_t {
    count_rows,
    count,
    sum,
    average,
    minimum,
    maximum,
    every,
    some,
    array,
    json,
    joined_text,
};

struct Aggregate {
    std::string_view name;
    TypeId argument;  ///< none for count(*); unknown for what takes any type.
    TypeId result;    ///< unknown for an array of the argument's type.
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

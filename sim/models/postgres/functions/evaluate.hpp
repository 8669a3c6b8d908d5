#pragma once
// Computes analysed expressions.

#include "sim/models/postgres/analysis/expression.hpp"
#include "sim/models/postgres/functions/function.hpp"

namespace atlas::sim::models::postgres {

/// Errors: what the functions raise (22012, 22003, 22P02, ...).
Checked<Value> evaluate(const Expression& expression, const EvaluationContext& context);

/// WHERE: true only if it is true; NULL is not.
Checked<bool> evaluate_condition(const Expression& expression, const EvaluationContext& context);

}  // namespace atlas::sim::models::postgres

#pragma once
// Constant folding, as PostgreSQL's planner does it (eval_const_expressions): what needs no row and
// nothing from outside is computed before the statement runs, and what a constant makes irrelevant
// is never computed. Parameters are no constants here: they are known only when it runs.

#include <expected>
#include <memory>
#include <vector>

#include "sim/models/postgres/analysis/query.hpp"
#include "sim/models/postgres/analysis/statement.hpp"

namespace atlas::sim::models::postgres {

/// The same value, with less to compute; what has nothing to fold is given back itself. Or else a
/// part that cannot be computed: to evaluate it gives the error.
using Folded = std::expected<ExpressionPtr, ExpressionPtr>;
Folded fold(const ExpressionPtr& expression);

/// Text becomes a value of that type, and the other way round, in the same way in all sessions:
/// pg_proc.provolatile of the type's input and output functions.
bool has_immutable_text(TypeId type);

/// Folds a query, once its parts are there and before FROM is planned. What cannot be computed
/// stays as it is: whether it matters depends on what becomes of the query (plan/unplannable.hpp).
/// `others` are computed over its rows beside what is in it.
void fold_query(Query& query, const std::vector<std::unique_ptr<JoinTree>>& from,
                ExpressionPtr& condition, const std::vector<ExpressionPtr*>& others);

/// The same for what an INSERT computes.
void fold_insert(InsertStatement& insert);

}  // namespace atlas::sim::models::postgres

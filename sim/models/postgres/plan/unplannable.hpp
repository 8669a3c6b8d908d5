#pragma once
// Statements that PostgreSQL's planner fails for, because a constant in them cannot be computed
// (1 / 0), even if no row would ever have needed it.

#include "sim/models/postgres/analysis/statement.hpp"

namespace atlas::sim::models::postgres {

/// Of an analysed SELECT, INSERT, UPDATE or DELETE: the first part found that cannot be computed,
/// null if there is none. What is not planned does not count: branches that folding has dropped,
/// WITH that nobody reads, unused columns of a query in FROM that became part of another one.
ExpressionPtr unplannable_part(const StatementBody& body);

}  // namespace atlas::sim::models::postgres

#pragma once
// Queries in FROM, and those of WITH that are read once, as parts of the query that reads them: its
// conditions find their rows by index, only what it shows is computed, and FOR UPDATE locks only
// what it shows.

#include <memory>
#include <span>
#include <vector>

#include "sim/models/postgres/analysis/query.hpp"

namespace atlas::sim::models::postgres {

/// Whether a query around this one could take it in: all but FROM, WHERE and columns is missing,
/// and no column is volatile or waits.
bool is_simple(const Query& query);

/// Some part of it, or of a query within, is volatile.
bool has_volatile_parts(const Query& query, const std::vector<std::unique_ptr<JoinTree>>& from,
                        const ExpressionPtr& condition);

/// `others` are computed over the query's rows beside what is in it.
void pull_up(Query& query, std::vector<std::unique_ptr<JoinTree>>& from, ExpressionPtr& condition,
             std::span<ExpressionPtr* const> others);

}  // namespace atlas::sim::models::postgres

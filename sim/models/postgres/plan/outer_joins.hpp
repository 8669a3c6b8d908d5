#pragma once
// Outer joins that are none in truth: WHERE, or a join further out, lets no row without a partner
// pass.

#include <memory>
#include <vector>

#include "sim/models/postgres/analysis/query.hpp"

namespace atlas::sim::models::postgres {

/// Makes them the joins that they are. The condition is WHERE's.
void reduce_outer_joins(const std::vector<std::unique_ptr<JoinTree>>& from,
                        const ExpressionPtr& condition);

}  // namespace atlas::sim::models::postgres

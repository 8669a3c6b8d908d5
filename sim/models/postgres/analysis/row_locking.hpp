#pragma once
// What others need to know of FOR UPDATE: where it is refused.

#include <string_view>

#include "sim/models/postgres/analysis/node.hpp"
#include "sim/models/postgres/analysis/query.hpp"
#include "sim/models/postgres/failure.hpp"

namespace atlas::sim::models::postgres {

/// 0A000 for the first of the clauses: "FOR UPDATE is not allowed with ...".
std::unexpected<Failure> locking_not_allowed(const Node& clauses, std::string_view with);
/// "FOR UPDATE cannot be applied to ...".
std::unexpected<Failure> locking_not_applicable(const Node& clauses, std::string_view to);

/// A row that may be missing cannot be locked: outer joins that are none in truth have been found
/// out already. Errors: 0A000.
Checked<> check_rows_are_there(const JoinTree& tree, const Query& query, bool may_be_missing);

}  // namespace atlas::sim::models::postgres

#pragma once
// WITH RECURSIVE: in which order its items are looked at, and where one may mention itself.

#include <string>
#include <vector>

#include "sim/models/postgres/analysis/node.hpp"
#include "sim/models/postgres/failure.hpp"

namespace atlas::sim::models::postgres {

/// Whether the name of a WITH item occurs in it where a table's could.
bool mentions(const Node& node, const std::string& name);

/// The items of WITH RECURSIVE, each after those that it mentions. Errors: 0A000, in a circle.
Checked<std::vector<const Node*>> in_order_of_mention(const Node& items);

/// Errors: 42P19 for what is no recursion; 0A000 for what PostgreSQL does not do with one.
Checked<> check_recursion(const Node& item);

}  // namespace atlas::sim::models::postgres

#pragma once
// Which index finds the rows of a table.

#include <cstdint>
#include <span>
#include <utility>

#include "sim/models/postgres/plan/plan.hpp"

namespace atlas::sim::models::postgres {

/// A set of places in a range table.
using Relations = std::uint64_t;

constexpr Relations only(std::size_t relation) {
    return Relations{1} << relation;
}

/// What of the query's own rows it is computed from.
Relations relations_of(const Expression& expression);

bool has_subquery(const Expression& expression);

/// Two sides of an equality whose values can be compared as they are.
struct Equality {
    ExpressionPtr left, right;
};
std::optional<Equality> equality_in(const Expression& condition);

/// The index with the most leading keys that the condition fixes by what is known already (other
/// rows, outer queries, parameters), a unique one first, then one with bounds for the key behind
/// them. A partial index only when the condition has its predicate in it.
AccessPath choose_path(const TableDefinition& table, std::size_t relation,
                       std::span<const ExpressionPtr> condition, Relations known);

/// How good a path is: one row, then more keys, then bounds.
struct PathRank {
    bool one_row;
    std::size_t keys;
    bool bounded;

    friend auto operator<=>(const PathRank&, const PathRank&) = default;
};
PathRank rank(const AccessPath& path);

}  // namespace atlas::sim::models::postgres

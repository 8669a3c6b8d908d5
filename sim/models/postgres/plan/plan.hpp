#pragma once
// How the rows of a FROM are found: which table first, which index, what is looked up in what. The
// rest of a query (grouping, sorting, ...) is done in the order that the language says, and needs
// no plan.

#include <cstddef>
#include <memory>
#include <vector>

#include "sim/models/postgres/analysis/query.hpp"

namespace atlas::sim::models::postgres {

/// How rows of the table are found: an index whose first keys are each equal to something and whose
/// next one is perhaps within bounds, or (no index) all rows in turn. The condition is checked in
/// full on each row all the same.
struct AccessPath {
    struct Bound {
        ExpressionPtr value;
        bool inclusive = true;
    };

    std::shared_ptr<const IndexDefinition> index = {};
    std::vector<ExpressionPtr> equal_to = {};  ///< One for each leading key of the index.
    std::optional<Bound> from = {}, to = {};
};

struct Plan {
    enum class Kind : std::uint8_t {
        one_row,  ///< No FROM: one row of no columns.
        scan,     ///< The rows of one item of FROM.
        join,     ///< For each row on the left, all on the right.
        /// The rows of `left`, computed once and kept, by key where there are keys.
        lookup,
    };
    Kind kind = Kind::one_row;
    std::size_t relation = 0;
    AccessPath path = {};
    JoinType type = JoinType::inner;
    PlanPtr left = {}, right = {};
    /// Of an outer join: what makes two rows match.
    std::vector<ExpressionPtr> condition = {};
    /// Of a lookup: the rows' own keys, and the values that they must equal.
    std::vector<ExpressionPtr> keys = {}, values = {};
    /// What each row must pass in the end.
    std::vector<ExpressionPtr> filter = {};
    /// All the items of FROM in it.
    std::vector<std::size_t> relations = {};
    /// Its rows are the same in every run of the query.
    bool constant = false;
};

/// Errors: 0A000 for FULL JOIN over conditions other than equality.
Checked<PlanPtr> plan_from(const Query& query, const std::vector<std::unique_ptr<JoinTree>>& from,
                           const ExpressionPtr& condition);

/// Splits a condition at its ANDs.
std::vector<ExpressionPtr> conjuncts(const ExpressionPtr& condition);

/// Whether each part of the predicate (over a table alone) is among the parts of the condition,
/// in which the table has that place in the range table.
bool implies(const std::vector<ExpressionPtr>& condition, const ExpressionPtr& predicate,
             std::size_t relation = 0);

}  // namespace atlas::sim::models::postgres

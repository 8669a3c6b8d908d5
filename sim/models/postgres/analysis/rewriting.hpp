#pragma once
// Analysed expressions and queries anew, with other columns in the place of their own: what becomes
// part of another query means its rows from then on, and what used a query's columns means what
// those were computed from. Nothing that stays as it was is copied.

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "sim/models/postgres/analysis/query.hpp"

namespace atlas::sim::models::postgres {

/// What changes, seen from the query whose level it is: of columns within subqueries only those
/// reach these functions that are of that query or of one further out, and their levels are counted
/// from it.
struct Rewriting {
    /// Null for a column that stays.
    std::function<ExpressionPtr(const Expression& column)> column;
    /// How far up the query is whose WITH is meant; that query is not further in than this one.
    std::function<std::size_t(std::size_t levels_up)> common_table_level;
};

/// One rewriter for all that belongs together: parts that share a subquery go on sharing it.
class Rewriter {
  public:
    explicit Rewriter(Rewriting rewriting) : rewriting_(std::move(rewriting)) {}

    /// `depth`: how many queries further in than the rewritten one it stands.
    ExpressionPtr expression(const ExpressionPtr& given, std::size_t depth = 0);
    QueryPtr query(const QueryPtr& given, std::size_t depth);
    void rewrite(RangeEntry& entry, std::size_t depth);
    /// All but its plan, FROM and WHERE, which are the caller's.
    void rewrite_expressions(Query& query, std::size_t depth);

  private:
    void rewrite(ExpressionPtr& expression, std::size_t depth);
    void rewrite(std::vector<ExpressionPtr>& expressions, std::size_t depth);
    PlanPtr plan(const PlanPtr& given, std::size_t depth);
    ExpressionPtr column(const ExpressionPtr& given, std::size_t depth);
    std::shared_ptr<const Subquery> subquery(const std::shared_ptr<const Subquery>& given,
                                             std::size_t depth);

    Rewriting rewriting_;
    std::vector<std::pair<const Subquery*, std::shared_ptr<const Subquery>>> done_;
};

/// As it looks from a query that many levels further in.
ExpressionPtr seen_from_within(const ExpressionPtr& expression, std::size_t levels);

}  // namespace atlas::sim::models::postgres

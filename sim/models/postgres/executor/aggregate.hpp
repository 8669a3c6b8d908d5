#pragma once
// One aggregate over the rows given to it.

#include <optional>
#include <set>
#include <vector>

#include "sim/models/postgres/executor/sorting.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"

namespace atlas::sim::models::postgres {

class AggregateState {
  public:
    explicit AggregateState(const AggregateCall& call) : call_(&call) {}

    /// Errors: the argument's own; 22003.
    Checked<> add(const EvaluationContext& context);
    /// More rows may come after.
    Checked<Value> finish() const;

  private:
    struct Item {
        Value value;
        Value delimiter;
        Row keys;
    };

    Checked<> keep(Value value, const EvaluationContext& context);
    /// Errors: those of what jsonb_agg() makes of a value.
    Checked<Value> collected() const;
    void add_numeric(const Value& value);
    /// Of at least one row.
    Value numeric_sum() const;

    const AggregateCall* call_;
    std::int64_t count_ = 0;
    __int128 sum_ = 0;
    Value extreme_ = Null{};            ///< Also the sum of numerics.
    std::set<Value, ValueOrder> seen_;  ///< For DISTINCT.
    std::vector<Item> items_;           ///< For what depends on the order of its rows.
};

}  // namespace atlas::sim::models::postgres

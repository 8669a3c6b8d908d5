#pragma once
// One aggregate over the rows given to it.

#include <set>

#include "sim/models/postgres/analysis/statement.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"

namespace atlas::sim::models::postgres {

class AggregateState {
  public:
    explicit AggregateState(const AggregateCall& call) : call_(call) {}

    /// Errors: the argument's own; 22003.
    Checked<> add(const EvaluationContext& context);
    Checked<Value> finish() const;

  private:
    struct Order {
        bool operator()(const Value& left, const Value& right) const {
            return compare(left, right) < 0;
        }
    };

    const AggregateCall& call_;
    std::int64_t count_ = 0;
    __int128 sum_ = 0;
    Value extreme_ = Null{};
    std::set<Value, Order> seen_;  ///< For DISTINCT.
};

}  // namespace atlas::sim::models::postgres

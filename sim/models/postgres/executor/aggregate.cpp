#include "sim/models/postgres/executor/aggregate.hpp"

#include <limits>

namespace atlas::sim::models::postgres {

Checked<> AggregateState::add(const EvaluationContext& context) {
    if (call_.filter != nullptr) {
        SQL_TRY(const bool wanted, evaluate_condition(*call_.filter, context));
        if (!wanted) return {};
    }
    if (call_.kind == AggregateKind::count_rows) {
        ++count_;
        return {};
    }
    SQL_TRY(Value value, evaluate(*call_.argument, context));
    if (is_null(value)) return {};
    if (call_.distinct && !seen_.insert(value).second) return {};
    ++count_;
    switch (call_.kind) {
        case AggregateKind::count_rows:
        case AggregateKind::count:
            break;
        case AggregateKind::sum:
            sum_ += std::get<std::int64_t>(value);
            break;
        case AggregateKind::minimum:
            if (is_null(extreme_) || compare(value, extreme_) < 0) extreme_ = std::move(value);
            break;
        case AggregateKind::maximum:
            if (is_null(extreme_) || compare(value, extreme_) > 0) extreme_ = std::move(value);
            break;
        case AggregateKind::every:
            extreme_ = (is_null(extreme_) || std::get<bool>(extreme_)) && std::get<bool>(value);
            break;
        case AggregateKind::some:
            extreme_ = (!is_null(extreme_) && std::get<bool>(extreme_)) || std::get<bool>(value);
            break;
    }
    return {};
}

Checked<Value> AggregateState::finish() const {
    switch (call_.kind) {
        case AggregateKind::count_rows:
        case AggregateKind::count:
            return count_;
        case AggregateKind::sum: {
            if (count_ == 0) return Null{};
            const auto sum = static_cast<std::int64_t>(sum_);
            if (sum == sum_) return sum;
            if (call_.result == TypeId::int8) return sql_error("22003", "bigint out of range");
            return not_covered("sums of bigint beyond bigint");
        }
        default:
            return extreme_;
    }
}

}  // namespace atlas::sim::models::postgres

#include "sim/models/postgres/executor/aggregate.hpp"

#include <algorithm>

#include "sim/models/postgres/types/compared.hpp"
#include "sim/models/postgres/types/numeric.hpp"
#include "sim/models/postgres/types/to_jsonb.hpp"

namespace atlas::sim::models::postgres {
namespace {

const Numeric& number(const Value& value) {
    return *std::get<std::shared_ptr<const Numeric>>(value);
}

}  // namespace

Checked<> AggregateState::add(const EvaluationContext& context) {
    if (call_->filter != nullptr) {
        SQL_TRY(const bool wanted, evaluate_condition(*call_->filter, context));
        if (!wanted) return {};
    }
    if (call_->kind == AggregateKind::count_rows) {
        ++count_;
        return {};
    }
    SQL_TRY(Value value, evaluate(*call_->argument, context));
    // array_agg and jsonb_agg take NULLs.
    const bool takes_null =
        call_->kind == AggregateKind::array || call_->kind == AggregateKind::json;
    if (is_null(value) && !takes_null) return {};
    if (call_->distinct) {
        Value compared = compared_form(call_->argument->type.id, value);
        if (!seen_.insert(std::move(compared)).second) return {};
    }
    ++count_;
    switch (call_->kind) {
        case AggregateKind::count_rows:
        case AggregateKind::count:
            break;
        case AggregateKind::sum:
        case AggregateKind::average:
            if (call_->argument->type.id == TypeId::numeric) {
                add_numeric(value);
            } else {
                sum_ += std::get<std::int64_t>(value);
            }
            break;
        // Of equal ones that look different (1.0 and 1.00) the last.
        case AggregateKind::minimum:
            if (is_null(extreme_) || compare(value, extreme_) <= 0) extreme_ = std::move(value);
            break;
        case AggregateKind::maximum:
            if (is_null(extreme_) || compare(value, extreme_) >= 0) extreme_ = std::move(value);
            break;
        case AggregateKind::every:
            extreme_ = (is_null(extreme_) || std::get<bool>(extreme_)) && std::get<bool>(value);
            break;
        case AggregateKind::some:
            extreme_ = (!is_null(extreme_) && std::get<bool>(extreme_)) || std::get<bool>(value);
            break;
        case AggregateKind::array:
        case AggregateKind::json:
        case AggregateKind::joined_text:
            return keep(std::move(value), context);
    }
    return {};
}

void AggregateState::add_numeric(const Value& value) {
    extreme_ = is_null(extreme_)
                   ? value
                   : Value(std::make_shared<const Numeric>(number(extreme_) + number(value)));
}

Checked<> AggregateState::keep(Value value, const EvaluationContext& context) {
    Item item{.value = std::move(value), .delimiter = Null{}, .keys = {}};
    if (call_->delimiter != nullptr) {
        SQL_TRY(item.delimiter, evaluate(*call_->delimiter, context));
    }
    for (const SortKey& key : call_->order_by) {
        SQL_TRY(Value part, evaluate(*key.expression, context));
        item.keys.push_back(compared_form(key.expression->type.id, std::move(part)));
    }
    items_.push_back(std::move(item));
    return {};
}

Checked<Value> AggregateState::collected() const {
    if (items_.empty()) return Null{};
    std::vector<const Item*> sorted;
    for (const std::size_t place :
         sorted_places(items_.size(), [&](std::size_t left, std::size_t right) {
             return compare_keys(call_->order_by, items_[left].keys, items_[right].keys);
         }))
        sorted.push_back(&items_[place]);
    if (call_->kind == AggregateKind::array) {
        auto array = std::make_shared<Array>();
        for (const Item* item : sorted)
            array->elements.push_back(item->value);
        return array;
    }
    if (call_->kind == AggregateKind::json) {
        std::string json = "[";
        for (const Item* item : sorted) {
            SQL_TRY(const std::string one, jsonb_of(call_->argument->type.id, item->value));
            json += (item == sorted.front() ? "" : ", ") + one;
        }
        return json + "]";
    }
    // The first one's delimiter is not used.
    std::string joined;
    for (const Item* item : sorted) {
        if (item != sorted.front() && !is_null(item->delimiter))
            joined += std::get<std::string>(item->delimiter);
        joined += std::get<std::string>(item->value);
    }
    return joined;
}

Value AggregateState::numeric_sum() const {
    if (call_->argument->type.id == TypeId::numeric) return extreme_;
    return std::make_shared<const Numeric>(Numeric::Integer(sum_), 0);
}

Checked<Value> AggregateState::finish() const {
    switch (call_->kind) {
        case AggregateKind::count_rows:
        case AggregateKind::count:
            return count_;
        case AggregateKind::average: {
            if (count_ == 0) return Null{};
            SQL_TRY(Numeric quotient, Numeric::divide(number(numeric_sum()), Numeric(count_)));
            return std::make_shared<const Numeric>(std::move(quotient));
        }
        case AggregateKind::sum: {
            if (count_ == 0) return Null{};
            if (call_->result == TypeId::numeric) return numeric_sum();
            const auto sum = static_cast<std::int64_t>(sum_);
            if (sum == sum_) return sum;
            return sql_error("22003", "bigint out of range");
        }
        case AggregateKind::array:
        case AggregateKind::json:
        case AggregateKind::joined_text:
            return collected();
        default:
            return extreme_;
    }
}

}  // namespace atlas::sim::models::postgres

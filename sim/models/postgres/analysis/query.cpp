#include "sim/models/postgres/analysis/query.hpp"

namespace atlas::sim::models::postgres {

bool is_volatile(const Expression& expression) {
    bool found = false;
    visit_expression(expression, [&](const Expression& part) {
        found |= part.function != nullptr && part.function->volatility == Volatility::volatile_;
        found |= part.subquery != nullptr && part.subquery->query->has_volatile;
    });
    return found;
}

bool has_waiting_subquery(const Expression& expression) {
    bool found = false;
    visit_expression(expression, [&](const Expression& part) {
        found |= part.subquery != nullptr && part.subquery->query->may_wait;
    });
    return found;
}

}  // namespace atlas::sim::models::postgres

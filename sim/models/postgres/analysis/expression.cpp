#include "sim/models/postgres/analysis/expression.hpp"

namespace atlas::sim::models::postgres {

bool same_expression(const Expression& left, const Expression& right) {
    if (left.kind != right.kind || left.index != right.index || left.relation != right.relation ||
        left.function != right.function || left.negated != right.negated ||
        left.test != right.test || left.arguments.size() != right.arguments.size())
        return false;
    if (left.kind == ExpressionKind::constant) {
        return is_null(left.constant) == is_null(right.constant) &&
               left.constant.index() == right.constant.index() &&
               compare(left.constant, right.constant) == std::strong_ordering::equal;
    }
    for (std::size_t i = 0; i < left.arguments.size(); ++i) {
        if (!same_expression(*left.arguments[i], *right.arguments[i])) return false;
    }
    return true;
}

}  // namespace atlas::sim::models::postgres

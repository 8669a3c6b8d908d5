#include "sim/models/postgres/analysis/expression.hpp"

namespace atlas::sim::models::postgres {
namespace {

// Of these two can differ in nothing but the type that they give.
bool is_named_by_its_type(ExpressionKind kind) {
    switch (kind) {
        case ExpressionKind::apply_modifier:
        case ExpressionKind::convert_text:
        case ExpressionKind::convert_to_text:
        case ExpressionKind::convert_integer:
        case ExpressionKind::array:
            return true;
        default:
            return false;
    }
}

}  // namespace

bool same_expression(const Expression& left, const Expression& right) {
    if (left.kind != right.kind || left.index != right.index || left.relation != right.relation ||
        left.function != right.function || left.negated != right.negated ||
        left.test != right.test || left.arguments.size() != right.arguments.size())
        return false;
    if (is_named_by_its_type(left.kind) && left.type != right.type) return false;
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

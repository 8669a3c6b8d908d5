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

bool same_expression(const Expression& left, const Expression& right, std::size_t shift) {
    if (left.kind != right.kind || left.index != right.index || left.levels_up != right.levels_up ||
        left.subquery != right.subquery || left.function != right.function ||
        left.negated != right.negated || left.test != right.test ||
        left.arguments.size() != right.arguments.size())
        return false;
    const bool is_column = left.kind == ExpressionKind::column;
    if (is_column && left.relation != right.relation + (left.levels_up == 0 ? shift : 0))
        return false;
    const bool is_labelled = left.relabelled || right.relabelled;
    if (is_labelled && left.type.id != right.type.id) return false;
    if (is_named_by_its_type(left.kind) && left.type != right.type) return false;
    if (left.kind == ExpressionKind::constant) {
        return is_null(left.constant) == is_null(right.constant) &&
               left.constant.index() == right.constant.index() &&
               compare(left.constant, right.constant) == std::strong_ordering::equal;
    }
    for (std::size_t i = 0; i < left.arguments.size(); ++i) {
        if (!same_expression(*left.arguments[i], *right.arguments[i], shift)) return false;
    }
    return true;
}

}  // namespace atlas::sim::models::postgres

#include "sim/models/postgres/plan/outer_joins.hpp"

#include <algorithm>

#include "sim/models/postgres/plan/access_path.hpp"

namespace atlas::sim::models::postgres {
namespace {

Relations required(const Expression& expression, bool as_condition);

Relations by_any(const std::vector<ExpressionPtr>& parts, bool as_condition) {
    Relations found = 0;
    for (const ExpressionPtr& part : parts)
        found |= required(*part, as_condition);
    return found;
}

Relations by_all(const std::vector<ExpressionPtr>& parts) {
    Relations found = ~Relations{0};
    for (const ExpressionPtr& part : parts)
        found &= required(*part, false);
    return parts.empty() ? 0 : found;
}

// ANY of nothing is false, but ALL of nothing is true.
bool has_elements(const Expression& array) {
    if (array.kind == ExpressionKind::array) return !array.arguments.empty();
    if (array.kind != ExpressionKind::constant || is_null(array.constant)) return false;
    const auto* const elements = std::get_if<std::shared_ptr<const Array>>(&array.constant);
    return elements != nullptr && !(*elements)->elements.empty();
}

// x IN (SELECT ...) is a join as well, if the query does not depend on the row.
Relations by_membership(const Expression& expression) {
    const Subquery& subquery = *expression.subquery;
    const bool joined =
        subquery.kind == SubqueryKind::any &&
        std::ranges::none_of(subquery.query->outer_references,
                             [](const ExpressionPtr& each) { return each->levels_up == 0; });
    return joined ? required(*expression.arguments.front(), true) : 0;
}

// The items of which a row of NULLs makes the expression NULL; or, if it is a condition, anything
// but true.
Relations required(const Expression& expression, bool as_condition) {
    const std::vector<ExpressionPtr>& arguments = expression.arguments;
    switch (expression.kind) {
        case ExpressionKind::column:
            return expression.levels_up == 0 ? only(expression.relation) : 0;
        case ExpressionKind::call:
            return expression.function->strict ? by_any(arguments, false) : 0;
        case ExpressionKind::in_list:
            return required(*arguments.front(), false);
        case ExpressionKind::any_element:
            if (!expression.function->strict) return 0;
            if (expression.negated && !has_elements(*arguments[1])) return 0;
            return by_any(arguments, false);
        case ExpressionKind::logical_and:
            return as_condition ? by_any(arguments, true) : by_all(arguments);
        case ExpressionKind::logical_or:
            return by_all(arguments);
        case ExpressionKind::logical_not:
            return required(*arguments.front(), false);
        case ExpressionKind::apply_modifier:
        case ExpressionKind::convert_text:
        case ExpressionKind::convert_to_text:
        case ExpressionKind::convert_integer:
            return required(*arguments.front(), as_condition);
        case ExpressionKind::is_not_null:
            return as_condition ? required(*arguments.front(), false) : 0;
        case ExpressionKind::boolean_test: {
            const bool wants_a_value =
                (expression.test == BooleanTest::is_unknown) == expression.negated;
            return as_condition && wants_a_value ? required(*arguments.front(), false) : 0;
        }
        case ExpressionKind::subquery:
            return as_condition ? by_membership(expression) : 0;
        default:
            return 0;
    }
}

Relations all_of(const JoinTree& tree) {
    if (tree.is_item()) return only(tree.relation);
    return all_of(*tree.left) | all_of(*tree.right);
}

JoinType reduced(const JoinTree& tree, Relations by_those_around) {
    const bool wants_left = (all_of(*tree.left) & by_those_around) != 0;
    const bool wants_right = (all_of(*tree.right) & by_those_around) != 0;
    switch (tree.type) {
        case JoinType::inner:
            return JoinType::inner;
        case JoinType::left:
            return wants_right ? JoinType::inner : JoinType::left;
        case JoinType::right:
            return wants_left ? JoinType::inner : JoinType::right;
        case JoinType::full:
            if (wants_left && wants_right) return JoinType::inner;
            if (wants_left) return JoinType::left;
            return wants_right ? JoinType::right : JoinType::full;
    }
    return tree.type;
}

void reduce(JoinTree& tree, Relations by_those_around) {
    if (tree.is_item()) return;
    tree.type = reduced(tree, by_those_around);
    if (tree.type == JoinType::full) {
        reduce(*tree.left, 0);
        reduce(*tree.right, 0);
        return;
    }
    Relations by_condition = 0;
    if (tree.condition != nullptr) by_condition = required(*tree.condition, true);
    if (tree.type == JoinType::inner) {
        reduce(*tree.left, by_condition | by_those_around);
        reduce(*tree.right, by_condition | by_those_around);
        return;
    }
    // What makes a partner is asked of the side that may be missing; what is further out, of the
    // other one.
    const bool right_may_be_missing = tree.type == JoinType::left;
    reduce(right_may_be_missing ? *tree.left : *tree.right, by_those_around);
    reduce(right_may_be_missing ? *tree.right : *tree.left, by_condition);
}

}  // namespace

void reduce_outer_joins(const std::vector<std::unique_ptr<JoinTree>>& from,
                        const ExpressionPtr& condition) {
    const Relations by_where = condition == nullptr ? 0 : required(*condition, true);
    for (const auto& tree : from)
        reduce(*tree, by_where);
}

}  // namespace atlas::sim::models::postgres

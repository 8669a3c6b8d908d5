#include "sim/models/postgres/plan/access_path.hpp"

#include <algorithm>

#include "sim/models/postgres/plan/folding.hpp"
#include "sim/models/postgres/types/compared.hpp"

namespace atlas::sim::models::postgres {
namespace {

// Can be computed before the table is read, and is the same for all of its rows.
bool is_fixed(const Expression& expression, Relations known) {
    bool fixed = (relations_of(expression) & ~known) == 0 && !is_volatile(expression);
    visit_expression(expression, [&](const Expression& part) {
        fixed &=
            part.kind != ExpressionKind::aggregate && part.kind != ExpressionKind::subquery_column;
    });
    return fixed;
}

// As the conditions are by now, if it can be.
ExpressionPtr folded(const ExpressionPtr& of_index) {
    return fold(of_index).value_or(of_index);
}

// An index has a column as it is; whatever type it goes by, its values are the same. That they are
// equal may be another thing by that type: text as char(n), whose spaces at the end are nothing.
bool is_key(const Expression& expression, const Expression& key, std::size_t relation) {
    if (!expression.relabelled) return same_expression(expression, key, relation);
    if (!is_compared_as_kept(expression.type.id)) return false;
    Expression column = expression;
    column.relabelled = false;
    return same_expression(column, key, relation);
}

ExpressionPtr fixed_value(std::span<const ExpressionPtr> parts, const Expression& key,
                          std::size_t relation, Relations known) {
    for (const ExpressionPtr& part : parts) {
        const auto equality = equality_in(*part);
        if (!equality) continue;
        for (const auto& [own, other] : {std::pair(equality->left, equality->right),
                                         std::pair(equality->right, equality->left)}) {
            if (is_key(*own, key, relation) && is_fixed(*other, known)) return other;
        }
    }
    return nullptr;
}

// "key < value" said the other way round is "value > key".
std::string_view mirrored(std::string_view comparison) {
    if (comparison == "<") return ">";
    if (comparison == "<=") return ">=";
    if (comparison == ">") return "<";
    return comparison == ">=" ? "<=" : "";
}

// Of several bounds the first: that the others hold is checked on each row.
void add_bound(AccessPath& path, const ExpressionPtr& condition, const Expression& key,
               std::size_t relation, Relations known) {
    if (condition->kind != ExpressionKind::call || condition->arguments.size() != 2) return;
    const std::string_view written = condition->function->name;
    if (mirrored(written).empty()) return;
    const ExpressionPtr& left = condition->arguments[0];
    const ExpressionPtr& right = condition->arguments[1];
    if (!are_compared_alike(left->type.id, right->type.id)) return;
    const bool key_is_left = is_key(*left, key, relation);
    if (!key_is_left && !is_key(*right, key, relation)) return;
    const ExpressionPtr& value = key_is_left ? right : left;
    if (!is_fixed(*value, known)) return;
    const std::string_view comparison = key_is_left ? written : mirrored(written);
    auto& bound = comparison.starts_with('>') ? path.from : path.to;
    if (!bound) bound = {value, comparison.ends_with('=')};
}

}  // namespace

Relations relations_of(const Expression& expression) {
    Relations found = 0;
    visit_columns(expression, [&](const Expression& column) {
        if (column.levels_up == 0) found |= only(column.relation);
    });
    return found;
}

bool has_subquery(const Expression& expression) {
    bool found = false;
    visit_expression(expression,
                     [&](const Expression& part) { found |= part.subquery != nullptr; });
    return found;
}

std::optional<Equality> equality_in(const Expression& condition) {
    if (condition.kind != ExpressionKind::call || condition.function->name != "=" ||
        condition.arguments.size() != 2)
        return std::nullopt;
    const ExpressionPtr& left = condition.arguments[0];
    const ExpressionPtr& right = condition.arguments[1];
    if (!are_compared_alike(left->type.id, right->type.id)) return std::nullopt;
    return Equality{left, right};
}

std::vector<ExpressionPtr> conjuncts(const ExpressionPtr& condition) {
    if (condition == nullptr) return {};
    if (condition->kind != ExpressionKind::logical_and) return {condition};
    std::vector<ExpressionPtr> parts;
    for (const ExpressionPtr& argument : condition->arguments)
        std::ranges::move(conjuncts(argument), std::back_inserter(parts));
    return parts;
}

bool implies(const std::vector<ExpressionPtr>& condition, const ExpressionPtr& predicate,
             std::size_t relation) {
    return std::ranges::all_of(conjuncts(predicate), [&](const ExpressionPtr& wanted) {
        return std::ranges::any_of(condition, [&](const ExpressionPtr& part) {
            return same_expression(*part, *wanted, relation);
        });
    });
}

PathRank rank(const AccessPath& path) {
    const bool one_row = path.index != nullptr && path.index->unique &&
                         path.equal_to.size() == path.index->keys.size();
    return {one_row, path.equal_to.size(), path.from || path.to};
}

AccessPath choose_path(const TableDefinition& table, std::size_t relation,
                       std::span<const ExpressionPtr> condition, Relations known) {
    AccessPath best;
    if (condition.empty()) return best;
    const std::vector<ExpressionPtr> parts(condition.begin(), condition.end());
    for (const auto& index : table.indexes) {
        if (index->predicate && !implies(parts, folded(index->predicate->expression), relation))
            continue;
        AccessPath path{.index = index};
        for (const IndexKey& part : index->keys) {
            const ExpressionPtr folded_key = folded(part.expression.expression);
            const Expression& key = *folded_key;
            // An index has the values as they are kept.
            if (!is_compared_as_kept(key.type.id)) break;
            ExpressionPtr value = fixed_value(parts, key, relation, known);
            if (value == nullptr) {
                for (const ExpressionPtr& each : parts)
                    add_bound(path, each, key, relation, known);
                break;
            }
            path.equal_to.push_back(std::move(value));
        }
        if (rank(path) > rank(best)) best = std::move(path);
    }
    return best;
}

}  // namespace atlas::sim::models::postgres

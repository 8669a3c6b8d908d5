// Which index finds the rows of a scan: the one with the most leading keys that the condition
// fixes, a unique one first. A partial index only when the condition has its predicate in it.

#include <algorithm>

#include "sim/models/postgres/analysis/statement_analyser.hpp"

namespace atlas::sim::models::postgres {
namespace {

// The same for every row, so that it can be computed before the scan.
bool is_fixed(const Expression& expression) {
    bool fixed = true;
    visit_expression(expression, [&](const Expression& part) {
        fixed &= part.kind != ExpressionKind::column && part.kind != ExpressionKind::aggregate;
        if (part.function != nullptr) fixed &= part.function->volatility != Volatility::volatile_;
    });
    return fixed;
}

ExpressionPtr fixed_value(const std::vector<ExpressionPtr>& parts, const Expression& key) {
    for (const ExpressionPtr& part : parts) {
        if (part->kind != ExpressionKind::call || part->function->name != "=" ||
            part->arguments.size() != 2)
            continue;
        for (const std::size_t side : {0U, 1U}) {
            const ExpressionPtr& other = part->arguments[1 - side];
            if (same_expression(*part->arguments[side], key) && is_fixed(*other)) return other;
        }
    }
    return nullptr;
}

}  // namespace

std::vector<ExpressionPtr> conjuncts(const ExpressionPtr& condition) {
    if (condition == nullptr) return {};
    if (condition->kind != ExpressionKind::logical_and) return {condition};
    std::vector<ExpressionPtr> parts;
    for (const ExpressionPtr& argument : condition->arguments)
        std::ranges::move(conjuncts(argument), std::back_inserter(parts));
    return parts;
}

bool implies(const ExpressionPtr& condition, const ExpressionPtr& predicate) {
    const std::vector<ExpressionPtr> known = conjuncts(condition);
    return std::ranges::all_of(conjuncts(predicate), [&](const ExpressionPtr& wanted) {
        return std::ranges::any_of(
            known, [&](const ExpressionPtr& part) { return same_expression(*part, *wanted); });
    });
}

AccessPath choose_path(const TableDefinition& table, const ExpressionPtr& condition) {
    const std::vector<ExpressionPtr> parts = conjuncts(condition);
    AccessPath best;
    if (parts.empty()) return best;
    for (const auto& index : table.indexes) {
        if (index->predicate && !implies(condition, index->predicate->expression)) continue;
        std::vector<ExpressionPtr> values;
        for (const IndexKey& key : index->keys) {
            ExpressionPtr value = fixed_value(parts, *key.expression.expression);
            if (value == nullptr) break;
            values.push_back(std::move(value));
        }
        const auto rank = [](const AccessPath& path) {
            const bool one_row = path.index != nullptr && path.index->unique &&
                                 path.equal_to.size() == path.index->keys.size();
            return std::pair(one_row, path.equal_to.size());
        };
        AccessPath path{index, std::move(values)};
        if (!path.equal_to.empty() && rank(path) > rank(best)) best = std::move(path);
    }
    return best;
}

}  // namespace atlas::sim::models::postgres

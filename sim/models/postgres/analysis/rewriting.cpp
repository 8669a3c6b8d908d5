#include "sim/models/postgres/analysis/rewriting.hpp"

#include <algorithm>

#include "sim/models/postgres/analysis/coercion.hpp"
#include "sim/models/postgres/plan/plan.hpp"

namespace atlas::sim::models::postgres {
namespace {

ExpressionPtr make(Expression expression) {
    return std::make_shared<const Expression>(std::move(expression));
}

// Whether the query, so many levels further in, has anything to do with the rewritten one or those
// around it.
bool reaches_out(const Query& query, std::size_t depth) {
    return query.uses_outer_common_table ||
           std::ranges::any_of(query.outer_references, [&](const ExpressionPtr& reference) {
               return reference->levels_up + 1 >= depth;
           });
}

}  // namespace

ExpressionPtr seen_from_within(const ExpressionPtr& expression, std::size_t levels) {
    if (levels == 0) return expression;
    Rewriter rewriter({.column =
                           [&](const Expression& column) {
                               Expression moved = column;
                               moved.levels_up += levels;
                               return make(std::move(moved));
                           },
                       .common_table_level = [&](std::size_t up) { return up + levels; }});
    return rewriter.expression(expression);
}

ExpressionPtr Rewriter::column(const ExpressionPtr& given, std::size_t depth) {
    if (given->levels_up < depth) return given;
    Expression seen = *given;
    seen.levels_up -= depth;
    ExpressionPtr found = rewriting_.column(seen);
    if (found == nullptr) return given;
    found = seen_from_within(found, depth);
    // A column can be under another type than what it was computed as.
    return found->type == given->type ? found : relabelled(found, given->type);
}

ExpressionPtr Rewriter::expression(const ExpressionPtr& given, std::size_t depth) {
    if (given == nullptr) return nullptr;
    if (given->kind == ExpressionKind::column) return column(given, depth);
    std::vector<ExpressionPtr> arguments = given->arguments;
    rewrite(arguments, depth);
    std::shared_ptr<const Subquery> within = given->subquery;
    if (within != nullptr) within = subquery(within, depth);
    if (arguments == given->arguments && within == given->subquery) return given;
    Expression copy = *given;
    copy.arguments = std::move(arguments);
    copy.subquery = std::move(within);
    return make(std::move(copy));
}

std::shared_ptr<const Subquery> Rewriter::subquery(const std::shared_ptr<const Subquery>& given,
                                                   std::size_t depth) {
    const auto known = std::ranges::find(done_, given.get(), [](const auto& e) { return e.first; });
    if (known != done_.end()) return known->second;
    Subquery copy = *given;
    copy.query = query(given->query, depth + 1);
    rewrite(copy.looked_up, depth);
    const bool same = copy.query == given->query && copy.looked_up == given->looked_up;
    auto result = same ? given : std::make_shared<const Subquery>(std::move(copy));
    done_.emplace_back(given.get(), result);
    return result;
}

QueryPtr Rewriter::query(const QueryPtr& given, std::size_t depth) {
    if (given == nullptr || !reaches_out(*given, depth)) return given;
    auto copy = std::make_shared<Query>(*given);
    rewrite_expressions(*copy, depth);
    copy->plan = plan(given->plan, depth);
    for (CommonTable& common : copy->common_tables) {
        common.query = query(common.query, depth + 1);
        if (!common.recursion) continue;
        common.recursion->left = query(common.recursion->left, depth + 1);
        common.recursion->right = query(common.recursion->right, depth + 1);
    }
    // They are seen from one level further out; of one column there may be several now, or none.
    std::vector<ExpressionPtr> references;
    for (const ExpressionPtr& reference : given->outer_references) {
        const ExpressionPtr found = expression(reference, depth - 1);
        visit_columns(*found, [&](const Expression& each) { references.push_back(make(each)); });
    }
    copy->outer_references = std::move(references);
    // It is no part of another query any more that could be taken in.
    copy->is_simple = false;
    copy->from.clear();
    copy->where = nullptr;
    return copy;
}

void Rewriter::rewrite(ExpressionPtr& given, std::size_t depth) {
    given = expression(given, depth);
}

void Rewriter::rewrite(std::vector<ExpressionPtr>& expressions, std::size_t depth) {
    for (ExpressionPtr& each : expressions)
        rewrite(each, depth);
}

void Rewriter::rewrite(RangeEntry& entry, std::size_t depth) {
    visit_entry(entry, [&](ExpressionPtr& expression) { rewrite(expression, depth); });
    entry.query = query(entry.query, depth + 1);
    if (entry.set_operation) {
        entry.set_operation->left = query(entry.set_operation->left, depth + 1);
        entry.set_operation->right = query(entry.set_operation->right, depth + 1);
    }
    const bool of_with =
        entry.kind == RangeKind::common_table || entry.kind == RangeKind::working_table;
    if (of_with && entry.levels_up >= depth)
        entry.levels_up = rewriting_.common_table_level(entry.levels_up - depth) + depth;
}

void Rewriter::rewrite_expressions(Query& query, std::size_t depth) {
    for (RangeEntry& entry : query.range)
        rewrite(entry, depth);
    visit_clauses(query, [&](ExpressionPtr& expression) { rewrite(expression, depth); });
}

PlanPtr Rewriter::plan(const PlanPtr& given, std::size_t depth) {
    if (given == nullptr) return nullptr;
    Plan copy = *given;
    copy.left = plan(given->left, depth);
    copy.right = plan(given->right, depth);
    rewrite(copy.path.equal_to, depth);
    for (auto* bound : {&copy.path.from, &copy.path.to}) {
        if (*bound) rewrite((*bound)->value, depth);
    }
    rewrite(copy.condition, depth);
    rewrite(copy.keys, depth);
    rewrite(copy.values, depth);
    rewrite(copy.filter, depth);
    return std::make_shared<const Plan>(std::move(copy));
}

}  // namespace atlas::sim::models::postgres

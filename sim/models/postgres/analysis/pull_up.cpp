#include "sim/models/postgres/analysis/pull_up.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "sim/models/postgres/analysis/rewriting.hpp"

namespace atlas::sim::models::postgres {
namespace {

constexpr std::size_t most_relations = 64;

bool is_own_column(const Target& target) {
    return target.expression->kind == ExpressionKind::column && target.expression->levels_up == 0;
}

ExpressionPtr both(const ExpressionPtr& first, const ExpressionPtr& second) {
    if (first == nullptr || second == nullptr) return first == nullptr ? second : first;
    return std::make_shared<const Expression>(Expression{.kind = ExpressionKind::logical_and,
                                                         .type = {TypeId::boolean},
                                                         .arguments = {first, second}});
}

bool has_volatile_condition(const JoinTree& tree) {
    if (tree.condition != nullptr && is_volatile(*tree.condition)) return true;
    return !tree.is_item() &&
           (has_volatile_condition(*tree.left) || has_volatile_condition(*tree.right));
}

class PullUp {
  public:
    PullUp(Query& query, ExpressionPtr& condition) : query_(query), condition_(condition) {}

    void visit(std::unique_ptr<JoinTree>& tree, bool may_be_missing);
    bool is_empty() const { return columns_.empty(); }
    /// The columns of what was taken in are what they were computed from.
    void substitute(std::vector<std::unique_ptr<JoinTree>>& from,
                    std::span<ExpressionPtr* const> others);

  private:
    QueryPtr query_of(const RangeEntry& entry) const;
    bool can_take_in(const Query& inner, bool may_be_missing) const;
    std::unique_ptr<JoinTree> take_in(std::size_t relation, const Query& inner,
                                      bool may_be_missing);
    static std::unique_ptr<JoinTree> moved(const JoinTree& tree, std::size_t offset,
                                           Rewriter& rewriter);
    static void rewrite(JoinTree& tree, Rewriter& rewriter);

    Query& query_;
    ExpressionPtr& condition_;
    /// Of each that was taken in: what its columns are.
    std::map<std::size_t, std::vector<ExpressionPtr>> columns_;
};

// Null for what is no query by itself.
QueryPtr PullUp::query_of(const RangeEntry& entry) const {
    if (entry.kind == RangeKind::subquery) return entry.query;
    if (entry.kind != RangeKind::common_table || entry.levels_up > 0) return nullptr;
    const CommonTable& common = query_.common_tables[entry.common_table];
    const bool inlined = common.uses == 1 && !common.materialized && common.query != nullptr &&
                         !common.query->has_volatile && !common.may_wait;
    return inlined ? common.query : nullptr;
}

bool PullUp::can_take_in(const Query& inner, bool may_be_missing) const {
    if (!inner.is_simple || query_.range.size() + inner.range.size() > most_relations) return false;
    // LATERAL.
    const bool uses_siblings = std::ranges::any_of(
        inner.outer_references,
        [](const ExpressionPtr& reference) { return reference->levels_up == 0; });
    if (uses_siblings) return false;
    if (!may_be_missing) return true;
    // A missing row makes NULL of its columns alone; and a condition must find a place below.
    const bool has_place = inner.where == nullptr || inner.from.size() > 1 ||
                           inner.from.front()->is_item() ||
                           inner.from.front()->type == JoinType::inner;
    return has_place && std::ranges::all_of(inner.targets, is_own_column);
}

void PullUp::visit(std::unique_ptr<JoinTree>& tree, bool may_be_missing) {
    if (!tree->is_item()) {
        const bool full = tree->type == JoinType::full;
        visit(tree->left, may_be_missing || full || tree->type == JoinType::right);
        visit(tree->right, may_be_missing || full || tree->type == JoinType::left);
        return;
    }
    const QueryPtr inner = query_of(query_.range[tree->relation]);
    if (inner == nullptr || !can_take_in(*inner, may_be_missing)) return;
    tree = take_in(tree->relation, *inner, may_be_missing);
    visit(tree, may_be_missing);
}

std::unique_ptr<JoinTree> PullUp::take_in(std::size_t relation, const Query& inner,
                                          bool may_be_missing) {
    const std::size_t offset = query_.range.size();
    Rewriter rewriter({.column = [offset](const Expression& column) -> ExpressionPtr {
                           Expression here = column;
                           if (here.levels_up == 0) {
                               here.relation += offset;
                           } else {
                               --here.levels_up;
                           }
                           return std::make_shared<const Expression>(std::move(here));
                       },
                       // It has no WITH of its own.
                       .common_table_level = [](std::size_t levels_up) { return levels_up - 1; }});
    for (RangeEntry entry : inner.range) {
        rewriter.rewrite(entry, 0);
        query_.locks_rows |= entry.locks_rows();
        query_.range.push_back(std::move(entry));
    }
    std::vector<ExpressionPtr>& columns = columns_[relation];
    for (const Target& target : inner.targets)
        columns.push_back(rewriter.expression(target.expression));
    std::unique_ptr<JoinTree> tree;
    for (const auto& item : inner.from) {
        std::unique_ptr<JoinTree> next = moved(*item, offset, rewriter);
        if (tree == nullptr) {
            tree = std::move(next);
            continue;
        }
        auto joined = std::make_unique<JoinTree>();
        joined->left = std::move(tree);
        joined->right = std::move(next);
        tree = std::move(joined);
    }
    const ExpressionPtr where = rewriter.expression(inner.where);
    if (may_be_missing) {
        tree->condition = both(tree->condition, where);
    } else {
        condition_ = both(where, condition_);
    }
    query_.range[relation].kind = RangeKind::taken_in;
    query_.range[relation].query = nullptr;
    return tree;
}

std::unique_ptr<JoinTree> PullUp::moved(const JoinTree& tree, std::size_t offset,
                                        Rewriter& rewriter) {
    auto copy = std::make_unique<JoinTree>();
    copy->relation = tree.relation + offset;
    copy->type = tree.type;
    copy->condition = rewriter.expression(tree.condition);
    if (tree.is_item()) return copy;
    copy->left = moved(*tree.left, offset, rewriter);
    copy->right = moved(*tree.right, offset, rewriter);
    return copy;
}

void PullUp::rewrite(JoinTree& tree, Rewriter& rewriter) {
    tree.condition = rewriter.expression(tree.condition);
    if (tree.is_item()) return;
    rewrite(*tree.left, rewriter);
    rewrite(*tree.right, rewriter);
}

void PullUp::substitute(std::vector<std::unique_ptr<JoinTree>>& from,
                        std::span<ExpressionPtr* const> others) {
    // One that was taken in may have had columns of another one that was.
    std::function<ExpressionPtr(const Expression&)> find;
    const Rewriting substitution{
        .column = [&](const Expression& column) { return find(column); },
        .common_table_level = [](std::size_t levels_up) { return levels_up; }};
    find = [&](const Expression& column) -> ExpressionPtr {
        if (column.levels_up > 0) return nullptr;
        const auto found = columns_.find(column.relation);
        if (found == columns_.end()) return nullptr;
        return Rewriter(substitution).expression(found->second[column.index]);
    };
    Rewriter rewriter(substitution);
    rewriter.rewrite_expressions(query_, 0);
    condition_ = rewriter.expression(condition_);
    for (const auto& tree : from)
        rewrite(*tree, rewriter);
    for (ExpressionPtr* other : others)
        *other = rewriter.expression(*other);
}

}  // namespace

bool is_simple(const Query& query) {
    const bool plain = !query.grouped && query.windows.empty() && !query.distinct &&
                       query.order_by.empty() && query.limit == nullptr &&
                       query.offset == nullptr && !query.locks_rows && query.common_tables.empty();
    if (!plain || query.range.empty()) return false;
    const RangeKind first = query.range.front().kind;
    if (first == RangeKind::values || first == RangeKind::set_operation) return false;
    return std::ranges::none_of(query.targets, [](const Target& target) {
        return is_volatile(*target.expression) || has_waiting_subquery(*target.expression);
    });
}

bool has_volatile_parts(const Query& query, const std::vector<std::unique_ptr<JoinTree>>& from,
                        const ExpressionPtr& condition) {
    bool found = condition != nullptr && is_volatile(*condition);
    for (const auto& tree : from)
        found |= has_volatile_condition(*tree);
    const auto look = [&](const ExpressionPtr& expression) {
        found |= expression != nullptr && is_volatile(*expression);
    };
    visit_clauses(query, look);
    const auto within = [&](const QueryPtr& inner) {
        found |= inner != nullptr && inner->has_volatile;
    };
    for (const RangeEntry& entry : query.range) {
        visit_entry(entry, look);
        within(entry.query);
        if (!entry.set_operation) continue;
        within(entry.set_operation->left);
        within(entry.set_operation->right);
    }
    for (const CommonTable& common : query.common_tables) {
        within(common.query);
        if (!common.recursion) continue;
        within(common.recursion->left);
        within(common.recursion->right);
    }
    return found;
}

void pull_up(Query& query, std::vector<std::unique_ptr<JoinTree>>& from, ExpressionPtr& condition,
             std::span<ExpressionPtr* const> others) {
    PullUp pulled(query, condition);
    for (std::unique_ptr<JoinTree>& tree : from)
        pulled.visit(tree, false);
    if (!pulled.is_empty()) pulled.substitute(from, others);
}

}  // namespace atlas::sim::models::postgres

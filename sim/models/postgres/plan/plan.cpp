// The order of joins: items joined by inner joins are taken best access first; outer joins stay as
// they are written. A condition is checked as soon as all that it needs is there. What is looked up
// by equality and has no index is kept by key.

#include "sim/models/postgres/plan/plan.hpp"

#include <algorithm>

#include "sim/models/postgres/plan/access_path.hpp"

namespace atlas::sim::models::postgres {
namespace {

using Conditions = std::vector<ExpressionPtr>;

struct Built {
    PlanPtr plan;
    Relations relations = 0;
};

bool may_differ_between_runs(const Expression& expression) {
    bool found = is_volatile(expression) || has_subquery(expression);
    visit_columns(expression, [&](const Expression& column) { found |= column.levels_up > 0; });
    return found;
}

bool passes_all(const Expression& condition) {
    return condition.kind == ExpressionKind::constant && !is_null(condition.constant) &&
           std::get<bool>(condition.constant);
}

bool passes_none(const Expression& condition) {
    return condition.kind == ExpressionKind::constant && !passes_all(condition);
}

// What is cheap first.
Conditions by_cost(Conditions conditions) {
    Conditions cheap;
    Conditions dear;
    for (ExpressionPtr& condition : conditions)
        (has_subquery(*condition) ? dear : cheap).push_back(std::move(condition));
    std::ranges::move(dear, std::back_inserter(cheap));
    return cheap;
}

Relations all_of(const JoinTree& tree) {
    if (tree.is_item()) return only(tree.relation);
    return all_of(*tree.left) | all_of(*tree.right);
}

std::vector<std::size_t> places(Relations relations) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < 64; ++i) {
        if ((relations & only(i)) != 0) found.push_back(i);
    }
    return found;
}

PlanPtr share(Plan plan) {
    return std::make_shared<const Plan>(std::move(plan));
}

PlanPtr with_filter(const PlanPtr& plan, Conditions more) {
    if (more.empty()) return plan;
    Plan copy = *plan;
    std::ranges::move(more, std::back_inserter(copy.filter));
    copy.filter = by_cost(std::move(copy.filter));
    return share(std::move(copy));
}

// Takes those conditions out that need nothing but these.
Conditions take(Conditions& conditions, Relations available, Relations together) {
    Conditions taken;
    Conditions left;
    for (ExpressionPtr& condition : conditions) {
        const Relations needed = is_volatile(*condition) ? together : relations_of(*condition);
        ((needed & ~available) == 0 ? taken : left).push_back(std::move(condition));
    }
    conditions = std::move(left);
    return taken;
}

// What is asked of the item itself comes first.
Conditions and_own(Conditions conditions, const JoinTree& item) {
    Conditions own = conjuncts(item.condition);
    std::ranges::move(conditions, std::back_inserter(own));
    return own;
}

// NULL = NULL, or true: it says nothing of the rows.
bool says_nothing(const Conditions& conditions) {
    return std::ranges::all_of(conditions,
                               [](const ExpressionPtr& each) { return relations_of(*each) == 0; });
}

class Planner {
  public:
    explicit Planner(const Query& query) : query_(query) {}

    Checked<Built> inner(const std::vector<const JoinTree*>& items, Conditions conditions);

  private:
    Checked<Built> tree(const JoinTree& tree, Conditions conditions);
    Checked<Built> outer_join(const JoinTree& tree, Conditions conditions);
    Built item(std::size_t relation, Conditions conditions, Relations known) const;
    Checked<Built> join(Built left, const JoinTree& right, JoinType type, Conditions conditions);
    /// What an item of FROM needs of others, LATERAL.
    Relations needs(const JoinTree& tree) const;
    /// How well an item is found: by nothing, by an equality, by an index, by a unique one; then by
    /// how many keys.
    using Worth = std::pair<int, std::size_t>;
    Worth worth(const JoinTree& tree, const Conditions& conditions, Relations known) const;
    Worth best_after(const JoinTree& first, const std::vector<const JoinTree*>& items,
                     const Conditions& conditions) const;
    bool is_constant(std::size_t relation, const Conditions& conditions) const;

    const Query& query_;
};

Relations Planner::needs(const JoinTree& tree) const {
    if (!tree.is_item()) {
        return (needs(*tree.left) | needs(*tree.right)) & ~all_of(tree);
    }
    const RangeEntry& entry = query_.range[tree.relation];
    Relations found = 0;
    if (entry.query != nullptr) {
        for (const ExpressionPtr& reference : entry.query->outer_references) {
            if (reference->levels_up == 0) found |= only(reference->relation);
        }
    }
    for (const SetFunctionCall& call : entry.functions) {
        for (const ExpressionPtr& argument : call.arguments)
            found |= relations_of(*argument);
    }
    return found;
}

// Whether the rows are the same whenever the query runs within one statement.
bool Planner::is_constant(std::size_t relation, const Conditions& conditions) const {
    const RangeEntry& entry = query_.range[relation];
    const bool of_table = entry.kind == RangeKind::table;
    const bool of_query = entry.kind == RangeKind::subquery && !entry.query->depends_on_outer() &&
                          !entry.query->may_wait;
    return (of_table || of_query) && std::ranges::none_of(conditions, [](const auto& each) {
               return may_differ_between_runs(*each);
           });
}

Built Planner::item(std::size_t relation, Conditions conditions, Relations known) const {
    const RangeEntry& entry = query_.range[relation];
    Plan scan{.kind = Plan::Kind::scan, .relation = relation};
    scan.relations = {relation};
    if (entry.kind == RangeKind::table)
        scan.path = choose_path(*entry.table, relation, conditions, known);
    // Looked up by a value that changes from run to run, without an index: kept by key.
    Conditions own;
    Conditions others;
    Conditions keys;
    Conditions values;
    for (const ExpressionPtr& condition : conditions) {
        const auto equality = equality_in(*condition);
        const bool of_outer = may_differ_between_runs(*condition);
        (of_outer ? others : own).push_back(condition);
        if (!equality || !of_outer || is_volatile(*condition)) continue;
        for (const auto& [key, value] : {std::pair(equality->left, equality->right),
                                         std::pair(equality->right, equality->left)}) {
            const bool usable = relations_of(*key) == only(relation) &&
                                !may_differ_between_runs(*key) && relations_of(*value) == 0 &&
                                !has_subquery(*value);
            if (!usable) continue;
            keys.push_back(key);
            values.push_back(value);
            break;
        }
    }
    const bool kept = scan.path.equal_to.empty() && !keys.empty() && is_constant(relation, own);
    if (!kept) {
        scan.filter = by_cost(std::move(conditions));
        scan.constant = is_constant(relation, scan.filter);
        return {share(std::move(scan)), only(relation)};
    }
    scan.filter = by_cost(std::move(own));
    scan.path = {};
    scan.constant = true;
    Plan lookup{.kind = Plan::Kind::lookup};
    lookup.relations = scan.relations;
    lookup.left = share(std::move(scan));
    lookup.keys = std::move(keys);
    lookup.values = std::move(values);
    lookup.filter = by_cost(std::move(others));
    return {share(std::move(lookup)), only(relation)};
}

Planner::Worth Planner::worth(const JoinTree& tree, const Conditions& conditions,
                              Relations known) const {
    if (!tree.is_item()) return {0, 0};
    Conditions usable;
    bool any_equality = false;
    for (const ExpressionPtr& condition : conditions) {
        const Relations needed = relations_of(*condition);
        if ((needed & only(tree.relation)) == 0 || (needed & ~(known | only(tree.relation))) != 0)
            continue;
        usable.push_back(condition);
        any_equality |= equality_in(*condition).has_value();
    }
    const RangeEntry& entry = query_.range[tree.relation];
    if (entry.kind == RangeKind::table) {
        const AccessPath path = choose_path(*entry.table, tree.relation, usable, known);
        const auto [one_row, keys, bounded] = rank(path);
        if (keys > 0) return {one_row ? 3 : 2, keys};
        if (bounded) return {1, 0};
    }
    return {any_equality ? 1 : 0, 0};
}

Checked<Built> Planner::join(Built left, const JoinTree& right, JoinType type,
                             Conditions conditions) {
    const Relations of_right = all_of(right);
    // Of this join's left side or of items further out: either way other rows each time.
    const bool lateral = needs(right) != 0;
    Conditions on_left_alone = take(conditions, left.relations, left.relations | of_right);
    Plan join{.kind = Plan::Kind::join, .type = type, .left = left.plan};
    join.relations = places(left.relations | of_right);
    Conditions crossing;
    Conditions keys;
    Conditions values;
    bool by_index = false;
    if (right.is_item() && query_.range[right.relation].kind == RangeKind::table) {
        const AccessPath with_left =
            choose_path(*query_.range[right.relation].table, right.relation,
                        and_own(conditions, right), left.relations);
        Relations used = 0;
        for (const ExpressionPtr& value : with_left.equal_to)
            used |= relations_of(*value);
        by_index = type != JoinType::full && (used & left.relations) != 0;
    }
    if (by_index || (lateral && right.is_item())) {
        join.right =
            item(right.relation, and_own(std::move(conditions), right), left.relations).plan;
    } else {
        Conditions of_right_alone = take(conditions, of_right, left.relations | of_right);
        if (type == JoinType::full) std::ranges::move(of_right_alone, std::back_inserter(crossing));
        SQL_TRY(const Built built,
                tree(right, type == JoinType::full ? Conditions() : of_right_alone));
        for (const ExpressionPtr& condition : conditions) {
            const auto equality = equality_in(*condition);
            if (equality && !is_volatile(*condition) && !has_subquery(*condition)) {
                for (const auto& [key, value] : {std::pair(equality->left, equality->right),
                                                 std::pair(equality->right, equality->left)}) {
                    const bool usable = relations_of(*key) != 0 &&
                                        (relations_of(*key) & ~of_right) == 0 &&
                                        (relations_of(*value) & ~left.relations) == 0 &&
                                        !may_differ_between_runs(*key);
                    if (!usable) continue;
                    keys.push_back(key);
                    values.push_back(value);
                    break;
                }
            }
            crossing.push_back(condition);
        }
        if (lateral) {
            join.right = built.plan;
        } else {
            Plan lookup{.kind = Plan::Kind::lookup, .left = built.plan};
            lookup.keys = std::move(keys);
            lookup.values = std::move(values);
            lookup.relations = built.plan->relations;
            join.right = share(std::move(lookup));
        }
    }
    if (type == JoinType::full && lateral) return not_covered("LATERAL on the right of FULL JOIN");
    if (type == JoinType::full && join.right->keys.empty() &&
        !(says_nothing(crossing) && says_nothing(on_left_alone))) {
        return sql_error("0A000",
                         "FULL JOIN is only supported with merge-joinable or hash-joinable join "
                         "conditions");
    }
    std::ranges::move(on_left_alone, std::back_inserter(crossing));
    (type == JoinType::inner ? join.filter : join.condition) = by_cost(std::move(crossing));
    return Built{share(std::move(join)), left.relations | of_right};
}

// The items, in turn the best of those whose needs are met. Where the first ones are no better than
// each other, that one after which another is found best.
Checked<Built> Planner::inner(const std::vector<const JoinTree*>& items, Conditions conditions) {
    std::vector<const JoinTree*> remaining = items;
    Relations together = 0;
    for (const JoinTree* each : remaining)
        together |= all_of(*each);
    Built built;
    while (!remaining.empty()) {
        auto best = remaining.end();
        std::pair<Worth, Worth> best_worth;
        for (auto at = remaining.begin(); at != remaining.end(); ++at) {
            if ((needs(**at) & together & ~built.relations) != 0) continue;
            std::pair found(worth(**at, conditions, built.relations), Worth());
            if (built.plan == nullptr) found.second = best_after(**at, remaining, conditions);
            if (best != remaining.end() && found <= best_worth) continue;
            best = at;
            best_worth = found;
        }
        if (best == remaining.end()) best = remaining.begin();
        const JoinTree& next = **best;
        remaining.erase(best);
        Conditions ready = take(conditions, built.relations | all_of(next), together);
        if (built.plan == nullptr) {
            SQL_TRY(built, tree(next, std::move(ready)));
        } else {
            SQL_TRY(built, join(std::move(built), next, JoinType::inner, std::move(ready)));
        }
    }
    built.plan = with_filter(built.plan, std::move(conditions));
    return built;
}

Planner::Worth Planner::best_after(const JoinTree& first, const std::vector<const JoinTree*>& items,
                                   const Conditions& conditions) const {
    Worth best;
    for (const JoinTree* other : items) {
        if (other != &first) best = std::max(best, worth(*other, conditions, all_of(first)));
    }
    return best;
}

void flatten(const JoinTree& tree, std::vector<const JoinTree*>& items, Conditions& conditions) {
    if (tree.is_item() || tree.type != JoinType::inner) {
        items.push_back(&tree);
        return;
    }
    flatten(*tree.left, items, conditions);
    flatten(*tree.right, items, conditions);
    std::ranges::move(conjuncts(tree.condition), std::back_inserter(conditions));
}

Checked<Built> Planner::tree(const JoinTree& tree, Conditions conditions) {
    if (tree.is_item()) return item(tree.relation, and_own(std::move(conditions), tree), 0);
    if (tree.type != JoinType::inner) return outer_join(tree, std::move(conditions));
    std::vector<const JoinTree*> items;
    flatten(tree, items, conditions);
    return inner(items, std::move(conditions));
}

Checked<Built> Planner::outer_join(const JoinTree& given, Conditions conditions) {
    const bool turned = given.type == JoinType::right;
    const JoinTree& left = turned ? *given.right : *given.left;
    const JoinTree& right = turned ? *given.left : *given.right;
    const JoinType type = given.type == JoinType::full ? JoinType::full : JoinType::left;
    Conditions of_left;
    if (type == JoinType::left) of_left = take(conditions, all_of(left), all_of(given));
    SQL_TRY(Built built, tree(left, std::move(of_left)));
    SQL_TRY(built, join(std::move(built), right, type, conjuncts(given.condition)));
    built.plan = with_filter(built.plan, std::move(conditions));
    return built;
}

}  // namespace

Checked<PlanPtr> plan_from(const Query& query, const std::vector<std::unique_ptr<JoinTree>>& from,
                           const ExpressionPtr& condition) {
    Conditions conditions = conjuncts(condition);
    std::vector<const JoinTree*> items;
    for (const auto& tree : from)
        flatten(*tree, items, conditions);
    // A constant lets all rows pass, or none: then nothing is read.
    std::erase_if(conditions, [](const ExpressionPtr& part) { return passes_all(*part); });
    const auto none = std::ranges::find_if(
        conditions, [](const ExpressionPtr& part) { return passes_none(*part); });
    const bool reads_nothing = none != conditions.end();
    if (reads_nothing) std::iter_swap(conditions.begin(), none);
    if (from.empty() || reads_nothing) {
        Plan one_row;
        one_row.filter = by_cost(std::move(conditions));
        return share(std::move(one_row));
    }
    SQL_TRY(const Built built, Planner(query).inner(items, std::move(conditions)));
    return built.plan;
}

}  // namespace atlas::sim::models::postgres

#include "sim/models/postgres/plan/unplannable.hpp"

#include <algorithm>

#include "sim/models/postgres/plan/folding.hpp"
#include "sim/models/postgres/plan/plan.hpp"

namespace atlas::sim::models::postgres {
namespace {

class Search {
  public:
    ExpressionPtr found() const { return found_; }

    void query(const QueryPtr& given) {
        if (given == nullptr || found_ != nullptr) return;
        around_.push_back(given.get());
        visit_clauses(*given, [&](const ExpressionPtr& part) { expression(part); });
        rows_of(*given);
        around_.pop_back();
    }

    void body(const InsertStatement& insert) {
        if (insert.level != nullptr) around_.push_back(insert.level.get());
        for (const std::vector<ExpressionPtr>& row : insert.rows)
            expressions(row);
        expressions(insert.from_source);
        targets(insert.returning);
        if (insert.on_conflict) {
            assignments(insert.on_conflict->assignments);
            expression(insert.on_conflict->condition);
        }
        query(insert.source);
        if (insert.level == nullptr) return;
        rows_of(*insert.level);
        around_.pop_back();
    }
    void body(const UpdateStatement& update) {
        around_.push_back(update.query.get());
        assignments(update.assignments);
        targets(update.returning);
        rows_of(*update.query);
        around_.pop_back();
    }
    void body(const DeleteStatement& remove) {
        around_.push_back(remove.query.get());
        targets(remove.returning);
        rows_of(*remove.query);
        around_.pop_back();
    }

  private:
    void expression(const ExpressionPtr& given) {
        if (given == nullptr || found_ != nullptr) return;
        const Folded folded = fold(given);
        if (!folded) {
            found_ = folded.error();
            return;
        }
        visit_expression(**folded, [&](const Expression& part) {
            if (part.subquery != nullptr) query(part.subquery->query);
        });
    }
    void expressions(const std::vector<ExpressionPtr>& given) {
        for (const ExpressionPtr& each : given)
            expression(each);
    }
    void targets(const std::vector<Target>& given) {
        for (const Target& target : given)
            expression(target.expression);
    }
    void assignments(const std::vector<Assignment>& given) {
        for (const Assignment& assignment : given)
            expression(assignment.value);
    }

    // FROM, WHERE and WITH.
    void rows_of(const Query& given) {
        plan(given.plan);
        for (const RangeEntry& entry : given.range) {
            visit_entry(entry, [&](const ExpressionPtr& part) { expression(part); });
            query(entry.query);
            set_operation(entry.set_operation);
            if (entry.kind == RangeKind::common_table) common_table(entry);
        }
        // Done whether or not anybody reads them.
        for (const CommonTable& common : given.common_tables) {
            if (common.modify == nullptr) continue;
            std::visit([&](const auto& statement) { body(statement); }, common.modify->body);
        }
    }
    void plan(const PlanPtr& given) {
        if (given == nullptr) return;
        plan(given->left);
        plan(given->right);
        expressions(given->path.equal_to);
        expressions(given->condition);
        expressions(given->keys);
        expressions(given->values);
        expressions(given->filter);
    }
    void set_operation(const std::optional<SetOperation>& operation) {
        if (!operation) return;
        query(operation->left);
        query(operation->right);
    }

    // Looked into once, however often it is read, and from the query that it is of.
    void common_table(const RangeEntry& entry) {
        const std::size_t place = around_.size() - 1 - entry.levels_up;
        const CommonTable& common = around_[place]->common_tables[entry.common_table];
        if (std::ranges::find(seen_, &common) != seen_.end()) return;
        seen_.push_back(&common);
        std::vector<const Query*> around(around_.begin(),
                                         around_.begin() + static_cast<std::ptrdiff_t>(place) + 1);
        std::swap(around, around_);
        query(common.query);
        set_operation(common.recursion);
        std::swap(around, around_);
    }

    /// The queries around the place that is looked at, the nearest last.
    std::vector<const Query*> around_;
    std::vector<const CommonTable*> seen_;
    ExpressionPtr found_;
};

}  // namespace

ExpressionPtr unplannable_part(const StatementBody& body) {
    Search search;
    if (const auto* select = std::get_if<SelectStatement>(&body)) {
        search.query(select->query);
    } else if (const auto* insert = std::get_if<InsertStatement>(&body)) {
        search.body(*insert);
    } else if (const auto* update = std::get_if<UpdateStatement>(&body)) {
        search.body(*update);
    } else if (const auto* remove = std::get_if<DeleteStatement>(&body)) {
        search.body(*remove);
    }
    return search.found();
}

}  // namespace atlas::sim::models::postgres

// The rows of one item of FROM.

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/executor/query_run.hpp"

namespace atlas::sim::models::postgres {
namespace {

class TableCursor final : public Cursor {
  public:
    TableCursor(QueryRun& run, const Plan& plan)
        : run_(run), plan_(plan), table_(*run.query().range[plan.relation].table) {}

    void restart(bool) override {
        found_ = false;
        at_ = 0;
    }

    Checked<Pull> next() override {
        if (!found_) {
            versions_.clear();
            auto found =
                run_.executor().visible_versions(table_, plan_.path, run_.context(), versions_);
            if (!found && is_wait(found.error())) return Pull::wait;
            if (!found) return std::unexpected(std::move(found).error());
            found_ = true;
        }
        CurrentFrame& frame = run_.frame();
        while (at_ < versions_.size()) {
            if (run_.executor().has_to_pause()) return Pull::wait;
            frame.put(plan_.relation, &versions_[at_]->values, versions_[at_]);
            SQL_TRY(const Pull pull, run_.holds(plan_.filter));
            if (pull == Pull::wait) return pull;
            ++at_;
            if (pull == Pull::row) return pull;
        }
        return Pull::end;
    }

  private:
    QueryRun& run_;
    const Plan& plan_;
    const TableDefinition& table_;
    std::vector<RowVersion*> versions_;
    std::size_t at_ = 0;
    bool found_ = false;
};

// Of EvalPlanQual: one row, whatever the item is.
class FixedCursor final : public Cursor {
  public:
    FixedCursor(QueryRun& run, const Plan& plan) : run_(run), plan_(plan) {}

    void restart(bool) override { done_ = false; }
    Checked<Pull> next() override {
        const Row* row = (*run_.fixed())[plan_.relation];
        if (done_ || row == nullptr) return Pull::end;
        run_.frame().put(plan_.relation, row);
        SQL_TRY(const Pull pull, run_.holds(plan_.filter));
        if (pull != Pull::wait) done_ = true;
        return pull;
    }

  private:
    QueryRun& run_;
    const Plan& plan_;
    bool done_ = false;
};

class SourceCursor final : public Cursor {
  public:
    /// `owned` is null for the rows of a WITH, which its query owns.
    SourceCursor(QueryRun& run, const Plan& plan, std::unique_ptr<RowSource> owned)
        : run_(run), plan_(plan), owned_(std::move(owned)) {}

    void restart(bool new_run) override {
        at_ = 0;
        // Other items of FROM have no say in what is constant.
        if (owned_ != nullptr && !(begun_ && plan_.constant) && (new_run || varies())) {
            if (new_run) owned_->release();
            owned_->restart();
            begun_ = true;
        }
    }

    Checked<Pull> next() override {
        const RangeEntry& entry = run_.query().range[plan_.relation];
        RowSource& source = owned_ != nullptr
                                ? *owned_
                                : run_.level(entry.levels_up).common_table(entry.common_table);
        while (true) {
            if (run_.executor().has_to_pause()) return Pull::wait;
            const Row* row = nullptr;
            SQL_TRY(Pull pull, source.at(at_, row));
            if (pull != Pull::row) return pull;
            run_.frame().put(plan_.relation, row);
            SQL_TRY(pull, run_.holds(plan_.filter));
            if (pull == Pull::wait) return pull;
            ++at_;
            if (pull == Pull::row) return pull;
        }
    }

  private:
    // LATERAL: uses other items of the same FROM.
    bool varies() const {
        const RangeEntry& entry = run_.query().range[plan_.relation];
        bool found = !entry.functions.empty();
        if (entry.query == nullptr) return found;
        for (const ExpressionPtr& reference : entry.query->outer_references)
            found |= reference->levels_up == 0;
        return found;
    }

    QueryRun& run_;
    const Plan& plan_;
    std::unique_ptr<RowSource> owned_;
    std::size_t at_ = 0;
    bool begun_ = false;
};

// What the last round of a recursive WITH found.
class WorkingTableCursor final : public Cursor {
  public:
    WorkingTableCursor(QueryRun& run, const Plan& plan) : run_(run), plan_(plan) {}

    void restart(bool) override { at_ = 0; }
    Checked<Pull> next() override {
        const RangeEntry& entry = run_.query().range[plan_.relation];
        const std::vector<Row>* rows =
            run_.level(entry.levels_up).working_table(entry.common_table);
        while (rows != nullptr && at_ < rows->size()) {
            if (run_.executor().has_to_pause()) return Pull::wait;
            run_.frame().put(plan_.relation, &(*rows)[at_]);
            SQL_TRY(const Pull pull, run_.holds(plan_.filter));
            if (pull == Pull::wait) return pull;
            ++at_;
            if (pull == Pull::row) return pull;
        }
        return Pull::end;
    }

  private:
    QueryRun& run_;
    const Plan& plan_;
    std::size_t at_ = 0;
};

}  // namespace

CursorPtr make_item_cursor(QueryRun& run, const Plan& plan) {
    const RangeEntry& entry = run.query().range[plan.relation];
    if (run.fixed() != nullptr) return std::make_unique<FixedCursor>(run, plan);
    std::unique_ptr<RowSource> source;
    switch (entry.kind) {
        case RangeKind::table:
            return std::make_unique<TableCursor>(run, plan);
        case RangeKind::working_table:
            return std::make_unique<WorkingTableCursor>(run, plan);
        case RangeKind::subquery:
            source = make_query_source(run, *entry.query);
            break;
        case RangeKind::functions:
            source = make_function_source(run, entry);
            break;
        case RangeKind::values:
            source = make_values_source(run, entry);
            break;
        case RangeKind::set_operation:
            source = make_set_operation_source(run, *entry.set_operation);
            break;
        case RangeKind::common_table:
        case RangeKind::taken_in:
            break;
    }
    return std::make_unique<SourceCursor>(run, plan, std::move(source));
}

}  // namespace atlas::sim::models::postgres

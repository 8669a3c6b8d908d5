// ORDER BY, DISTINCT and HAVING.

#include "sim/models/postgres/executor/query_run.hpp"
#include "sim/models/postgres/types/compared.hpp"

namespace atlas::sim::models::postgres {
namespace {

class FilterCursor final : public Cursor {
  public:
    FilterCursor(QueryRun& run, CursorPtr below, std::vector<ExpressionPtr> conditions)
        : run_(run), below_(std::move(below)), conditions_(std::move(conditions)) {}

    void restart(bool new_run) override {
        below_->restart(new_run);
        pending_ = false;
    }
    Checked<Pull> next() override {
        while (true) {
            if (!pending_) {
                SQL_TRY(const Pull pull, below_->next());
                if (pull != Pull::row) return pull;
            }
            SQL_TRY(const Pull pull, run_.holds(conditions_));
            pending_ = pull == Pull::wait;
            if (pull != Pull::end) return pull;
        }
    }

  private:
    QueryRun& run_;
    CursorPtr below_;
    std::vector<ExpressionPtr> conditions_;
    bool pending_ = false;
};

// Rows whose keys are equal stay in the order in which they came.
class SortCursor final : public Cursor {
  public:
    SortCursor(QueryRun& run, CursorPtr below)
        : run_(run), below_(std::move(below)), frames_(all_relations(run.query())) {}

    void restart(bool new_run) override {
        below_->restart(new_run);
        frames_.clear();
        keys_.clear();
        order_.clear();
        sorted_ = false;
        pending_ = false;
        at_ = 0;
    }

    Checked<Pull> next() override {
        while (!sorted_) {
            if (!pending_) {
                SQL_TRY(const Pull pull, below_->next());
                if (pull == Pull::wait) return pull;
                if (pull == Pull::end) {
                    sort();
                    break;
                }
                frames_.add(run_.frame());
            }
            SQL_TRY(pending_, keep_keys());
            if (pending_) return Pull::wait;
        }
        if (at_ == order_.size()) return Pull::end;
        frames_.restore(order_[at_++], run_.frame());
        return Pull::row;
    }

  private:
    // True if it has to wait.
    Checked<bool> keep_keys() {
        const std::vector<SortKey>& order = run_.query().order_by;
        const std::size_t begun = keys_.size();
        for (const SortKey& key : order) {
            auto value = evaluate(*key.expression, run_.context());
            if (!value && is_wait(value.error())) {
                keys_.resize(begun);
                return true;
            }
            if (!value) return std::unexpected(std::move(value).error());
            keys_.push_back(compared_form(key.expression->type.id, *std::move(value)));
        }
        return false;
    }

    void sort() {
        const std::vector<SortKey>& order = run_.query().order_by;
        const auto keys_of = [&](std::size_t place) {
            return std::span(keys_).subspan(place * order.size(), order.size());
        };
        order_ = sorted_places(frames_.size(), [&](std::size_t left, std::size_t right) {
            return compare_keys(order, keys_of(left), keys_of(right));
        });
        sorted_ = true;
    }

    QueryRun& run_;
    CursorPtr below_;
    FrameStore frames_;
    std::vector<Value> keys_;
    std::vector<std::size_t> order_;
    std::size_t at_ = 0;
    bool sorted_ = false;
    bool pending_ = false;
};

// The first of each group of rows that are the same; sorted already, where DISTINCT ON cares.
class DistinctCursor final : public Cursor {
  public:
    DistinctCursor(QueryRun& run, CursorPtr below) : run_(run), below_(std::move(below)) {}

    void restart(bool new_run) override {
        below_->restart(new_run);
        seen_.clear();
        pending_ = false;
    }

    Checked<Pull> next() override {
        while (true) {
            if (!pending_) {
                SQL_TRY(const Pull pull, below_->next());
                if (pull != Pull::row) return pull;
            }
            Row shown;
            SQL_TRY(pending_, compute(shown));
            if (pending_) return Pull::wait;
            if (seen_.insert(std::move(shown)).second) return Pull::row;
        }
    }

  private:
    Checked<bool> compute(Row& shown) {
        const auto add = [&](const Expression& expression) -> Checked<bool> {
            auto value = evaluate(expression, run_.context());
            if (!value && is_wait(value.error())) return true;
            if (!value) return std::unexpected(std::move(value).error());
            shown.push_back(compared_form(expression.type.id, *std::move(value)));
            return false;
        };
        const Query& query = run_.query();
        for (const ExpressionPtr& key : query.distinct_on) {
            SQL_TRY(const bool waits, add(*key));
            if (waits) return true;
        }
        if (!query.distinct_on.empty()) return false;
        for (const Target& target : query.targets) {
            SQL_TRY(const bool waits, add(*target.expression));
            if (waits) return true;
        }
        return false;
    }

    QueryRun& run_;
    CursorPtr below_;
    std::set<Row, RowOrder> seen_;
    bool pending_ = false;
};

}  // namespace

CursorPtr make_filter_cursor(QueryRun& run, CursorPtr below,
                             std::vector<ExpressionPtr> conditions) {
    return std::make_unique<FilterCursor>(run, std::move(below), std::move(conditions));
}

CursorPtr make_sort_cursor(QueryRun& run, CursorPtr below) {
    return std::make_unique<SortCursor>(run, std::move(below));
}

CursorPtr make_distinct_cursor(QueryRun& run, CursorPtr below) {
    return std::make_unique<DistinctCursor>(run, std::move(below));
}

}  // namespace atlas::sim::models::postgres

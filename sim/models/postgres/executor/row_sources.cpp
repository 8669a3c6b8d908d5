// Where rows come from that are no table's: queries in FROM and WITH, set operations, functions,
// VALUES.

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/executor/query_run.hpp"
#include "sim/models/postgres/types/compared.hpp"

namespace atlas::sim::models::postgres {
namespace {

// A row of either side, as the other's are compared with it.
Row compared_row(const SetOperation& operation, Row row) {
    const std::vector<Target>& columns = operation.left->targets;
    for (std::size_t i = 0; i < row.size(); ++i)
        row[i] = compared_form(columns[i].expression->type.id, std::move(row[i]));
    return row;
}

class QuerySource final : public RowSource {
  public:
    QuerySource(QueryRun& around, const Query& query)
        : around_(around), run_(around.executor(), query, &around) {}

    void restart() override {
        forget();
        run_.restart(&around_.context());
    }

  protected:
    Checked<Pull> produce(Row& row) override {
        SQL_TRY(const Pull pull, run_.next());
        if (pull == Pull::row) row = std::move(run_.row());
        return pull;
    }

  private:
    QueryRun& around_;
    QueryRun run_;
};

class SetOperationSource final : public RowSource {
  public:
    SetOperationSource(QueryRun& around, const SetOperation& operation)
        : around_(around),
          operation_(operation),
          left_(around.executor(), *operation.left, &around),
          right_(around.executor(), *operation.right, &around) {}

    void restart() override {
        forget();
        left_.restart(&around_.context());
        right_.restart(&around_.context());
        counted_ = false;
        left_ended_ = false;
        on_right_.clear();
        shown_.clear();
    }

  protected:
    Checked<Pull> produce(Row& row) override {
        if (operation_.operation != SetOperator::union_ && !counted_) {
            SQL_TRY(const Pull pull, count_right());
            if (pull == Pull::wait) return pull;
            counted_ = true;
        }
        while (true) {
            QueryRun& side = left_ended_ ? right_ : left_;
            SQL_TRY(const Pull pull, side.next());
            if (pull == Pull::wait) return pull;
            if (pull == Pull::end) {
                if (left_ended_ || operation_.operation != SetOperator::union_) return pull;
                left_ended_ = true;
                continue;
            }
            if (!is_wanted(side.row())) continue;
            row = std::move(side.row());
            return Pull::row;
        }
    }

  private:
    Checked<Pull> count_right() {
        while (true) {
            SQL_TRY(const Pull pull, right_.next());
            if (pull != Pull::row) return pull;
            ++on_right_[compared_row(operation_, right_.row())];
        }
    }

    // INTERSECT ALL and EXCEPT ALL pair off each row on the left with one on the right.
    bool is_wanted(const Row& given) {
        const bool all_of_both = operation_.operation == SetOperator::union_ && operation_.all;
        if (all_of_both) return true;
        Row row = compared_row(operation_, given);
        if (operation_.operation != SetOperator::union_) {
            const auto found = on_right_.find(row);
            const bool paired = found != on_right_.end() && found->second > 0;
            if (paired && operation_.all) --found->second;
            if (paired != (operation_.operation == SetOperator::intersect)) return false;
        }
        return operation_.all || shown_.insert(std::move(row)).second;
    }

    QueryRun& around_;
    const SetOperation& operation_;
    QueryRun left_;
    QueryRun right_;
    bool counted_ = false;
    bool left_ended_ = false;
    std::map<Row, std::size_t, RowOrder> on_right_;
    std::set<Row, RowOrder> shown_;
};

// WITH RECURSIVE: round by round, each over what the one before has found.
class RecursiveSource final : public RowSource {
  public:
    RecursiveSource(QueryRun& owner, std::size_t place)
        : owner_(owner),
          place_(place),
          operation_(*owner.query().common_tables[place].recursion),
          first_(owner.executor(), *operation_.left, &owner),
          next_(owner.executor(), *operation_.right, &owner) {}

    void restart() override {
        forget();
        first_.restart(&owner_.context());
        in_first_ = true;
        last_round_.clear();
        this_round_.clear();
        shown_.clear();
    }

  protected:
    Checked<Pull> produce(Row& row) override {
        while (true) {
            QueryRun& term = in_first_ ? first_ : next_;
            owner_.set_working_table(place_, &last_round_);
            SQL_TRY(const Pull pull, term.next());
            if (pull == Pull::wait) return pull;
            if (pull == Pull::end) {
                if (this_round_.empty()) return pull;
                last_round_ = std::move(this_round_);
                this_round_.clear();
                in_first_ = false;
                next_.restart(&owner_.context());
                continue;
            }
            if (!operation_.all && !shown_.insert(compared_row(operation_, term.row())).second)
                continue;
            this_round_.push_back(term.row());
            row = std::move(term.row());
            return Pull::row;
        }
    }

  private:
    QueryRun& owner_;
    std::size_t place_;
    const SetOperation& operation_;
    QueryRun first_;
    QueryRun next_;
    bool in_first_ = true;
    std::vector<Row> last_round_;
    std::vector<Row> this_round_;
    std::set<Row, RowOrder> shown_;
};

// A change of rows in WITH: done in full when the first row is asked for.
class ModifyingSource final : public RowSource, private Waiter {
  public:
    ModifyingSource(QueryRun& owner, const ModifyStatement& modify)
        : owner_(owner), modify_(modify) {}

    void restart() override {}

  protected:
    Checked<Pull> produce(Row& row) override {
        if (!done_) {
            static_cast<void>(owner_.executor().pull_again_after(*this));
            return Pull::wait;
        }
        if (at_ == rows_.size()) return Pull::end;
        row = std::move(rows_[at_++]);
        return Pull::row;
    }

  private:
    host::Task<Checked<>> resolve() override {
        SQL_CO_TRY(rows_, co_await owner_.executor().run_modifying(modify_, owner_));
        done_ = true;
        co_return Checked<>{};
    }

    QueryRun& owner_;
    const ModifyStatement& modify_;
    bool done_ = false;
    std::vector<Row> rows_;
    std::size_t at_ = 0;
};

class ValuesSource final : public RowSource {
  public:
    ValuesSource(QueryRun& run, const RangeEntry& entry) : run_(run), entry_(entry) {}

    void restart() override {
        forget();
        at_ = 0;
    }

  protected:
    Checked<Pull> produce(Row& row) override {
        if (at_ == entry_.values.size()) return Pull::end;
        for (const ExpressionPtr& value : entry_.values[at_]) {
            auto computed = evaluate(*value, run_.context());
            if (!computed && is_wait(computed.error())) return Pull::wait;
            if (!computed) return std::unexpected(std::move(computed).error());
            row.push_back(*std::move(computed));
        }
        ++at_;
        return Pull::row;
    }

  private:
    QueryRun& run_;
    const RangeEntry& entry_;
    std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> make_query_source(QueryRun& around, const Query& query) {
    return std::make_unique<QuerySource>(around, query);
}

std::unique_ptr<RowSource> make_set_operation_source(QueryRun& around,
                                                     const SetOperation& operation) {
    return std::make_unique<SetOperationSource>(around, operation);
}

std::unique_ptr<RowSource> make_recursive_source(QueryRun& owner, std::size_t common_table) {
    return std::make_unique<RecursiveSource>(owner, common_table);
}

std::unique_ptr<RowSource> make_modifying_source(QueryRun& owner, const ModifyStatement& modify) {
    return std::make_unique<ModifyingSource>(owner, modify);
}

std::unique_ptr<RowSource> make_values_source(QueryRun& run, const RangeEntry& entry) {
    return std::make_unique<ValuesSource>(run, entry);
}

}  // namespace atlas::sim::models::postgres

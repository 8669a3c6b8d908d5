// GROUP BY and aggregates. A group goes on as one of its rows (all of them have the same keys) with
// the results of its aggregates.

#include "sim/models/postgres/executor/aggregate.hpp"
#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/executor/query_run.hpp"
#include "sim/models/postgres/types/compared.hpp"

namespace atlas::sim::models::postgres {
namespace {

class GroupCursor final : public Cursor {
  public:
    GroupCursor(QueryRun& run, CursorPtr below)
        : run_(run), below_(std::move(below)), frames_(all_relations(run.query())) {}

    void restart(bool new_run) override {
        below_->restart(new_run);
        frames_.clear();
        places_.clear();
        groups_.clear();
        results_.clear();
        ready_ = false;
        at_ = 0;
        run_.frame().aggregates = {};
    }

    Checked<Pull> next() override {
        while (!ready_) {
            SQL_TRY(const Pull pull, below_->next());
            if (pull == Pull::wait) return pull;
            if (pull == Pull::row) {
                SQL_CHECK(add_row());
            } else {
                SQL_CHECK(finish());
            }
        }
        if (at_ == results_.size()) return Pull::end;
        frames_.restore(at_, run_.frame());
        run_.frame().aggregates = results_[at_++];
        return Pull::row;
    }

  private:
    using Group = std::vector<AggregateState>;

    void begin_group() {
        frames_.add(run_.frame());
        Group& group = groups_.emplace_back();
        group.reserve(run_.query().aggregates.size());
        for (const AggregateCall& call : run_.query().aggregates)
            group.emplace_back(call);
    }

    // Nothing in here waits: analysis refuses it, because a row is added once.
    Checked<> add_row() {
        const Executor::WithoutPauses at_once(run_.executor());
        Row key;
        for (const ExpressionPtr& part : run_.query().group_by) {
            SQL_TRY(Value value, evaluate(*part, run_.context()));
            key.push_back(compared_form(part->type.id, std::move(value)));
        }
        const auto [place, is_new] = places_.try_emplace(std::move(key), groups_.size());
        if (is_new) begin_group();
        for (AggregateState& state : groups_[place->second]) {
            SQL_CHECK(state.add(run_.context()));
        }
        return {};
    }

    // Without GROUP BY there is one group, even of no rows.
    Checked<> finish() {
        if (run_.query().group_by.empty() && groups_.empty()) {
            for (std::size_t i = 0; i < run_.query().range.size(); ++i)
                run_.frame().put(i, nullptr);
            begin_group();
        }
        for (Group& group : groups_) {
            Row& results = results_.emplace_back();
            for (AggregateState& state : group) {
                SQL_TRY(Value value, state.finish());
                results.push_back(std::move(value));
            }
        }
        groups_.clear();
        ready_ = true;
        return {};
    }

    QueryRun& run_;
    CursorPtr below_;
    FrameStore frames_;
    std::map<Row, std::size_t, RowOrder> places_;
    std::vector<Group> groups_;
    std::vector<Row> results_;
    std::size_t at_ = 0;
    bool ready_ = false;
};

}  // namespace

CursorPtr make_group_cursor(QueryRun& run, CursorPtr below) {
    return std::make_unique<GroupCursor>(run, std::move(below));
}

}  // namespace atlas::sim::models::postgres

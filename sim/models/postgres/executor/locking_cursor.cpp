// FOR UPDATE and its kin: above the sort and below LIMIT, so that only rows that are shown are
// locked. A row that another transaction has changed meanwhile is looked at again in its newer
// version (EvalPlanQual): the whole join, with the rows of the other items as they were.

#include <optional>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/executor/query_run.hpp"

namespace atlas::sim::models::postgres {
namespace {

class LockingCursor final : public Cursor, private Waiter {
  public:
    LockingCursor(QueryRun& run, CursorPtr below) : run_(run), below_(std::move(below)) {}

    void restart(bool new_run) override {
        below_->restart(new_run);
        outcome_.reset();
        rows_.clear();
    }

    Checked<Pull> next() override {
        while (true) {
            if (outcome_) {
                const bool locked = *outcome_;
                outcome_.reset();
                if (locked) return Pull::row;
            }
            // What is below goes on from the rows that it has found.
            put_back();
            SQL_TRY(const Pull pull, below_->next());
            if (pull != Pull::row) return pull;
            static_cast<void>(run_.executor().pull_again_after(*this));
            return Pull::wait;
        }
    }

  private:
    host::Task<Checked<>> resolve() override {
        rows_ = run_.frame().rows;
        versions_ = run_.frame().versions;
        SQL_CO_TRY(outcome_, co_await run_.executor().lock_frame(run_));
        co_return Checked<>{};
    }

    void put_back() {
        for (std::size_t i = 0; i < rows_.size(); ++i)
            run_.frame().put(i, rows_[i], versions_[i]);
        rows_.clear();
    }

    QueryRun& run_;
    CursorPtr below_;
    std::optional<bool> outcome_;
    /// The frame before its rows were locked; empty if it is as it was.
    std::vector<const Row*> rows_;
    std::vector<RowVersion*> versions_;
};

}  // namespace

CursorPtr make_locking_cursor(QueryRun& run, CursorPtr below) {
    return std::make_unique<LockingCursor>(run, std::move(below));
}

}  // namespace atlas::sim::models::postgres

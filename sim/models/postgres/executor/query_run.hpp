#pragma once
// One query while it runs: its current rows, the steps that find them, the results of its WITH and
// of the subqueries in its expressions. A run can be started anew, for other rows of the queries
// around it.

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "sim/models/postgres/analysis/query.hpp"
#include "sim/models/postgres/executor/cursor.hpp"
#include "sim/models/postgres/executor/sorting.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "sim/models/postgres/plan/plan.hpp"
#include "system/host/task.hpp"

namespace atlas::sim::models::postgres {

class Executor;
class QueryRun;

/// What the executor does for a step that has to wait.
class Waiter {
  public:
    virtual ~Waiter() = default;
    virtual host::Task<Checked<>> resolve() = 0;
};

/// The rows of a query, a WITH, a function: computed as far as somebody has asked for them, and
/// kept.
class RowSource {
  public:
    virtual ~RowSource() = default;
    /// From the first row on, computed anew.
    virtual void restart() = 0;
    /// Nobody holds on to the rows from before the last restarts.
    void release() { retired_.clear(); }
    /// The row of that place, which all rows before it have been asked for.
    Checked<Pull> at(std::size_t place, const Row*& row);

  protected:
    virtual Checked<Pull> produce(Row& row) = 0;
    /// The rows stay where they are for those who have kept frames with them.
    void forget() {
        if (!rows_.empty()) retired_.push_back(std::move(rows_));
        rows_.clear();
    }

  private:
    std::deque<Row> rows_;
    std::list<std::deque<Row>> retired_;
};

class QueryRun final : public QuerySupport, private Waiter {
  public:
    /// `rechecked`: only that run's current rows are looked at (EvalPlanQual). What depends on no
    /// row, WITH above all, is that run's as well: nothing is changed or chosen a second time.
    QueryRun(Executor& executor, const Query& query, QueryRun* around,
             QueryRun* rechecked = nullptr);
    ~QueryRun() override;
    QueryRun(const QueryRun&) = delete;
    QueryRun& operator=(const QueryRun&) = delete;

    /// Null outside all queries.
    void restart(const EvaluationContext* outer);

    /// Rows of FROM that pass WHERE; grouped, sorted and locked if the query says so.
    Checked<Pull> next_frame();
    /// The next row of the result is `row()`.
    Checked<Pull> next();
    Row& row() { return row_; }

    const Query& query() const { return query_; }
    Executor& executor() { return executor_; }
    CurrentFrame& frame() { return frame_; }
    const EvaluationContext& context();
    /// A row for each item of the range table, if it is to look at no others.
    const std::vector<const Row*>* fixed() const {
        return rechecked_ == nullptr ? nullptr : &fixed_;
    }
    /// Its expressions are computed over other rows now, which are not in its frame.
    void other_rows() { ++frame_.changes; }
    QueryRun* around() { return around_; }
    /// The query that many levels further out.
    QueryRun& level(std::size_t up);
    /// Of the query's own WITH.
    RowSource& common_table(std::size_t place);
    /// Whether a change of rows in WITH has been run to its end.
    bool has_run(std::size_t common_table) const;

    /// Row if all hold, end if not.
    Checked<Pull> holds(const std::vector<ExpressionPtr>& conditions);

    Checked<Value> subquery(const Expression& expression,
                            const EvaluationContext& context) override;
    Checked<Value> waiting_call(const Expression& expression,
                                const EvaluationContext& context) override;

    /// The rows that the last round of a recursive WITH found.
    const std::vector<Row>* working_table(std::size_t common_table) const;
    void set_working_table(std::size_t common_table, const std::vector<Row>* rows);

  private:
    struct SubqueryState {
        const Subquery* subquery = nullptr;
        std::unique_ptr<QueryRun> run = {};
        /// What its run was started with: the caller's own may be gone after a wait.
        EvaluationContext around = {};
        /// The frame that it was started for.
        std::uint64_t changes = 0;
        bool running = false;  ///< Interrupted by a wait.
        bool finished = false;
        std::vector<Row> rows = {};
        Value value = Null{};
        std::set<Value, ValueOrder> known = {};
        bool any_null = false;
    };

    Checked<> start();
    Checked<Pull> next_computed();
    SubqueryState& state_of(const Subquery& subquery);
    Checked<std::optional<std::int64_t>> row_count(const ExpressionPtr& expression, bool is_limit);
    Checked<bool> finish_subquery(SubqueryState& state, const Expression& expression,
                                  const EvaluationContext& context);
    Checked<Value> test_rows(const SubqueryState& state, const Expression& expression,
                             const EvaluationContext& context);
    Checked<Value> look_up(const SubqueryState& state, const Subquery& subquery,
                           const EvaluationContext& context);
    host::Task<Checked<>> resolve() override;

    Executor& executor_;
    const Query& query_;
    QueryRun* around_;
    QueryRun* rechecked_;
    std::vector<const Row*> fixed_;
    CurrentFrame frame_;
    EvaluationContext context_;
    CursorPtr steps_;
    bool started_ = false;
    std::optional<std::int64_t> limit_;
    std::int64_t to_skip_ = 0;
    std::int64_t produced_ = 0;
    bool projecting_ = false;
    Row row_;
    std::map<std::size_t, std::unique_ptr<RowSource>> common_tables_;
    std::map<std::size_t, const std::vector<Row>*> working_tables_;
    /// In the order in which they were first needed.
    std::vector<std::unique_ptr<SubqueryState>> subqueries_;
    /// Calls that had to wait: done, and not used yet.
    std::vector<std::pair<const Expression*, Value>> answers_;
    const Expression* pending_call_ = nullptr;
    std::vector<Value> pending_arguments_;
};

/// The places of the range table, for steps that keep whole frames.
std::vector<std::size_t> all_relations(const Query& query);

/// The steps below GROUP BY: the plan of FROM.
CursorPtr make_cursor(QueryRun& run, const Plan& plan);
CursorPtr make_item_cursor(QueryRun& run, const Plan& plan);

CursorPtr make_group_cursor(QueryRun& run, CursorPtr below);
CursorPtr make_filter_cursor(QueryRun& run, CursorPtr below, std::vector<ExpressionPtr> conditions);
CursorPtr make_window_cursor(QueryRun& run, CursorPtr below);
CursorPtr make_sort_cursor(QueryRun& run, CursorPtr below);
CursorPtr make_distinct_cursor(QueryRun& run, CursorPtr below);
CursorPtr make_locking_cursor(QueryRun& run, CursorPtr below);

/// A query's own rows, in a run within that of the query around it.
std::unique_ptr<RowSource> make_query_source(QueryRun& around, const Query& query);
std::unique_ptr<RowSource> make_set_operation_source(QueryRun& around,
                                                     const SetOperation& operation);
std::unique_ptr<RowSource> make_recursive_source(QueryRun& owner, std::size_t common_table);
std::unique_ptr<RowSource> make_modifying_source(QueryRun& owner, const ModifyStatement& modify);
std::unique_ptr<RowSource> make_function_source(QueryRun& run, const RangeEntry& entry);
std::unique_ptr<RowSource> make_values_source(QueryRun& run, const RangeEntry& entry);

}  // namespace atlas::sim::models::postgres

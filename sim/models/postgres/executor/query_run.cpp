#include "sim/models/postgres/executor/query_run.hpp"

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

/// PostgreSQL goes on until its disk is full.
constexpr std::size_t most_kept_rows = 4'000'000;

}  // namespace

Checked<Pull> RowSource::at(std::size_t place, const Row*& row) {
    if (place < rows_.size()) {
        row = &rows_[place];
        return Pull::row;
    }
    if (rows_.size() == most_kept_rows) {
        auto error = sql_error("53200", "out of memory");
        error.error()->detail =
            fmt::format("The rows of a query, a WITH or a function are kept, up to {} of them.",
                        most_kept_rows);
        return error;
    }
    Row made;
    SQL_TRY(const Pull pull, produce(made));
    if (pull == Pull::row) row = &rows_.emplace_back(std::move(made));
    return pull;
}

QueryRun::QueryRun(Executor& executor, const Query& query, QueryRun* around, QueryRun* rechecked)
    : executor_(executor), query_(query), around_(around), rechecked_(rechecked) {
    if (rechecked != nullptr) fixed_ = rechecked->frame_.rows;
    frame_.rows.resize(query.range.size());
    frame_.versions.resize(query.range.size());
    context_ = executor.context_of(nullptr);
    context_.rows = CurrentRows(frame_.rows.data());
    context_.support = this;
    steps_ = make_cursor(*this, *query.plan);
    if (query.grouped) steps_ = make_group_cursor(*this, std::move(steps_));
    if (query.having != nullptr)
        steps_ = make_filter_cursor(*this, std::move(steps_), {query.having});
    if (!query.windows.empty()) steps_ = make_window_cursor(*this, std::move(steps_));
    if (!query.order_by.empty()) steps_ = make_sort_cursor(*this, std::move(steps_));
    if (query.distinct) steps_ = make_distinct_cursor(*this, std::move(steps_));
    if (query.locks_rows && rechecked == nullptr)
        steps_ = make_locking_cursor(*this, std::move(steps_));
}

QueryRun::~QueryRun() = default;

void QueryRun::restart(const EvaluationContext* outer) {
    context_.outer = outer;
    started_ = false;
    projecting_ = false;
    produced_ = 0;
    ++frame_.changes;
    common_tables_.clear();
    working_tables_.clear();
    std::erase_if(subqueries_, [](const auto& state) {
        return state->subquery->query->depends_on_outer() || !state->finished;
    });
    steps_->restart(true);
}

const EvaluationContext& QueryRun::context() {
    context_.aggregates = frame_.aggregates;
    context_.windows = frame_.windows;
    return context_;
}

QueryRun& QueryRun::level(std::size_t up) {
    QueryRun* found = this;
    for (; up > 0; --up)
        found = found->around_;
    return *found;
}

RowSource& QueryRun::common_table(std::size_t place) {
    if (rechecked_ != nullptr) return rechecked_->common_table(place);
    std::unique_ptr<RowSource>& source = common_tables_[place];
    if (source == nullptr) {
        const CommonTable& common = query_.common_tables[place];
        if (common.recursion) {
            source = make_recursive_source(*this, place);
        } else if (common.modify != nullptr) {
            source = make_modifying_source(*this, *common.modify);
        } else {
            source = make_query_source(*this, *common.query);
        }
        source->restart();
    }
    return *source;
}

bool QueryRun::has_run(std::size_t place) const {
    return common_tables_.contains(place);
}

const std::vector<Row>* QueryRun::working_table(std::size_t place) const {
    if (rechecked_ != nullptr) return rechecked_->working_table(place);
    const auto found = working_tables_.find(place);
    return found == working_tables_.end() ? nullptr : found->second;
}

void QueryRun::set_working_table(std::size_t place, const std::vector<Row>* rows) {
    working_tables_[place] = rows;
}

Checked<Pull> QueryRun::holds(const std::vector<ExpressionPtr>& conditions) {
    if (conditions.empty()) return Pull::row;
    const EvaluationContext& now = context();
    for (const ExpressionPtr& condition : conditions) {
        auto holds = evaluate_condition(*condition, now);
        if (!holds) {
            if (is_wait(holds.error())) return Pull::wait;
            return std::unexpected(std::move(holds).error());
        }
        if (!*holds) return Pull::end;
    }
    return Pull::row;
}

Checked<Pull> QueryRun::next_frame() {
    return steps_->next();
}

Checked<> QueryRun::start() {
    if (started_) return {};
    SQL_TRY(const auto skipped, row_count(query_.offset, false));
    SQL_TRY(limit_, row_count(query_.limit, true));
    to_skip_ = skipped.value_or(0);
    started_ = true;
    return {};
}

Checked<std::optional<std::int64_t>> QueryRun::row_count(const ExpressionPtr& expression,
                                                         bool is_limit) {
    if (expression == nullptr) return std::nullopt;
    SQL_TRY(const Value value, evaluate(*expression, context()));
    if (is_null(value)) return std::nullopt;
    const std::int64_t count = std::get<std::int64_t>(value);
    if (count < 0) {
        return is_limit ? sql_error("2201W", "LIMIT must not be negative")
                        : sql_error("2201X", "OFFSET must not be negative");
    }
    return count;
}

Checked<Pull> QueryRun::next() {
    while (true) {
        SQL_TRY(const Pull pull, next_computed());
        if (pull != Pull::row) return pull;
        // Rows that OFFSET passes over are locked and computed as well.
        if (to_skip_ == 0) break;
        --to_skip_;
    }
    ++produced_;
    return Pull::row;
}

Checked<Pull> QueryRun::next_computed() {
    if (auto begun = start(); !begun) {
        if (is_wait(begun.error())) return Pull::wait;
        return std::unexpected(std::move(begun).error());
    }
    while (!projecting_) {
        if (limit_ && produced_ >= *limit_) return Pull::end;
        SQL_TRY(const Pull pull, steps_->next());
        if (pull != Pull::row) return pull;
        projecting_ = true;
        row_.clear();
        row_.reserve(query_.targets.size());
    }
    const EvaluationContext& now = context();
    while (row_.size() < query_.targets.size()) {
        auto value = evaluate(*query_.targets[row_.size()].expression, now);
        if (!value) {
            if (is_wait(value.error())) return Pull::wait;
            return std::unexpected(std::move(value).error());
        }
        row_.push_back(*std::move(value));
    }
    projecting_ = false;
    if (!answers_.empty()) answers_.clear();
    return Pull::row;
}

Checked<Value> QueryRun::waiting_call(const Expression& expression,
                                      const EvaluationContext& context) {
    const auto answer =
        std::ranges::find(answers_, &expression, [](const auto& each) { return each.first; });
    if (answer != answers_.end()) return answer->second;
    pending_arguments_.clear();
    for (const ExpressionPtr& argument : expression.arguments) {
        SQL_TRY(Value value, evaluate(*argument, context));
        if (is_null(value)) return Null{};
        pending_arguments_.push_back(std::move(value));
    }
    pending_call_ = &expression;
    return executor_.pull_again_after(*this);
}

Task<Checked<>> QueryRun::resolve() {
    const Expression* const call = pending_call_;
    SQL_CO_TRY(Value value, co_await executor_.waiting_call(*call, std::move(pending_arguments_)));
    answers_.emplace_back(call, std::move(value));
    co_return Checked<>{};
}

}  // namespace atlas::sim::models::postgres

// Running queries: pulling their rows, and doing what they have to wait for in between.

#include <chrono>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/executor/query_run.hpp"
#include "sim/models/postgres/system_catalog/named_oid.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

/// As long as PostgreSQL takes, give or take, for as many rows as lie between two of them.
constexpr std::chrono::milliseconds pause_length{10};

}  // namespace

// What a query of many rows takes in time, and where a cancel or a timeout gets hold of it.
class Executor::Pause final : public Waiter {
  public:
    explicit Pause(Executor& executor) : executor_(executor) {}

    Task<Checked<>> resolve() override {
        Engine& engine = executor_.engine_;
        const host::Deadline until = host::deadline_after(engine.host(), pause_length);
        auto slept = co_await engine.locks().sleep(executor_.locks_, until, executor_.limits_);
        co_return slept;
    }

  private:
    Executor& executor_;
};

std::unexpected<Failure> Executor::pull_again_after(Waiter& waiter) {
    waiter_ = &waiter;
    return must_wait();
}

void Executor::pause() {
    pulls_ = 0;
    if (pause_ == nullptr) pause_ = std::make_unique<Pause>(*this);
    waiter_ = pause_.get();
}

Task<Checked<>> Executor::resolve_wait() {
    Waiter* const waiter = std::exchange(waiter_, nullptr);
    auto resolved = co_await waiter->resolve();
    co_return resolved;
}

TextRow Executor::as_text(const std::vector<Target>& targets, const Row& row) const {
    TextRow text;
    text.reserve(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
        const TypeId type = targets[i].expression->type.id;
        if (is_null(row[i])) {
            text.emplace_back(std::nullopt);
        } else if (is_named_oid(type)) {
            text.emplace_back(named_oid(type, std::get<std::int64_t>(row[i]), view()));
        } else {
            text.emplace_back(format_value(type, row[i]));
        }
    }
    return text;
}

Task<Checked<StatementResult>> Executor::select(const SelectStatement& statement) {
    const Query& query = *statement.query;
    QueryRun run(*this, query, nullptr);
    run.restart(nullptr);
    StatementResult result;
    while (true) {
        SQL_CO_TRY(const Pull pull, run.next());
        if (pull == Pull::end) break;
        if (pull == Pull::wait) {
            SQL_CO_CHECK(co_await resolve_wait());
            continue;
        }
        result.rows.push_back(as_text(query.targets, run.row()));
    }
    if (!query.common_tables.empty()) SQL_CO_CHECK(co_await finish_modifying(run));
    result.notices = std::move(notices_);
    result.command_tag = fmt::format("SELECT {}", result.rows.size());
    co_return result;
}

Task<Checked<std::vector<Row>>> Executor::all_rows(QueryRun& run) {
    std::vector<Row> rows;
    while (true) {
        SQL_CO_TRY(const Pull pull, run.next());
        if (pull == Pull::end) break;
        if (pull == Pull::wait) {
            SQL_CO_CHECK(co_await resolve_wait());
            continue;
        }
        rows.push_back(std::move(run.row()));
    }
    co_return rows;
}

// What WITH changes is changed whether anybody asks for it or not; the last of them first, so that
// those that it reads are run by its asking.
Task<Checked<>> Executor::finish_modifying(QueryRun& run) {
    const std::vector<CommonTable>& tables = run.query().common_tables;
    for (std::size_t i = tables.size(); i-- > 0;) {
        if (tables[i].modify == nullptr || run.has_run(i)) continue;
        const Row* row = nullptr;
        while (true) {
            SQL_CO_TRY(const Pull pull, run.common_table(i).at(0, row));
            if (pull != Pull::wait) break;
            SQL_CO_CHECK(co_await resolve_wait());
        }
    }
    co_return Checked<>{};
}

// False if the row is not to be had: skipped, gone, or it does not qualify any more.
Task<Checked<bool>> Executor::lock_frame(QueryRun& run) {
    const Query& query = run.query();
    CurrentFrame& frame = run.frame();
    bool changed = false;
    for (std::size_t i = 0; i < query.range.size(); ++i) {
        const RangeEntry& entry = query.range[i];
        // The missing side of an outer join has no row to lock.
        if (!entry.locks_rows() || frame.rows[i] == nullptr) continue;
        RowVersion* const version = frame.versions[i];
        auto claimed = co_await claim_latest(*entry.table, *version, entry.locking->strength,
                                             entry.locking->policy, AfterWait::follow);
        // Who only locks is told so of a row that is gone as well.
        if (!claimed && claimed.error()->sqlstate == "40001") co_return concurrent_update();
        SQL_CO_TRY(RowVersion * latest, std::move(claimed));
        if (latest == nullptr) co_return false;
        remember_lock(*latest, entry.locking->strength);
        if (latest == version) continue;
        changed = true;
        frame.put(i, &latest->values, latest);
    }
    if (!changed) co_return true;
    auto qualifies = co_await still_qualifies(run);
    co_return qualifies;
}

// EvalPlanQual, with the frame's rows in place of all others. What is joined by now is what the
// frame has afterwards: the partner of an outer join may not match any more.
Task<Checked<bool>> Executor::still_qualifies(QueryRun& run) {
    QueryRun again(*this, run.query(), run.around(), &run);
    again.restart(run.context().outer);
    while (true) {
        SQL_CO_TRY(const Pull pull, again.next_frame());
        if (pull == Pull::end) co_return false;
        if (pull == Pull::row) break;
        SQL_CO_CHECK(co_await resolve_wait());
    }
    const std::vector<const Row*>& joined = again.frame().rows;
    for (std::size_t i = 0; i < joined.size(); ++i) {
        if (joined[i] == nullptr) run.frame().put(i, nullptr);
    }
    co_return true;
}

}  // namespace atlas::sim::models::postgres

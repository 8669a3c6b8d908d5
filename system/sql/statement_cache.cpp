#include "system/sql/statement_cache.hpp"

#include <algorithm>
#include <utility>

namespace atlas::sql {

/// A batch, and what each of its steps is for.
struct StatementCache::Planned {
    Batch steps;
    /// By step: the statement that it prepares, or nothing.
    std::vector<std::string_view> prepares;
    /// Statements that were there already and must stay.
    std::size_t kept = 0;

    void add(Step step, std::string_view prepared = {}) {
        steps.push_back(std::move(step));
        prepares.push_back(prepared);
    }
    std::size_t new_statements() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(prepares, [](std::string_view name) { return !name.empty(); }));
    }
};

/// Whether it is prepared; then it is the last to make room.
bool StatementCache::use(std::string_view name) {
    const auto found = std::ranges::find(names_, name);
    if (found == names_.end()) return false;
    std::rotate(found, found + 1, names_.end());
    return true;
}

StatementCache::Planned StatementCache::plan(std::vector<std::string> texts,
                                             std::vector<Call> calls) {
    Planned planned;
    for (std::string& text : texts)
        planned.add(QueryStep{std::move(text)});
    std::vector<std::string_view> seen;
    for (Call& call : calls) {
        const std::string_view name = call.statement.name;
        if (std::ranges::find(seen, name) == seen.end()) {
            seen.push_back(name);
            if (use(name)) {
                ++planned.kept;
            } else {
                planned.add(PrepareStep{std::string{name}, std::string{call.statement.text}}, name);
            }
        }
        planned.add(ExecuteStep{std::string{name}, std::move(call.parameters)});
    }
    return planned;
}

// Those that were used last stay, even if the batch then has more than there is room for.
host::Task<Result<void>> StatementCache::make_room(Connection& connection, host::Context context,
                                                   std::size_t wanted, std::size_t kept) {
    while (names_.size() > kept && names_.size() + wanted > capacity_) {
        Result<void> forgotten =
            co_await connection.deallocate(context, std::string{names_.front()});
        if (!forgotten) co_return forgotten;
        names_.erase(names_.begin());
    }
    co_return Result<void>{};
}

host::Task<Result<QueryResult>> StatementCache::execute(Connection& connection,
                                                        host::Context context, Statement statement,
                                                        Parameters parameters) {
    if (use(statement.name)) {
        co_return co_await connection.execute_prepared(context, std::string{statement.name},
                                                       std::move(parameters));
    }
    std::vector<Call> calls;
    calls.push_back({statement, std::move(parameters)});
    BatchResult results = co_await execute_all(connection, context, {}, std::move(calls));
    if (!results) co_return std::unexpected(std::move(results.error().cause));
    co_return std::move(results->front());
}

host::Task<BatchResult> StatementCache::execute_all(Connection& connection, host::Context context,
                                                    std::vector<std::string> texts,
                                                    std::vector<Call> calls) {
    const std::size_t queries = texts.size();
    Planned planned = plan(std::move(texts), std::move(calls));
    const std::size_t wanted = planned.new_statements();
    if (wanted > 0) {
        Result<void> made = co_await make_room(connection, context, wanted, planned.kept);
        if (!made) co_return std::unexpected(BatchError{std::move(made.error()), {}});
    }
    BatchResult answered = co_await connection.run_batch(context, std::move(planned.steps));
    std::vector<QueryResult>& results = answered ? *answered : answered.error().before;
    // What was prepared stays so, even if the transaction around it is undone.
    std::vector<QueryResult> of_calls;
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (!planned.prepares[i].empty()) {
            names_.push_back(planned.prepares[i]);
        } else if (i >= queries) {
            of_calls.push_back(std::move(results[i]));
        }
    }
    results = std::move(of_calls);
    co_return answered;
}

}  // namespace atlas::sql

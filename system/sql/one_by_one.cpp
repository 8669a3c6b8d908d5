#include "system/sql/one_by_one.hpp"

namespace atlas::sql {
namespace {

host::Task<Result<QueryResult>> run(Connection& connection, host::Context context, Step step) {
    if (auto* const query = std::get_if<QueryStep>(&step)) {
        co_return co_await connection.query(context, std::move(query->text));
    }
    if (auto* const execute = std::get_if<ExecuteStep>(&step)) {
        co_return co_await connection.execute_prepared(context, std::move(execute->name),
                                                       std::move(execute->parameters));
    }
    auto& prepare = std::get<PrepareStep>(step);
    Result<void> prepared =
        co_await connection.prepare(context, std::move(prepare.name), std::move(prepare.text));
    if (!prepared) co_return std::unexpected(std::move(prepared.error()));
    co_return QueryResult{};
}

}  // namespace

host::Task<BatchResult> run_one_by_one(Connection& connection, host::Context context, Batch steps) {
    std::vector<QueryResult> results;
    for (Step& step : steps) {
        Result<QueryResult> result = co_await run(connection, context, std::move(step));
        if (!result) {
            co_return std::unexpected(BatchError{std::move(result.error()), std::move(results)});
        }
        results.push_back(std::move(*result));
    }
    co_return results;
}

}  // namespace atlas::sql

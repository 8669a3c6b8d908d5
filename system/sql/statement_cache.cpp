#include "system/sql/statement_cache.hpp"

#include <algorithm>
#include <utility>

namespace atlas::sql {

host::Task<Result<QueryResult>> StatementCache::execute(Connection& connection,
                                                        host::Context context, Statement statement,
                                                        Parameters parameters) {
    const auto found = std::find(names_.begin(), names_.end(), statement.name);
    if (found != names_.end()) {
        std::rotate(found, found + 1, names_.end());
    } else {
        Result<void> prepared = co_await prepare(connection, context, statement);
        if (!prepared) co_return std::unexpected(std::move(prepared.error()));
    }
    co_return co_await connection.execute_prepared(context, std::string{statement.name},
                                                   std::move(parameters));
}

host::Task<Result<void>> StatementCache::prepare(Connection& connection, host::Context context,
                                                 Statement statement) {
    if (names_.size() >= capacity_ && !names_.empty()) {
        Result<void> forgotten =
            co_await connection.deallocate(context, std::string{names_.front()});
        if (!forgotten) co_return forgotten;
        names_.erase(names_.begin());
    }
    Result<void> prepared = co_await connection.prepare(context, std::string{statement.name},
                                                        std::string{statement.text});
    if (prepared) names_.push_back(statement.name);
    co_return prepared;
}

}  // namespace atlas::sql

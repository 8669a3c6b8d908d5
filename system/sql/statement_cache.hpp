#pragma once
// Which statements one connection has prepared, so that each is parsed and planned once. The least
// recently used one makes room when there are too many.

#include <cstddef>
#include <string_view>
#include <vector>

#include "system/sql/connection.hpp"

namespace atlas::sql {

/// A statement of the program: both members are literals. The name is unique in the program.
struct Statement {
    std::string_view name;
    std::string_view text;
};

class StatementCache {
  public:
    explicit StatementCache(std::size_t capacity) : capacity_(capacity) {}

    /// Executes, preparing first when need be. Errors are those of the connection.
    host::Task<Result<QueryResult>> execute(Connection& connection, host::Context context,
                                            Statement statement, Parameters parameters);

    std::size_t size() const { return names_.size(); }

  private:
    host::Task<Result<void>> prepare(Connection& connection, host::Context context,
                                     Statement statement);

    std::size_t capacity_;
    std::vector<std::string_view> names_;  ///< The most recently used last.
};

}  // namespace atlas::sql

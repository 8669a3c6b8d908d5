#pragma once
// Which statements one connection has prepared, so that each is parsed and planned once. The least
// recently used one makes room when there are too many.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "system/sql/connection.hpp"

namespace atlas::sql {

/// A statement of the program: both members are literals. The name is unique in the program.
struct Statement {
    std::string_view name;
    std::string_view text;
};

/// A statement with what it is given.
struct Call {
    Statement statement;
    Parameters parameters;
};

class StatementCache {
  public:
    explicit StatementCache(std::size_t capacity) : capacity_(capacity) {}

    /// Executes, preparing first when need be. Errors are those of the connection.
    host::Task<Result<QueryResult>> execute(Connection& connection, host::Context context,
                                            Statement statement, Parameters parameters);

    /// The texts, which have no parameters, and behind them the calls, in one batch. Results, those
    /// of an error too, are of the calls alone.
    host::Task<BatchResult> execute_all(Connection& connection, host::Context context,
                                        std::vector<std::string> texts, std::vector<Call> calls);

    std::size_t size() const { return names_.size(); }

  private:
    struct Planned;

    bool use(std::string_view name);
    Planned plan(std::vector<std::string> texts, std::vector<Call> calls);
    host::Task<Result<void>> make_room(Connection& connection, host::Context context,
                                       std::size_t wanted, std::size_t kept);

    std::size_t capacity_;
    std::vector<std::string_view> names_;  ///< The most recently used last.
};

}  // namespace atlas::sql

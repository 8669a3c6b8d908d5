#pragma once
// The schema's history: numbered SQL files (migrations/NNNN_name.sql), compiled in, and the task
// that brings a database up to date with them. The list is a value, so that a caller can run
// another one.

#include <string>
#include <string_view>
#include <vector>

#include "system/sql/transaction.hpp"

namespace atlas::store {

struct Migration {
    int version = 0;  ///< The file's number; counted from 1, without gaps.
    std::string name;
    /// Statements, each ended by a semicolon at the end of a line. Run in one transaction.
    std::string text;

    friend bool operator==(const Migration&, const Migration&) = default;
};

/// Those of this build, in order.
std::vector<Migration> built_in_migrations();

/// The statements of a migration's text, without comment lines and semicolons.
std::vector<std::string> split_statements(std::string_view text);

/// Applies those that the database has not had, in order, each in one transaction with its row in
/// `schema_migrations`. The row goes in first: of nodes that start together, the second waits on
/// its unique key until the first has committed, and then finds nothing left to do.
/// Where there are followers, what it found and made is confirmed: no failover undoes it.
/// A failure may be met by running it again, be it definite or not.
host::Task<sql::Result<void>> migrate(sql::Database& database, host::Context context,
                                      std::vector<Migration> migrations);

}  // namespace atlas::store

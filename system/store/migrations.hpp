#pragma once
// The schema's history: numbered SQL files (migrations/NNNN_name.sql), compiled in, and the task
// that brings a database up to date with them. The list is a value, so that a caller can run
// another one.

#include <string>
#include <vector>

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

}  // namespace atlas::store

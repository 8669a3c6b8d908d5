#pragma once
// For operations whose outcome is only whether they succeeded.

#include <utility>

#include "system/sql/connection.hpp"

namespace atlas::sql {

inline Result<void> without_rows(Result<QueryResult> result) {
    if (!result) return std::unexpected(std::move(result.error()));
    return {};
}

}  // namespace atlas::sql

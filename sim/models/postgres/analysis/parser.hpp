#pragma once
// PostgreSQL's own grammar (libpg_query): text to raw statements.

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sim/models/postgres/failure.hpp"

namespace atlas::sim::models::postgres {

/// One statement as the grammar leaves it: {"SelectStmt": {...}}. Locations in it are byte offsets
/// in the whole text.
struct RawStatement {
    std::shared_ptr<const nlohmann::json> node;
};

/// COMMIT, ROLLBACK, ROLLBACK TO: what may still run in a failed transaction.
bool leaves_failed_transaction(const RawStatement& statement);

/// SELECT, INSERT, UPDATE, DELETE: what looks at rows.
bool needs_snapshot(const RawStatement& statement);
bool is_lock_table(const RawStatement& statement);

/// All statements of a text; none for a blank one. Errors: 42601 and what else the grammar raises.
Checked<std::vector<RawStatement>> parse_statements(const std::string& text);

}  // namespace atlas::sim::models::postgres

// FOR UPDATE and its kin: which items of FROM they are of, and where they may not be.

#include <algorithm>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/row_locking.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"
#include "sim/models/postgres/locks/lock_mode.hpp"

namespace atlas::sim::models::postgres {
namespace {

RowLockStrength strength_of(const Node& clause) {
    const std::string strength = text(clause, "strength");
    if (strength == "LCS_FORKEYSHARE") return RowLockStrength::key_share;
    if (strength == "LCS_FORSHARE") return RowLockStrength::share;
    if (strength == "LCS_FORNOKEYUPDATE") return RowLockStrength::no_key_update;
    return RowLockStrength::update;
}

WaitPolicy policy_of(const Node& clause) {
    const std::string policy = text(clause, "waitPolicy");
    if (policy == "LockWaitError") return WaitPolicy::no_wait;
    return policy == "LockWaitSkip" ? WaitPolicy::skip_locked : WaitPolicy::wait;
}

std::unexpected<Failure> not_allowed_with(RowLockStrength strength, std::string_view what) {
    return sql_error("0A000",
                     fmt::format("{} is not allowed with {}", clause_name(strength), what));
}

// Its rows must be rows of tables.
Checked<> check_lockable(const Query& query, RowLockStrength strength) {
    const bool set_operation =
        !query.range.empty() && query.range.front().kind == RangeKind::set_operation;
    if (set_operation) return not_allowed_with(strength, "UNION/INTERSECT/EXCEPT");
    if (query.distinct) return not_allowed_with(strength, "DISTINCT clause");
    if (!query.group_by.empty()) return not_allowed_with(strength, "GROUP BY clause");
    if (query.having != nullptr) return not_allowed_with(strength, "HAVING clause");
    if (!query.aggregates.empty()) return not_allowed_with(strength, "aggregate functions");
    if (!query.windows.empty()) return not_allowed_with(strength, "window functions");
    return {};
}

}  // namespace

std::unexpected<Failure> locking_not_allowed(const Node& clauses, std::string_view with) {
    return not_allowed_with(strength_of(*open_node(clauses.front()).body), with);
}

std::unexpected<Failure> locking_not_applicable(const Node& clauses, std::string_view to) {
    const RowLockStrength strength = strength_of(*open_node(clauses.front()).body);
    return sql_error("0A000", fmt::format("{} cannot be applied to {}", clause_name(strength), to));
}

Checked<> check_rows_are_there(const JoinTree& tree, const Query& query, bool may_be_missing) {
    if (tree.is_item()) {
        const RangeEntry& entry = query.range[tree.relation];
        if (!may_be_missing || !entry.locking) return {};
        return sql_error("0A000",
                         fmt::format("{} cannot be applied to the nullable side of an outer join",
                                     clause_name(entry.locking->strength)));
    }
    const bool full = tree.type == JoinType::full;
    SQL_CHECK(check_rows_are_there(*tree.left, query,
                                   may_be_missing || full || tree.type == JoinType::right));
    return check_rows_are_there(*tree.right, query,
                                may_be_missing || full || tree.type == JoinType::left);
}

Checked<> StatementAnalyser::row_locking(const Node& nodes, Query& query) {
    for (const Node& node : nodes) {
        const Node& clause = *open_node(node).body;
        const RowLocking wanted{strength_of(clause), policy_of(clause)};
        SQL_CHECK(check_lockable(query, wanted.strength));
        if (!list(clause, "lockedRels").empty()) {
            SQL_CHECK(lock_named_entries(clause, wanted, query));
            continue;
        }
        for (RangeEntry& entry : query.range) {
            SQL_CHECK(lock_entry(clause, wanted, entry, query));
        }
    }
    return {};
}

Checked<> StatementAnalyser::lock_named_entries(const Node& clause, RowLocking wanted,
                                                Query& query) {
    for (const Node& each : list(clause, "lockedRels")) {
        const Node& relation = *open_node(each).body;
        const std::string name = text(relation, "relname");
        const auto found = std::ranges::find(query.range, name, &RangeEntry::alias);
        if (found == query.range.end()) {
            return sql_error_at(location(relation), "42P01",
                                fmt::format("relation \"{}\" in {} clause not found in FROM clause",
                                            name, clause_name(wanted.strength)));
        }
        const auto inapplicable = [&](std::string_view what) {
            return sql_error_at(
                location(relation), "0A000",
                fmt::format("{} cannot be applied to {}", clause_name(wanted.strength), what));
        };
        if (found->kind == RangeKind::functions) return inapplicable("a function");
        if (found->kind == RangeKind::values) return inapplicable("VALUES");
        if (found->kind == RangeKind::common_table || found->kind == RangeKind::working_table)
            return inapplicable("a WITH query");
        SQL_CHECK(lock_entry(clause, wanted, *found, query));
    }
    return {};
}

// Of a query in FROM all tables are locked, as if the clause were its own; but it may still become
// part of the query around it, and then only rows that are shown are.
Checked<> StatementAnalyser::lock_entry(const Node& clause, RowLocking wanted, RangeEntry& entry,
                                        Query& query) {
    if (entry.kind != RangeKind::subquery && entry.kind != RangeKind::table) return {};
    RowLocking& locking = entry.locking ? *entry.locking : entry.locking.emplace(wanted);
    locking.strength = std::max(locking.strength, wanted.strength);
    locking.policy = std::max(locking.policy, wanted.policy);
    query.may_wait = true;
    if (entry.kind == RangeKind::subquery) {
        auto inner = std::make_shared<Query>(*entry.query);
        SQL_CHECK(check_lockable(*inner, wanted.strength));
        for (RangeEntry& within : inner->range) {
            SQL_CHECK(lock_entry(clause, wanted, within, *inner));
        }
        entry.query = std::move(inner);
        return {};
    }
    query.locks_rows = true;
    for (TableLockRequest& request : definition_locks_) {
        if (request.table == entry.table->oid && request.mode == TableLockMode::access_share)
            request.mode = TableLockMode::row_share;
    }
    if (row_lock_violation_.empty()) row_lock_violation_ = command_name(wanted.strength);
    return {};
}

}  // namespace atlas::sim::models::postgres

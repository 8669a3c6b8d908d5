#pragma once
// All that is known of a run when it has ended: what the properties judge.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "properties/checkers/linearizability.hpp"
#include "properties/history/database_log.hpp"
#include "properties/history/user_operations.hpp"
#include "system/host/time.hpp"
#include "system/reliability/circuit_breaker.hpp"
#include "system/reliability/retry_budget.hpp"

namespace atlas::properties {

/// A row of the table of users, read when all is over.
struct UserRow {
    std::string id;
    std::string email;
    std::string email_folded;
    std::string display_name;
    std::uint64_t version = 0;
    bool is_live = true;  ///< Not deleted.

    friend auto operator<=>(const UserRow&, const UserRow&) = default;
};

/// What stands before the database in each API node.
struct DatabaseGuard {
    std::size_t pool_size = 0;
    reliability::CircuitBreakerOptions breaker = {};
    reliability::RetryBudgetOptions budget = {};
    /// How long a request may take at most.
    host::Duration request_time{};
    /// Of a node for one server, each with a breaker: that of the primary may ask any of them.
    std::int64_t pools = 1;
};

struct RunFacts {
    /// Share of each kind of operation in the workload, in the order of all_user_functions.
    std::array<std::uint64_t, std::size(all_user_functions)> weights{};
    /// When faults stopped for good, by the history's clock; nothing in a run without that phase.
    std::optional<host::Duration> faults_ended_at = {};
    /// When the first fault could strike.
    host::Duration calm_until{};
    /// Until when clients began operations: after faults had stopped, if they went on.
    host::Duration clients_end_at{};
    /// Whether the final phase of the workload did all it had to, in time; nothing where there was
    /// none.
    std::optional<bool> final_phase_completed = {};
    /// When the run ended, by the history's clock.
    host::Duration ended_at{};
    /// How long an operation may take once faults have stopped.
    host::Duration healing_time = std::chrono::seconds{60};
    /// What is still there after all programs have ended: "api-1: 1 connection", ...; nothing where
    /// nobody counted.
    std::optional<std::vector<std::string>> leftovers = {};
    /// Nothing where nobody watched what was asked of the database.
    std::optional<DatabaseGuard> guard = {};
    /// Responses that are not as /openapi.json describes them, one sentence each.
    std::vector<std::string> undescribed_responses = {};
    /// Sessions of the database that idled in a transaction beyond their limit, likewise; nothing
    /// where nobody watched.
    std::optional<std::vector<std::string>> abandoned_transactions = {};
    /// Servers that took writes for some time after another one had been promoted, likewise.
    std::optional<std::vector<std::string>> old_primaries = {};
    /// Committed transactions that saw a pair of owners with nobody on, likewise.
    std::optional<std::vector<std::string>> unowned_pairs = {};
    /// Jobs done twice, and workers that waited for another's job, likewise.
    std::optional<std::vector<std::string>> job_faults = {};
    /// Transactions of owners that committed; nothing where that workload was not run.
    std::optional<std::uint64_t> owners_committed = {};
    /// Jobs that were done, likewise.
    std::optional<std::uint64_t> jobs_done = {};
    /// Nothing where there are no followers, or nobody counted.
    std::optional<FollowerReads> follower_reads = {};
};

struct RunRecord {
    std::vector<UserOperation> operations;
    /// Nothing when the database could not be read.
    std::optional<std::vector<UserRow>> users = {};
    std::vector<DatabaseConversation> database = {};
    RunFacts facts = {};
    LinearizabilityBudget budget = {};
};

}  // namespace atlas::properties

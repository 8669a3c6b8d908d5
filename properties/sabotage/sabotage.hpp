#pragma once
// Bugs planted on purpose, to prove that the default workload and the properties find them. Each
// decorates a public port, or changes the options or the migrations; this is their list and their
// ledger.

#include <cstdint>
#include <span>
#include <string_view>

namespace atlas::properties {

enum class Sabotage : std::uint8_t {
    none,
    unique_index_dropped,
    if_match_rewritten,
    cached_get,
    commit_acknowledged_early,
    idempotency_key_stripped,
    no_jitter_no_budget,
    pool_lease_leaked_on_cancel,
    listing_by_offset,
    email_folded_in_check_only,
    retry_of_indefinite_commit,
    session_timeouts_unset,
    email_never_freed,
    folded_email_shown,
    unavailable_as_500,
    rename_without_directory_sync,
    reads_from_any_follower,
    reads_unfenced,
    session_token_dropped,
    primary_not_fenced,
    commit_cancelled_at_deadline,
    serializable_downgraded,
    skip_locked_removed,
};

struct SabotageDescription {
    Sabotage sabotage;
    std::string_view name;      ///< "cached-get": for --sabotage.
    std::string_view sentence;  ///< What it does, for people.
};

/// For `atlas-sim list sabotages`; Sabotage::none is not among them.
std::span<const SabotageDescription> all_sabotages();

/// Null when there is none of that name.
const SabotageDescription* find_sabotage(std::string_view name);

/// What a sabotage really did in a run, over all processes and incarnations. One that never acted
/// proves nothing.
struct SabotageLedger {
    std::uint64_t acted = 0;
};

}  // namespace atlas::properties

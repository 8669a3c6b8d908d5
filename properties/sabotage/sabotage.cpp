#include "properties/sabotage/sabotage.hpp"

#include <algorithm>

namespace atlas::properties {

namespace {

constexpr SabotageDescription sabotages[] = {
    {Sabotage::unique_index_dropped, "unique-index-dropped",
     "The migrations leave out the unique index on folded e-mails."},
    {Sabotage::if_match_rewritten, "if-match-rewritten",
     "Every If-Match with a version becomes If-Match: *, so outdated changes go through."},
    {Sabotage::cached_get, "cached-get",
     "Each API node answers GET of a user from a cache of its own for two seconds."},
    {Sabotage::commit_acknowledged_early, "commit-acknowledged-early",
     "A COMMIT is reported as done when it has been sent, not when the server has answered."},
    {Sabotage::idempotency_key_stripped, "idempotency-key-stripped",
     "Every request gets an Idempotency-Key of its own, so a repeated one is taken for another."},
    {Sabotage::no_jitter_no_budget, "no-jitter-no-budget",
     "What failed is tried again at once, twenty times, and no budget or circuit stops it."},
    {Sabotage::pool_lease_leaked_on_cancel, "pool-lease-leaked-on-cancel",
     "A statement that its deadline cuts off never gives its connection's place in the pool back."},
    {Sabotage::listing_by_offset, "listing-by-offset",
     "A page of the listing begins after so many rows, not after the last user of the one before."},
    {Sabotage::email_folded_in_check_only, "email-folded-in-check-only",
     "A registration looks for the folded e-mail, and stores it as it is spelt."},
    {Sabotage::retry_of_indefinite_commit, "retry-of-indefinite-commit",
     "A COMMIT whose answer is lost is taken for one that was rolled back, and run again."},
    {Sabotage::session_timeouts_unset, "session-timeouts-unset",
     "Sessions have no time limits: whoever is lost with a lock keeps it."},
    {Sabotage::email_never_freed, "email-never-freed",
     "Deleted users keep their folded e-mails, and the unique index has them in it too."},
    {Sabotage::folded_email_shown, "folded-email-shown",
     "An answer with a user shows its folded e-mail too, which the API does not describe."},
    {Sabotage::unavailable_as_500, "unavailable-as-500",
     "What cannot be done now is answered with 500 in place of 503."},
    {Sabotage::rename_without_directory_sync, "rename-without-directory-sync",
     "The database's checkpoint is renamed into place, and its folder is not synced."},
    {Sabotage::reads_from_any_follower, "reads-from-any-follower",
     "A follower is read from however far behind it is: it says that it has all there is."},
    {Sabotage::reads_unfenced, "reads-unfenced",
     "A strong read waits for no commit, so that a primary that was replaced may answer it."},
    {Sabotage::session_token_dropped, "session-token-dropped",
     "Atlas-Session is taken off every request, so that a session has never seen anything."},
    {Sabotage::primary_not_fenced, "primary-not-fenced",
     "Agents do not stop a primary whose lease has ended."},
    {Sabotage::commit_cancelled_at_deadline, "commit-cancelled-at-deadline",
     "A COMMIT that takes long is cancelled, and taken for one that did not happen."},
    {Sabotage::serializable_downgraded, "serializable-downgraded",
     "Transactions that ask for SERIALIZABLE get REPEATABLE READ."},
    {Sabotage::skip_locked_removed, "skip-locked-removed",
     "Workers of the queue wait for a job that another one has, in place of taking the next."},
};

}  // namespace

std::span<const SabotageDescription> all_sabotages() {
    return sabotages;
}

const SabotageDescription* find_sabotage(std::string_view name) {
    const auto* const found = std::ranges::find(sabotages, name, &SabotageDescription::name);
    return found == std::end(sabotages) ? nullptr : found;
}

}  // namespace atlas::properties

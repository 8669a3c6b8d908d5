#include "properties/sabotage/sabotaged_node.hpp"

#include <utility>

#include "properties/sabotage/cached_get.hpp"
#include "properties/sabotage/commit_acknowledged_early.hpp"
#include "properties/sabotage/commit_cancelled_at_deadline.hpp"
#include "properties/sabotage/decorated_connection.hpp"
#include "properties/sabotage/email_folded_in_check_only.hpp"
#include "properties/sabotage/email_never_freed.hpp"
#include "properties/sabotage/folded_email_shown.hpp"
#include "properties/sabotage/idempotency_key_stripped.hpp"
#include "properties/sabotage/if_match_rewritten.hpp"
#include "properties/sabotage/lease_leaked_on_cancel.hpp"
#include "properties/sabotage/listing_by_offset.hpp"
#include "properties/sabotage/no_jitter_no_budget.hpp"
#include "properties/sabotage/reads_from_any_follower.hpp"
#include "properties/sabotage/reads_unfenced.hpp"
#include "properties/sabotage/retry_of_indefinite_commit.hpp"
#include "properties/sabotage/session_timeouts_unset.hpp"
#include "properties/sabotage/session_token_dropped.hpp"
#include "properties/sabotage/unavailable_as_500.hpp"
#include "properties/sabotage/unique_index_dropped.hpp"
#include "system/host/check.hpp"

namespace atlas::properties {

namespace {

/// The sabotage is outermost: what the other decorator does stays next to the API.
void add_decorator(node::ApiNodeHooks& hooks, http::HandlerDecorator sabotage) {
    hooks.decorate_handler = [inner = std::move(hooks.decorate_handler),
                              outer = std::move(sabotage)](http::Handler handler) {
        return outer(inner ? inner(std::move(handler)) : std::move(handler));
    };
}

host::Task<host::Result<void>> run_with_early_commits(host::Host& host, sql::Driver& driver,
                                                      node::ApiNodeOptions options,
                                                      node::ApiNodeHooks hooks,
                                                      SabotageLedger& ledger) {
    EarlyCommitDriver early(host, driver, ledger);
    host::Result<void> ended =
        co_await node::run_api_node(host, early, std::move(options), std::move(hooks));
    co_await early.stop();
    co_return ended;
}

host::Result<std::vector<store::Migration>> sabotaged(Sabotage sabotage,
                                                      std::vector<store::Migration> migrations,
                                                      SabotageLedger& ledger) {
    return sabotage == Sabotage::email_never_freed
               ? with_emails_never_freed(std::move(migrations), ledger)
               : without_unique_index(std::move(migrations), ledger);
}

/// As node::run_api_node, over a driver that the node owns.
template <typename Decorator>
host::Task<host::Result<void>> run_over(Decorator driver, host::Host& host,
                                        node::ApiNodeOptions options, node::ApiNodeHooks hooks) {
    co_return co_await node::run_api_node(host, driver, std::move(options), std::move(hooks));
}

/// The driver of those sabotages that need nothing but another one; without anything otherwise.
DriverDecoration decoration_of(Sabotage sabotage, SabotageLedger& ledger) {
    switch (sabotage) {
        case Sabotage::email_never_freed:
            return deletions_that_keep_emails(ledger);
        case Sabotage::listing_by_offset:
            return listing_by_offset(ledger);
        case Sabotage::email_folded_in_check_only:
            return email_folded_in_check_only(ledger);
        case Sabotage::retry_of_indefinite_commit:
            return retry_of_indefinite_commit(ledger);
        case Sabotage::session_timeouts_unset:
            return session_timeouts_unset(ledger);
        case Sabotage::reads_from_any_follower:
            return reads_from_any_follower(ledger);
        case Sabotage::reads_unfenced:
            return reads_unfenced(ledger);
        default:
            return {};
    }
}

}  // namespace

host::Task<host::Result<void>> run_sabotaged_api_node(host::Host& host, sql::Driver& driver,
                                                      node::ApiNodeOptions options,
                                                      node::ApiNodeHooks hooks, Sabotage sabotage,
                                                      SabotageLedger& ledger) {
    switch (sabotage) {
        case Sabotage::none:
            break;
        case Sabotage::unique_index_dropped:
        case Sabotage::email_never_freed: {
            auto migrations = sabotaged(sabotage, std::move(options.migrations), ledger);
            ATLAS_CHECK(migrations.has_value(), "the sabotage follows the schema");
            options.migrations = std::move(*migrations);
            break;
        }
        case Sabotage::if_match_rewritten:
            add_decorator(hooks, [&ledger](http::Handler handler) {
                return if_match_rewritten(std::move(handler), ledger);
            });
            break;
        case Sabotage::cached_get:
            add_decorator(hooks, [&host, &ledger](http::Handler handler) {
                return cached_get(std::move(handler), host, ledger);
            });
            break;
        case Sabotage::idempotency_key_stripped:
            add_decorator(hooks, [&host, &ledger](http::Handler handler) {
                return idempotency_key_stripped(std::move(handler), host, ledger);
            });
            break;
        case Sabotage::folded_email_shown:
            add_decorator(hooks, [&ledger](http::Handler handler) {
                return folded_email_shown(std::move(handler), ledger);
            });
            break;
        case Sabotage::unavailable_as_500:
            add_decorator(hooks, [&ledger](http::Handler handler) {
                return unavailable_as_500(std::move(handler), ledger);
            });
            break;
        case Sabotage::session_token_dropped:
            add_decorator(hooks, [&ledger](http::Handler handler) {
                return session_token_dropped(std::move(handler), ledger);
            });
            break;
        case Sabotage::listing_by_offset:
            add_decorator(hooks, cursors_by_offset);
            break;
        case Sabotage::email_folded_in_check_only:
        case Sabotage::retry_of_indefinite_commit:
        case Sabotage::session_timeouts_unset:
        case Sabotage::reads_from_any_follower:
        case Sabotage::reads_unfenced:
        // Not of a node: of the database, of what looks after it, and of its other clients.
        case Sabotage::rename_without_directory_sync:
        case Sabotage::primary_not_fenced:
        case Sabotage::serializable_downgraded:
        case Sabotage::skip_locked_removed:
            break;
        case Sabotage::commit_acknowledged_early: {
            host::Result<void> ended = co_await run_with_early_commits(
                host, driver, std::move(options), std::move(hooks), ledger);
            co_return ended;
        }
        case Sabotage::commit_cancelled_at_deadline: {
            DecoratedDriver cancelling(driver, commit_cancelled_at_deadline(host, ledger));
            host::Result<void> ended =
                co_await node::run_api_node(host, cancelling, std::move(options), std::move(hooks));
            co_return ended;
        }
        case Sabotage::no_jitter_no_budget: {
            host::Result<void> ended =
                co_await run_over(HastyDriver(host, driver, ledger), host,
                                  without_jitter_and_budget(std::move(options)), std::move(hooks));
            co_return ended;
        }
        case Sabotage::pool_lease_leaked_on_cancel: {
            host::Result<void> ended = co_await run_over(LeakingDriver(host, driver, ledger), host,
                                                         std::move(options), std::move(hooks));
            co_return ended;
        }
    }
    DecoratedDriver decorated(driver, decoration_of(sabotage, ledger));
    host::Result<void> ended =
        co_await node::run_api_node(host, decorated, std::move(options), std::move(hooks));
    co_return ended;
}

}  // namespace atlas::properties

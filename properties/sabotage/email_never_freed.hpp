#pragma once
// Sabotage: the e-mail of a deleted user stays taken. A migration overlay whose unique index has
// deleted users in it too, and a deletion that leaves the folded e-mail where it is.

#include <vector>

#include "properties/sabotage/decorated_connection.hpp"
#include "properties/sabotage/sabotage.hpp"
#include "system/host/error.hpp"
#include "system/store/migrations.hpp"

namespace atlas::properties {

/// Errors: those of with_email_index.
host::Result<std::vector<store::Migration>> with_emails_never_freed(
    std::vector<store::Migration> migrations, SabotageLedger& ledger);

/// Counted are the statements rewritten. The ledger outlives it.
DriverDecoration deletions_that_keep_emails(SabotageLedger& ledger);

}  // namespace atlas::properties

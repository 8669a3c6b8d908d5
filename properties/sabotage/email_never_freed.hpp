#pragma once
// Sabotage: a migration overlay whose unique index on folded e-mails has deleted users in it too.

#include <vector>

#include "properties/sabotage/sabotage.hpp"
#include "system/host/error.hpp"
#include "system/store/migrations.hpp"

namespace atlas::properties {

/// Errors: those of with_email_index.
host::Result<std::vector<store::Migration>> with_emails_never_freed(
    std::vector<store::Migration> migrations, SabotageLedger& ledger);

}  // namespace atlas::properties

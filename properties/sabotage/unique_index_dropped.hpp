#pragma once
// Sabotage: a migration overlay without the unique index on folded e-mails.

#include <vector>

#include "properties/sabotage/sabotage.hpp"
#include "system/host/error.hpp"
#include "system/store/migrations.hpp"

namespace atlas::properties {

/// Errors: those of with_email_index.
host::Result<std::vector<store::Migration>> without_unique_index(
    std::vector<store::Migration> migrations, SabotageLedger& ledger);

}  // namespace atlas::properties

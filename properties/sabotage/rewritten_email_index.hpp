#pragma once
// What sabotages of the schema begin with: the migrations with another statement in place of the
// one that makes the unique index on folded e-mails of users who are not deleted.

#include <string_view>
#include <vector>

#include "properties/sabotage/sabotage.hpp"
#include "system/host/error.hpp"
#include "system/store/migrations.hpp"

namespace atlas::properties {

/// Errors: not_found, when no migration has the statement word for word any more: the sabotage has
/// rotted and must follow the schema.
host::Result<std::vector<store::Migration>> with_email_index(
    std::vector<store::Migration> migrations, std::string_view instead, SabotageLedger& ledger);

}  // namespace atlas::properties

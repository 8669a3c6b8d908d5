#pragma once
// Sabotage over the SQL driver: a registration looks whether its folded e-mail is there, and then
// stores the e-mail as it is spelt, in the column that is unique too.

#include "properties/sabotage/decorated_connection.hpp"
#include "properties/sabotage/sabotage.hpp"

namespace atlas::properties {

/// The ledger outlives it.
DriverDecoration email_folded_in_check_only(SabotageLedger& ledger);

}  // namespace atlas::properties

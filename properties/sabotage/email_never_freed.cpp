#include "properties/sabotage/email_never_freed.hpp"

#include <utility>

#include "properties/sabotage/rewritten_email_index.hpp"

namespace atlas::properties {

host::Result<std::vector<store::Migration>> with_emails_never_freed(
    std::vector<store::Migration> migrations, SabotageLedger& ledger) {
    return with_email_index(std::move(migrations),
                            "CREATE UNIQUE INDEX users_email_folded_key ON users (email_folded);\n",
                            ledger);
}

}  // namespace atlas::properties

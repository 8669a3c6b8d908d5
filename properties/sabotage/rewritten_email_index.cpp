#include "properties/sabotage/rewritten_email_index.hpp"

namespace atlas::properties {

namespace {

constexpr std::string_view statement =
    "CREATE UNIQUE INDEX users_live_email_folded_key ON users (email_folded) WHERE deleted_at IS "
    "NULL;\n";

}  // namespace

host::Result<std::vector<store::Migration>> with_email_index(
    std::vector<store::Migration> migrations, std::string_view instead, SabotageLedger& ledger) {
    for (store::Migration& migration : migrations) {
        const std::size_t at = migration.text.find(statement);
        if (at == std::string::npos) continue;
        migration.text.replace(at, statement.size(), instead);
        ++ledger.acted;
        return migrations;
    }
    return host::failure(host::ErrorCode::not_found,
                         "the sabotage of the unique index on folded e-mails matches no migration "
                         "any more");
}

}  // namespace atlas::properties

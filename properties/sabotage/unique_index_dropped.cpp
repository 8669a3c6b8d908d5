#include "properties/sabotage/unique_index_dropped.hpp"

#include <string_view>

namespace atlas::properties {

namespace {

constexpr std::string_view statement =
    "CREATE UNIQUE INDEX users_live_email_folded_key ON users (email_folded) WHERE deleted_at IS "
    "NULL;\n";

}  // namespace

host::Result<std::vector<store::Migration>> without_unique_index(
    std::vector<store::Migration> migrations, SabotageLedger& ledger) {
    for (store::Migration& migration : migrations) {
        const std::size_t at = migration.text.find(statement);
        if (at == std::string::npos) continue;
        migration.text.erase(at, statement.size());
        ++ledger.acted;
        return migrations;
    }
    return host::failure(host::ErrorCode::not_found,
                         "sabotage unique-index-dropped matches no migration any more");
}

}  // namespace atlas::properties

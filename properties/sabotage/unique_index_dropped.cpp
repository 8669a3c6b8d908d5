#include "properties/sabotage/unique_index_dropped.hpp"

#include <utility>

#include "properties/sabotage/rewritten_email_index.hpp"

namespace atlas::properties {

host::Result<std::vector<store::Migration>> without_unique_index(
    std::vector<store::Migration> migrations, SabotageLedger& ledger) {
    return with_email_index(std::move(migrations), "", ledger);
}

}  // namespace atlas::properties

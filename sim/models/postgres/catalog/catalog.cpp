#include "sim/models/postgres/catalog/catalog.hpp"

#include <algorithm>

namespace atlas::sim::models::postgres {

std::optional<std::size_t> TableDefinition::find_column(std::string_view column) const {
    const auto found = std::ranges::find(columns, column, &Column::name);
    if (found == columns.end()) return std::nullopt;
    return static_cast<std::size_t>(found - columns.begin());
}

std::vector<bool> TableDefinition::key_columns() const {
    std::vector<bool> keys(columns.size(), false);
    for (const auto& index : indexes) {
        const bool plain = std::ranges::all_of(
            index->keys, [](const IndexKey& key) { return key.column.has_value(); });
        if (!index->unique || index->predicate || !plain) continue;
        for (const IndexKey& key : index->keys)
            keys[*key.column] = true;
    }
    return keys;
}

void Catalog::apply(const CatalogChanges& changes) {
    if (changes.empty()) return;
    for (const auto& [name, table] : changes) {
        if (table == nullptr) {
            tables_.erase(name);
        } else {
            tables_.insert_or_assign(name, table);
        }
    }
    ++version_;
}

TablePtr CatalogView::find_table(std::string_view name) const {
    if (!own_->empty()) {
        if (const auto own = own_->find(name); own != own_->end()) return own->second;
    }
    const auto found = catalog_->tables().find(name);
    return found == catalog_->tables().end() ? nullptr : found->second;
}

template <typename Visitor>
TablePtr CatalogView::find_if(Visitor&& matches) const {
    for (const auto& [name, table] : *own_) {
        if (table != nullptr && matches(*table)) return table;
    }
    for (const auto& [name, table] : catalog_->tables()) {
        if (!own_->contains(name) && matches(*table)) return table;
    }
    return nullptr;
}

TablePtr CatalogView::find_table(Oid oid) const {
    return find_if([&](const TableDefinition& table) { return table.oid == oid; });
}

std::pair<TablePtr, std::shared_ptr<const IndexDefinition>> CatalogView::find_index(
    std::string_view name) const {
    std::shared_ptr<const IndexDefinition> found;
    TablePtr table = find_if([&](const TableDefinition& candidate) {
        for (const auto& index : candidate.indexes) {
            if (index->name == name) found = index;
        }
        return found != nullptr;
    });
    return {std::move(table), std::move(found)};
}

bool CatalogView::relation_exists(std::string_view name) const {
    return find_table(name) != nullptr || find_index(name).first != nullptr;
}

}  // namespace atlas::sim::models::postgres

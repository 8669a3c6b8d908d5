#include "sim/models/postgres/catalog/catalog.hpp"

#include <algorithm>

namespace atlas::sim::models::postgres {

std::optional<std::size_t> TableDefinition::find_column(std::string_view column) const {
    const auto found = std::ranges::find(columns, column, &Column::name);
    if (found == columns.end() || found->dropped) return std::nullopt;
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

bool TableDefinition::has_constraint(std::string_view constraint) const {
    const auto is_it = [&](const auto& other) { return other.name == constraint; };
    return std::ranges::any_of(checks, is_it) || std::ranges::any_of(foreign_keys, is_it) ||
           std::ranges::any_of(indexes, [&](const auto& index) {
               return index->constraint && index->name == constraint;
           });
}

namespace {

void add_references(const TablePtr& table, std::map<Oid, std::vector<Reference>>& references) {
    for (std::size_t place = 0; place < table->foreign_keys.size(); ++place)
        references[table->foreign_keys[place].table].push_back({table, place});
}

void put_oldest_first(std::vector<Reference>& references) {
    std::ranges::sort(references, {},
                      [](const Reference& reference) { return reference.foreign_key().oid; });
}

}  // namespace

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
    references_.clear();
    for (const auto& [name, table] : tables_)
        add_references(table, references_);
    for (auto& [oid, references] : references_)
        put_oldest_first(references);
}

const std::vector<Reference>& Catalog::references_to(Oid table) const {
    static const std::vector<Reference> none;
    const auto found = references_.find(table);
    return found == references_.end() ? none : found->second;
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

template <typename Visitor>
void CatalogView::visit(Visitor&& visitor) const {
    find_if([&](const TableDefinition& table) {
        visitor(table);
        return false;
    });
}

std::vector<TablePtr> CatalogView::all_tables() const {
    CatalogChanges all = catalog_->tables();
    for (const auto& [name, table] : *own_)
        all.insert_or_assign(name, table);
    std::vector<TablePtr> tables;
    for (const auto& [name, table] : all) {
        if (table != nullptr) tables.push_back(table);
    }
    return tables;
}

std::vector<TablePtr> CatalogView::owned_sequences(Oid table,
                                                   std::optional<std::size_t> column) const {
    std::vector<TablePtr> owned;
    visit([&](const TableDefinition& candidate) {
        if (!candidate.sequence || !candidate.sequence->owner) return;
        const SequenceOwner& owner = *candidate.sequence->owner;
        if (owner.table == table && (!column || owner.column == *column))
            owned.push_back(find_table(candidate.name));
    });
    std::ranges::sort(owned, {}, [](const TablePtr& sequence) { return sequence->oid; });
    return owned;
}

std::vector<std::pair<TablePtr, std::size_t>> CatalogView::defaults_from(Oid sequence) const {
    std::vector<std::pair<TablePtr, std::size_t>> found;
    visit([&](const TableDefinition& table) {
        for (std::size_t place = 0; place < table.columns.size(); ++place) {
            const Column& column = table.columns[place];
            if (column.default_value && names_relation(*column.default_value->expression, sequence))
                found.emplace_back(find_table(table.name), place);
        }
    });
    return found;
}

std::vector<TablePtr> CatalogView::views_over(Oid relation) const {
    std::vector<TablePtr> found;
    visit([&](const TableDefinition& table) {
        if (table.view &&
            std::ranges::find(table.view->relations, relation) != table.view->relations.end())
            found.push_back(find_table(table.name));
    });
    std::ranges::sort(found, {}, [](const TablePtr& view) { return view->oid; });
    return found;
}

bool names_relation(const Expression& expression, Oid relation) {
    bool names = false;
    visit_expression(expression, [&](const Expression& part) {
        names |= part.kind == ExpressionKind::constant && part.type.id == TypeId::regclass &&
                 !is_null(part.constant) && std::get<std::int64_t>(part.constant) == relation;
    });
    return names;
}

bool CatalogView::constraint_exists(std::string_view name) const {
    return find_if([&](const TableDefinition& table) { return table.has_constraint(name); }) !=
           nullptr;
}

std::vector<Reference> CatalogView::references_to(Oid oid) const {
    if (own_->empty()) return catalog_->references_to(oid);
    std::map<Oid, std::vector<Reference>> references;
    for (const auto& [name, table] : *own_) {
        if (table != nullptr) add_references(table, references);
    }
    for (const auto& [name, table] : catalog_->tables()) {
        if (!own_->contains(name)) add_references(table, references);
    }
    put_oldest_first(references[oid]);
    return references[oid];
}

}  // namespace atlas::sim::models::postgres

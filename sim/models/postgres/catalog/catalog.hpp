#pragma once
// The committed definitions of all tables, and the changes of one transaction over them.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sim/models/postgres/catalog/table.hpp"

namespace atlas::sim::models::postgres {

/// What one transaction has created, changed or (null) dropped, by table name.
using CatalogChanges = std::map<std::string, TablePtr, std::less<>>;

class Catalog {
  public:
    const CatalogChanges& tables() const { return tables_; }

    /// Grows with every committed change: what was analysed under another version is stale.
    std::uint64_t version() const { return version_; }

    void apply(const CatalogChanges& changes);

    /// The foreign keys that refer to a table, oldest first.
    const std::vector<Reference>& references_to(Oid table) const;

  private:
    CatalogChanges tables_;  // never a null one
    std::map<Oid, std::vector<Reference>> references_;
    std::uint64_t version_ = 1;
};

/// Whether the expression has the relation as a constant, as nextval('s') has.
bool names_relation(const Expression& expression, Oid relation);

/// The catalog as one transaction sees it.
class CatalogView {
  public:
    CatalogView(const Catalog& catalog, const CatalogChanges& own)
        : catalog_(&catalog), own_(&own) {}

    /// Null if there is none.
    TablePtr find_table(std::string_view name) const;
    TablePtr find_table(Oid oid) const;
    /// The table and its index of that name; null if there is none.
    std::pair<TablePtr, std::shared_ptr<const IndexDefinition>> find_index(
        std::string_view name) const;
    /// Sequences as well, by name.
    std::vector<TablePtr> all_tables() const;
    /// Tables and indexes share one space of names.
    bool relation_exists(std::string_view name) const;
    /// Those that go away with a column, or with the whole table.
    std::vector<TablePtr> owned_sequences(Oid table, std::optional<std::size_t> column = {}) const;
    /// The columns whose defaults ask a sequence for values: their tables and places.
    std::vector<std::pair<TablePtr, std::size_t>> defaults_from(Oid sequence) const;
    /// Those that read a table or a view, oldest first.
    std::vector<TablePtr> views_over(Oid relation) const;
    /// On any table.
    bool constraint_exists(std::string_view name) const;
    /// The foreign keys that refer to a table, oldest first.
    std::vector<Reference> references_to(Oid table) const;

    /// False when the transaction sees what all others see.
    bool has_own_changes() const { return !own_->empty(); }
    std::uint64_t version() const { return catalog_->version(); }

  private:
    template <typename Visitor>
    TablePtr find_if(Visitor&& matches) const;
    template <typename Visitor>
    void visit(Visitor&& visitor) const;

    const Catalog* catalog_;
    const CatalogChanges* own_;
};

}  // namespace atlas::sim::models::postgres

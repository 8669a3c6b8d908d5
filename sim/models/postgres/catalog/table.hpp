#pragma once
// What the catalog knows of a table, its columns, constraints and indexes. Definitions are
// immutable: a change makes a new one.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/models/postgres/analysis/expression.hpp"

namespace atlas::sim::models::postgres {

using Oid = std::uint32_t;

/// PostgreSQL gives user objects OIDs from here.
inline constexpr Oid first_user_oid = 16384;
/// "postgres", the database of a fresh cluster; shows up in messages about locks.
inline constexpr Oid database_oid = 5;

/// An expression that is kept on disk: as the parser left it, to be analysed again at recovery.
struct StoredExpression {
    std::string parsed;  ///< libpg_query's JSON of the expression.
    ExpressionPtr expression;
};

struct Column {
    std::string name;
    ColumnType type;
    bool not_null = false;
    std::optional<StoredExpression> default_value = {};
    /// What rows older than the column have in it (pg_attribute.attmissingval).
    Value missing_value = Null{};
};

struct CheckConstraint {
    std::string name;
    StoredExpression condition;
};

struct IndexKey {
    /// A plain column, or nullopt for an expression.
    std::optional<std::size_t> column;
    StoredExpression expression;
    std::string text;  ///< As it shows in "Key (lower(email))=(...)".
};

struct IndexDefinition {
    Oid oid = 0;
    std::string name;
    std::vector<IndexKey> keys;
    bool unique = false;
    bool primary = false;
    /// Made by a UNIQUE or PRIMARY KEY constraint of the same name.
    bool constraint = false;
    std::optional<StoredExpression> predicate = {};
};

struct TableDefinition {
    Oid oid = 0;
    std::string name;
    std::vector<Column> columns;
    /// By name: the order in which they are checked.
    std::vector<CheckConstraint> checks;
    /// By OID: the order in which rows enter them.
    std::vector<std::shared_ptr<const IndexDefinition>> indexes;

    std::optional<std::size_t> find_column(std::string_view column) const;
    /// The columns that a foreign key could refer to (of unique indexes that are neither partial
    /// nor over expressions): an UPDATE that leaves them alone takes the weaker row lock.
    std::vector<bool> key_columns() const;
};

using TablePtr = std::shared_ptr<const TableDefinition>;

}  // namespace atlas::sim::models::postgres

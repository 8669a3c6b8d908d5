#pragma once
// What the catalog knows of a table, its columns, constraints and indexes. Definitions are
// immutable: a change makes a new one.

#include <cstdint>
#include <limits>
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

/// GENERATED ... AS IDENTITY.
enum class Identity : std::uint8_t { none, always, by_default };

struct Column {
    std::string name;
    ColumnType type;
    bool not_null = false;
    Identity identity = Identity::none;
    /// By DROP COLUMN: it stays as a place in the rows that nothing can name.
    bool dropped = false;
    std::optional<StoredExpression> default_value = {};
    /// What rows older than the column have in it (pg_attribute.attmissingval).
    Value missing_value = Null{};
};

struct CheckConstraint {
    Oid oid = 0;
    std::string name;
    StoredExpression condition;
};

struct IndexKey {
    /// A plain column, or nullopt for an expression.
    std::optional<std::size_t> column;
    StoredExpression expression;
    std::string text;  ///< As it shows in "Key (lower(email))=(...)".
    /// Its order as it was asked for. It shows nowhere else: rows come sorted by the sort.
    bool descending = false;
    bool nulls_first = false;
    /// Of an expression: what its column in pg_attribute is called.
    std::string name = {};
};

struct IndexDefinition {
    Oid oid = 0;
    std::string name;
    std::vector<IndexKey> keys;
    bool unique = false;
    bool primary = false;
    /// Made by a UNIQUE or PRIMARY KEY constraint of the same name, which has the same OID in
    /// pg_constraint.
    bool constraint = false;
    std::optional<StoredExpression> predicate = {};
};

/// What becomes of the rows that refer to a row that goes away, or whose key changes.
enum class ReferentialAction : std::uint8_t { no_action, restrict, cascade, set_null, set_default };

/// A FOREIGN KEY constraint of the table that refers to another (MATCH SIMPLE, never deferred).
struct ForeignKey {
    Oid oid = 0;
    std::string name;
    std::vector<std::size_t> columns;
    /// The table referred to, and its columns in the order of ours.
    Oid table = 0;
    std::vector<std::size_t> referenced;
    /// The unique index over those, without which there could be no such constraint.
    Oid index = 0;
    ReferentialAction on_delete = ReferentialAction::no_action;
    ReferentialAction on_update = ReferentialAction::no_action;
    /// Which of our columns ON DELETE SET NULL or SET DEFAULT sets; empty for all.
    std::vector<std::size_t> set_on_delete = {};
};

/// The column that a sequence goes away with.
struct SequenceOwner {
    Oid table = 0;
    std::size_t column = 0;
    /// Of an identity column: it cannot be without it.
    bool identity = false;
};

/// A sequence is a table without columns that has this. Where it has got to is not here: that is
/// no part of any transaction.
struct SequenceDefinition {
    TypeId type = TypeId::int8;
    std::int64_t start = 1;
    std::int64_t increment = 1;
    std::int64_t minimum = 1;
    std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
    std::int64_t cache = 1;
    bool cycle = false;
    std::optional<SequenceOwner> owner = {};
    /// What its state is kept under. ALTER SEQUENCE gives it another, so that a rollback goes back
    /// to the state before.
    Oid storage = 0;
    std::int64_t first_value = 1;  ///< What the storage began with.
    bool first_called = false;
};

/// CREATE VIEW: a view is a table without rows of its own that has this.
struct ViewDefinition {
    /// The SELECT as the parser left it, its stars spelt out. Names in it are found anew each time
    /// it is read; nothing that they could mean may be renamed.
    std::string parsed;
    /// The tables and views that it reads, each once.
    std::vector<Oid> relations;
};

struct TableDefinition {
    Oid oid = 0;
    std::string name;
    std::vector<Column> columns;
    /// By name: the order in which they are checked.
    std::vector<CheckConstraint> checks;
    /// By OID: the order in which rows enter them.
    std::vector<std::shared_ptr<const IndexDefinition>> indexes;
    /// By OID: the order in which they are checked.
    std::vector<ForeignKey> foreign_keys = {};
    /// What follows is a sequence and no table.
    std::optional<SequenceDefinition> sequence = {};
    std::optional<ViewDefinition> view = {};

    std::optional<std::size_t> find_column(std::string_view column) const;
    /// The columns that a foreign key could refer to (of unique indexes that are neither partial
    /// nor over expressions): an UPDATE that leaves them alone takes the weaker row lock.
    std::vector<bool> key_columns() const;
    /// Of CHECK, UNIQUE, PRIMARY KEY and FOREIGN KEY constraints.
    bool has_constraint(std::string_view constraint) const;
};

using TablePtr = std::shared_ptr<const TableDefinition>;

/// A foreign key seen from the table that it refers to.
struct Reference {
    TablePtr table;  ///< The one that has the constraint.
    std::size_t place = 0;

    const ForeignKey& foreign_key() const { return table->foreign_keys[place]; }
};

}  // namespace atlas::sim::models::postgres

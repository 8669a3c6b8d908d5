#pragma once
// Analysed statements: what the executor runs. No text and no parser's node is left in them.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/models/postgres/analysis/expression.hpp"
#include "sim/models/postgres/analysis/query.hpp"
#include "sim/models/postgres/catalog/table.hpp"
#include "sim/models/postgres/functions/function.hpp"
#include "sim/models/postgres/locks/lock_mode.hpp"
#include "sim/models/postgres/mvcc/transaction.hpp"
#include "sim/models/postgres/session.hpp"

namespace atlas::sim::models::postgres {

struct SelectStatement {
    QueryPtr query;
};

struct Assignment {
    std::size_t column;
    ExpressionPtr value;
};

struct OnConflict {
    /// The unique indexes that may conflict; empty means all (DO NOTHING without a target).
    std::vector<Oid> arbiters = {};
    bool update = false;
    std::vector<Assignment> assignments = {};
    ExpressionPtr condition = {};

    bool arbitrates(const IndexDefinition& index) const {
        return index.unique &&
               (arbiters.empty() || std::ranges::find(arbiters, index.oid) != arbiters.end());
    }
};

struct InsertStatement {
    TablePtr table;
    /// Rows as wide as the table, defaults filled in.
    std::vector<std::vector<ExpressionPtr>> rows;
    /// INSERT ... SELECT: the query, and the table's row over its columns (relation 0).
    QueryPtr source;
    std::vector<ExpressionPtr> from_source;
    /// WITH, and what the subqueries among its expressions are part of. Null without either.
    QueryPtr level = {};
    std::optional<OnConflict> on_conflict = {};
    std::vector<Target> returning = {};
};

/// The table is the first of the query's range table; what is in FROM or USING comes after.
struct UpdateStatement {
    TablePtr table;
    QueryPtr query;
    std::vector<Assignment> assignments;
    std::vector<Target> returning = {};
};

struct DeleteStatement {
    TablePtr table;
    QueryPtr query;
    std::vector<Target> returning = {};
};

/// One that WITH has.
struct ModifyStatement {
    std::variant<InsertStatement, UpdateStatement, DeleteStatement> body;
};

struct TruncateStatement {
    std::vector<std::string> tables;
    bool cascade = false;
    bool restart_identity = false;
};

/// A FOREIGN KEY as it was written: what its names mean is found out when both tables are locked.
struct ForeignKeyRequest {
    std::string name = {};
    std::vector<std::string> columns = {};
    std::string table = {};
    /// Empty for the primary key.
    std::vector<std::string> referenced = {};
    ReferentialAction on_delete = ReferentialAction::no_action;
    ReferentialAction on_update = ReferentialAction::no_action;
    std::vector<std::string> set_on_delete = {};
};

/// The options of a sequence as they were given.
struct SequenceRequest {
    std::optional<TypeId> type = {};
    std::optional<std::int64_t> start = {}, increment = {}, minimum = {}, maximum = {}, cache = {};
    std::optional<bool> cycle = {};
    /// NO MINVALUE and NO MAXVALUE.
    bool default_minimum = false;
    bool default_maximum = false;
    /// RESTART without a value is RESTART at `start`.
    bool restart = false;
    std::optional<std::int64_t> restart_at = {};
    /// A table and its column; empty strings for NONE.
    std::optional<std::pair<std::string, std::string>> owned_by = {};

    /// Something other than OWNED BY.
    bool changes_values() const {
        return type || start || increment || minimum || maximum || cache || cycle ||
               default_minimum || default_maximum || restart;
    }
};

struct CreateSequenceStatement {
    std::string name;
    SequenceRequest request;
    bool if_not_exists = false;
};

struct AlterSequenceStatement {
    std::string name;
    SequenceRequest request;
    bool if_exists = false;
};

/// The sequence that comes with a serial or identity column.
struct ColumnSequence {
    std::string column;
    SequenceRequest request = {};
    Identity identity = Identity::none;
};

enum class RenamedKind : std::uint8_t { table, index, sequence, column, constraint };

struct RenameStatement {
    RenamedKind kind = RenamedKind::table;
    std::string relation;
    std::string from = {};  ///< A column or a constraint.
    std::string to;
    bool if_exists = false;
};

/// VACUUM and ANALYZE: there is nothing to do but to be allowed.
struct MaintenanceStatement {
    std::string command;
    std::vector<std::string> tables;
};

/// Definitions here have no OIDs yet; names that PostgreSQL would choose are empty.
struct CreateTableStatement {
    TableDefinition definition;
    std::vector<IndexDefinition> indexes;
    std::vector<ForeignKeyRequest> foreign_keys = {};
    std::vector<ColumnSequence> sequences = {};
    bool if_not_exists = false;
};

struct CreateIndexStatement {
    std::string table;
    IndexDefinition definition;
    bool if_not_exists = false;
};

/// The definition has no OID yet.
struct CreateViewStatement {
    TableDefinition definition;
    bool replace = false;
};

enum class RelationKind : std::uint8_t { table, index, sequence, view };

struct DropStatement {
    RelationKind kind = RelationKind::table;
    std::vector<std::string> names;
    bool if_exists = false;
    bool cascade = false;
};

/// ALTER COLUMN TYPE.
struct TypeChange {
    std::string column;
    ColumnType type;
    /// Over the row as it was.
    ExpressionPtr value;
    bool has_using = false;
};

/// One of these is set.
struct AlterTableAction {
    std::optional<Column> add_column;
    bool if_not_exists = false;
    /// Makes the value that old rows get; null for none.
    ExpressionPtr add_column_default = {};
    std::optional<CheckConstraint> add_check = {};
    std::optional<IndexDefinition> add_index = {};
    std::optional<ForeignKeyRequest> add_foreign_key = {};
    std::string drop_constraint = {};
    /// Of what is dropped.
    bool if_exists = false;
    bool cascade = false;
    std::string drop_column = {};
    /// Its new default; an empty one drops it.
    std::optional<std::pair<std::string, std::optional<StoredExpression>>> set_default = {};
    std::optional<ColumnSequence> add_identity = {};
    std::optional<ColumnSequence> set_identity = {};
    std::string drop_identity = {};
    std::optional<TypeChange> set_type = {};
    std::optional<std::pair<std::string, bool>> set_not_null = {};  ///< Column; false drops it.
};

struct AlterTableStatement {
    std::string table;
    bool if_exists = false;
    TableLockMode lock = TableLockMode::access_exclusive;
    std::vector<AlterTableAction> actions;
};

enum class TransactionCommand : std::uint8_t {
    begin,
    start,
    commit,
    rollback,
    savepoint,
    release,
    rollback_to,
    prepare,
    commit_prepared,
    rollback_prepared,
};

struct TransactionStatement {
    TransactionCommand command;
    std::string savepoint = {};
    std::string gid = {};  ///< Of a prepared transaction.
    bool chain = false;
    /// transaction_isolation and transaction_read_only, as settings.
    std::vector<std::pair<std::string, std::string>> modes = {};
};

struct SetStatement {
    enum class Kind : std::uint8_t {
        set,
        set_default,
        reset,
        reset_all,
        transaction,
        session_default,
    };
    Kind kind = Kind::set;
    bool local = false;
    std::string name = {};
    std::string value = {};
    std::vector<std::pair<std::string, std::string>> modes = {};
};

struct ShowStatement {
    std::string name;  ///< "all" for every setting.
};

struct LockTableStatement {
    std::vector<std::string> tables;
    TableLockMode mode = TableLockMode::access_exclusive;
    bool no_wait = false;
};

struct DeallocateStatement {
    std::string name;  ///< Empty for ALL.
};

struct DiscardAllStatement {};

struct ListenStatement {
    ListenAction action;
};

struct NotifyStatement {
    std::string channel;
    std::string payload;
};

/// ALTER SYSTEM: what it does to the file beside the data.
struct CheckpointStatement {};

struct AlterSystemStatement {
    SetStatement set;
};

using StatementBody =
    std::variant<SelectStatement, InsertStatement, UpdateStatement, DeleteStatement,
                 TruncateStatement, CreateTableStatement, CreateIndexStatement, CreateViewStatement,
                 DropStatement, AlterTableStatement, CreateSequenceStatement,
                 AlterSequenceStatement, RenameStatement, MaintenanceStatement,
                 TransactionStatement, SetStatement, ShowStatement, LockTableStatement,
                 DeallocateStatement, DiscardAllStatement, ListenStatement, NotifyStatement,
                 AlterSystemStatement, CheckpointStatement>;

struct TableLockRequest {
    Oid table = 0;
    std::string name;
    TableLockMode mode = TableLockMode::access_share;
};

struct Statement {
    StatementBody body;
    std::vector<TypeId> parameter_types = {};
    /// Set when it returns rows.
    std::optional<std::vector<ColumnDescription>> columns = {};
    /// Taken before it runs.
    std::vector<TableLockRequest> locks = {};
    /// Changes rows or definitions: refused in a read-only transaction, under this name.
    std::string_view read_only_violation = {};
};

using StatementPtr = std::shared_ptr<const Statement>;

}  // namespace atlas::sim::models::postgres

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
#include "sim/models/postgres/catalog/table.hpp"
#include "sim/models/postgres/functions/function.hpp"
#include "sim/models/postgres/locks/lock_mode.hpp"
#include "sim/models/postgres/session.hpp"

namespace atlas::sim::models::postgres {

/// A column of a result.
struct Target {
    std::string name;
    ExpressionPtr expression;
    /// The table's column it is, for RowDescription; 0 where it is none.
    Oid table_oid = 0;
    std::int16_t column_number = 0;
};

struct SortKey {
    ExpressionPtr expression = {};
    bool descending = false;
    bool nulls_first = false;
};

struct AggregateCall {
    AggregateKind kind = AggregateKind::count_rows;
    ExpressionPtr argument = {};  ///< Null for count(*).
    ExpressionPtr filter = {};    ///< FILTER (WHERE ...), may be null.
    bool distinct = false;
    TypeId result = TypeId::none;
};

enum class WaitPolicy : std::uint8_t { wait, skip_locked, no_wait };

struct RowLocking {
    RowLockStrength strength = RowLockStrength::update;
    WaitPolicy policy = WaitPolicy::wait;
};

/// How rows of the table are found: an index whose first keys are each equal to something, or
/// (no index) all rows in turn. The condition is checked in full on each row all the same.
struct AccessPath {
    std::shared_ptr<const IndexDefinition> index;
    std::vector<ExpressionPtr> equal_to;  ///< One for each leading key of the index.
};

/// One table, its condition, and how to find the rows.
struct TableScan {
    TablePtr table;
    ExpressionPtr condition;  ///< May be null.
    AccessPath path = {};
};

struct SelectStatement {
    std::optional<TableScan> from;
    /// Without FROM: WHERE.
    ExpressionPtr condition;
    std::vector<Target> targets;
    /// Set when the statement aggregates all rows into one.
    bool aggregates_rows = false;
    std::vector<AggregateCall> aggregates = {};
    std::vector<SortKey> order_by = {};
    ExpressionPtr limit = {};
    ExpressionPtr offset = {};
    std::optional<RowLocking> locking = {};
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
    std::shared_ptr<const SelectStatement> source;
    std::vector<ExpressionPtr> from_source;
    std::optional<OnConflict> on_conflict = {};
    std::vector<Target> returning = {};
};

struct UpdateStatement {
    TableScan scan;
    std::vector<Assignment> assignments;
    std::vector<Target> returning = {};
};

struct DeleteStatement {
    TableScan scan;
    std::vector<Target> returning = {};
};

struct TruncateStatement {
    std::vector<std::string> tables;
};

/// Definitions here have no OIDs yet; names that PostgreSQL would choose are empty.
struct CreateTableStatement {
    TableDefinition definition;
    std::vector<IndexDefinition> indexes;
    bool if_not_exists = false;
};

struct CreateIndexStatement {
    std::string table;
    IndexDefinition definition;
    bool if_not_exists = false;
};

struct DropStatement {
    bool index = false;  ///< Or table.
    std::vector<std::string> names;
    bool if_exists = false;
};

/// One of these is set.
struct AlterTableAction {
    std::optional<Column> add_column;
    bool if_not_exists = false;
    /// Makes the value that old rows get; null for none.
    ExpressionPtr add_column_default = {};
    std::optional<CheckConstraint> add_check = {};
    std::optional<IndexDefinition> add_index = {};
    std::string drop_constraint = {};
    std::optional<std::pair<std::string, bool>> set_not_null = {};  ///< Column; false drops it.
};

struct AlterTableStatement {
    std::string table;
    bool if_exists = false;
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
};

struct TransactionStatement {
    TransactionCommand command;
    std::string savepoint = {};
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

using StatementBody =
    std::variant<SelectStatement, InsertStatement, UpdateStatement, DeleteStatement,
                 TruncateStatement, CreateTableStatement, CreateIndexStatement, DropStatement,
                 AlterTableStatement, TransactionStatement, SetStatement, ShowStatement,
                 LockTableStatement, DeallocateStatement, DiscardAllStatement>;

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

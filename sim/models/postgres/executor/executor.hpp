#pragma once
// Runs analysed statements for one session. An executor lives for one statement.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/models/postgres/analysis/statement.hpp"
#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/functions/environment.hpp"
#include "sim/models/postgres/mvcc/heap.hpp"
#include "sim/models/postgres/mvcc/transaction.hpp"

namespace atlas::sim::models::postgres {

/// What came of trying to get hold of a row version to lock, update or delete it.
enum class RowFate : std::uint8_t {
    ready,       ///< Nobody else can change it until this transaction ends.
    updated,     ///< Another transaction made a newer version and committed.
    deleted,     ///< Another transaction deleted it and committed.
    own_change,  ///< This very statement has changed it already.
    invisible,   ///< This transaction made or ended it where the statement does not look.
    skipped,     ///< SKIP LOCKED.
};

class Executor {
  public:
    struct Environment {
        Engine& engine;
        Transaction& transaction;
        LockOwner& locks;
        WaitLimits limits;
        FunctionEnvironment& functions;
        std::span<const Value> parameters;
    };

    explicit Executor(Environment environment);

    /// SELECT, INSERT, UPDATE, DELETE; the table locks are held already.
    host::Task<Checked<StatementResult>> run(const Statement& statement);

    /// CREATE, DROP, ALTER, TRUNCATE, LOCK TABLE; takes its locks itself.
    host::Task<Checked<StatementResult>> define(const Statement& statement);

  private:
    // select.cpp
    host::Task<Checked<StatementResult>> select(const SelectStatement& statement);
    host::Task<Checked<std::vector<Row>>> select_rows(const SelectStatement& statement);
    host::Task<Checked<std::vector<Row>>> select_without_table(const SelectStatement& statement);
    Checked<std::vector<Row>> aggregate_rows(const SelectStatement& statement,
                                             const std::vector<RowVersion*>& versions);
    Checked<> sort(const SelectStatement& statement, std::vector<RowVersion*>& versions);
    Checked<std::optional<std::int64_t>> row_count(const ExpressionPtr& expression, bool is_limit);
    host::Task<Checked<RowVersion*>> lock_selected(const SelectStatement& statement,
                                                   RowVersion& version);
    host::Task<Checked<Value>> waiting_call(const Expression& call);

    // scan.cpp
    Checked<std::vector<RowVersion*>> scan(const TableScan& scan);
    Checked<bool> passes(const ExpressionPtr& condition, const Row& row);
    Checked<Row> project(const std::vector<Target>& targets, const EvaluationContext& context);
    EvaluationContext context_of(const Row* row, const Row* second = nullptr);

    // rows.cpp
    host::Task<Checked<RowFate>> claim(const TableDefinition& table, RowVersion& version,
                                       RowLockStrength strength, WaitPolicy policy);
    /// Follows newer versions as READ COMMITTED does, or fails as REPEATABLE READ does. Null when
    /// there is no row left to work on.
    host::Task<Checked<RowVersion*>> claim_latest(const TableScan& scan, RowVersion& version,
                                                  RowLockStrength strength, WaitPolicy policy);
    host::Task<Checked<>> wait_for(TransactionId id);
    void remember_lock(RowVersion& version, RowLockStrength strength);
    Checked<> check_row(const TableDefinition& table, const Row& row);
    /// With `on_conflict`: null, and nothing done, if one of its arbiters has a conflict by now.
    host::Task<Checked<RowVersion*>> add_version(const TableDefinition& table, Row row,
                                                 const OnConflict* on_conflict);
    host::Task<Checked<bool>> enter_indexes(const TableDefinition& table, RowVersion& version,
                                            const RowVersion* replaced,
                                            const OnConflict* on_conflict);
    bool may_conflict(const Index& index, const Row& key, const RowVersion& own) const;
    host::Task<Checked<>> check_unique(const TableDefinition& table, Index& index, Row key,
                                       const RowVersion* own);
    void end_version(const TableDefinition& table, RowVersion& version, RowVersion* newer,
                     RowLockStrength strength);
    RowLockStrength strength_of_update(const TableDefinition& table, const Row& before,
                                       const Row& after);

    // modify.cpp
    host::Task<Checked<StatementResult>> insert(const InsertStatement& statement);
    host::Task<Checked<StatementResult>> update(const UpdateStatement& statement);
    host::Task<Checked<StatementResult>> remove(const DeleteStatement& statement);
    Checked<std::vector<Row>> rows_to_insert(const InsertStatement& statement,
                                             const std::vector<Row>& source);
    host::Task<Checked<std::optional<Row>>> insert_row(const InsertStatement& statement, Row row);
    host::Task<Checked<RowVersion*>> find_conflict(const InsertStatement& statement,
                                                   const Row& row);
    host::Task<Checked<std::optional<std::optional<Row>>>> update_conflicting(
        const InsertStatement& statement, RowVersion& conflicting, const Row& proposed);
    host::Task<Checked<RowVersion*>> replace_version(const TableDefinition& table,
                                                     RowVersion& version, Row row);
    Checked<Row> assigned_row(const std::vector<Assignment>& assignments, const Row& before,
                              const Row* excluded);
    Checked<> add_returning(const std::vector<Target>& returning, const Row& row,
                            StatementResult& result);

    // define.cpp
    host::Task<Checked<StatementResult>> create_table(const CreateTableStatement& statement);
    host::Task<Checked<StatementResult>> create_index(const CreateIndexStatement& statement);
    host::Task<Checked<StatementResult>> drop(const DropStatement& statement);
    host::Task<Checked<StatementResult>> alter_table(const AlterTableStatement& statement);
    host::Task<Checked<StatementResult>> truncate(const TruncateStatement& statement);
    host::Task<Checked<StatementResult>> lock_tables(const LockTableStatement& statement);
    host::Task<Checked<>> reserve_name(std::string name, bool is_index);
    host::Task<Checked<TablePtr>> lock_table(std::string name, TableLockMode mode);
    Checked<std::shared_ptr<const IndexDefinition>> build_index(TableDefinition& table,
                                                                IndexDefinition definition);
    std::string unused_name(std::string base) const;
    void put_table(TableDefinition table);
    host::Task<Checked<>> add_index_to(TableDefinition& table, IndexDefinition definition);
    host::Task<Checked<>> alter(TableDefinition& table, const AlterTableAction& action,
                                StatementResult& result);
    Checked<> add_column(TableDefinition& table, const AlterTableAction& action,
                         StatementResult& result);
    Checked<> add_check(TableDefinition& table, const AlterTableAction& action);
    Checked<> set_not_null(TableDefinition& table, const std::string& column, bool not_null);
    Checked<> drop_constraint(TableDefinition& table, const std::string& name);
    CatalogView view() const { return {engine_.catalog(), transaction_.catalog}; }

    Engine& engine_;
    Transaction& transaction_;
    LockOwner& locks_;
    WaitLimits limits_;
    FunctionEnvironment& functions_;
    std::span<const Value> parameters_;
    std::shared_ptr<const Snapshot> snapshot_;
    std::vector<ServerMessage> notices_;
};

/// A result without rows.
StatementResult completed(std::string tag);

/// 23505 and its kin carry where they come from.
void add_table_fields(ServerMessage& error, const TableDefinition& table,
                      std::string_view constraint = {}, std::string_view column = {});

/// "(1, abc, null)": as in "Failing row contains ...".
std::string describe_row(const TableDefinition& table, const Row& row);
/// "(id)=(1)": as in "Key ... already exists."
std::string describe_key(const IndexDefinition& index, const Row& key);

}  // namespace atlas::sim::models::postgres

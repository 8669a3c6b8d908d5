#pragma once
// The analysers of each kind of statement share this: the catalog, the parameters, and the steps
// that several kinds have.

#include <string>
#include <vector>

#include "sim/models/postgres/analysis/scope.hpp"
#include "sim/models/postgres/analysis/statement.hpp"
#include "sim/models/postgres/catalog/catalog.hpp"

namespace atlas::sim::models::postgres {

class StatementAnalyser {
  public:
    StatementAnalyser(const CatalogView& catalog, ParameterTypes& parameters)
        : catalog_(catalog), expressions_(parameters, &catalog_) {}

    Checked<Statement> analyse(const Node& statement);
    /// What a statement that defines something must hold, as far as it names what there is.
    std::vector<TableLockRequest> take_definition_locks() { return std::move(definition_locks_); }

  private:
    // select.cpp
    /// The source of an INSERT leaves literals and parameters for the columns to give them types.
    Checked<SelectStatement> select(const Node& body, bool is_source = false);
    Checked<std::vector<Target>> targets(const Node& nodes, const Scope& scope,
                                         bool is_source = false);
    Checked<std::vector<SortKey>> sort_keys(const Node& nodes, const std::vector<Target>& targets,
                                            const Scope& scope);
    Checked<> check_source(const Node& node);
    Checked<RowLocking> row_locking(const Node& nodes, const SelectStatement& select,
                                    const Scope& scope);

    // modify.cpp
    Checked<InsertStatement> insert(const Node& body);
    Checked<> insert_values(InsertStatement& insert, const Node& lists,
                            const std::vector<std::size_t>& columns, const Node& column_nodes);
    Checked<> insert_query(InsertStatement& insert, const Node& query,
                           const std::vector<std::size_t>& columns, const Node& column_nodes);
    Checked<std::vector<std::size_t>> insert_columns(const Node& nodes,
                                                     const TableDefinition& table);
    Checked<OnConflict> on_conflict(const Node& body, const InsertStatement& insert,
                                    const Scope& scope);
    Checked<std::vector<Oid>> arbiters(const Node& infer, const TableDefinition& table,
                                       const Scope& scope);
    Checked<std::vector<Assignment>> assignments(const Node& nodes, const TableDefinition& table,
                                                 const Scope& scope);
    Checked<UpdateStatement> update(const Node& body);
    Checked<DeleteStatement> remove(const Node& body);

    // define.cpp
    Checked<CreateTableStatement> create_table(const Node& body);
    Checked<CreateIndexStatement> create_index(const Node& body);
    Checked<DropStatement> drop(const Node& body);
    Checked<AlterTableStatement> alter_table(const Node& body);
    Checked<AlterTableAction> alter_table_action(const Node& body, const TableDefinition& table);
    Checked<TruncateStatement> truncate(const Node& body);
    Checked<Column> column_definition(const Node& body, const TableDefinition& table,
                                      std::vector<const Node*>& constraints);
    Checked<> table_constraint(const Node& body, TableDefinition& table,
                               std::vector<IndexDefinition>& indexes, std::string_view column);
    Checked<CheckConstraint> check_constraint(const Node& body, const TableDefinition& table);
    Checked<IndexDefinition> index_constraint(const Node& body, TableDefinition& table,
                                              std::string_view column);
    Checked<StoredExpression> stored(const Node& node, const Scope& scope, ColumnType result);

    // utility.cpp
    Checked<TransactionStatement> transaction(const Node& body);
    Checked<SetStatement> set(const Node& body);
    Checked<LockTableStatement> lock_table(const Node& body);

    // Shared.
    /// Utility statements give no position. Errors: 42P01, 42809 (an index), 0A000 (a system
    /// catalog), 3F000.
    Checked<TablePtr> table(const Node& range_variable, bool with_position = true);
    static Scope scope_of(const TableDefinition& table, const Node& range_variable,
                          std::string_view clause);
    ExpressionPtr default_of(const Column& column);

    void lock(const TableDefinition& table, TableLockMode mode) {
        definition_locks_.push_back({table.oid, table.name, mode});
    }

    const CatalogView& catalog_;
    ExpressionAnalyser expressions_;
    std::vector<TableLockRequest> definition_locks_;
};

/// Splits a condition at its ANDs.
std::vector<ExpressionPtr> conjuncts(const ExpressionPtr& condition);

/// Whether each part of the predicate is among the parts of the condition.
bool implies(const ExpressionPtr& condition, const ExpressionPtr& predicate);

AccessPath choose_path(const TableDefinition& table, const ExpressionPtr& condition);

/// The RowDescription of a result.
std::vector<ColumnDescription> describe_columns(const std::vector<Target>& targets);

}  // namespace atlas::sim::models::postgres

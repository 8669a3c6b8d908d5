#pragma once
// The analysers of each kind of statement share this: the catalog, the parameters, and the steps
// that several kinds have.

#include <string>
#include <vector>

#include "sim/models/postgres/analysis/scope.hpp"
#include "sim/models/postgres/analysis/statement.hpp"
#include "sim/models/postgres/catalog/catalog.hpp"

namespace atlas::sim::models::postgres {

class StatementAnalyser : private SubqueryAnalyser {
  public:
    StatementAnalyser(const CatalogView& catalog, ParameterTypes& parameters)
        : catalog_(catalog), expressions_(parameters, &catalog_, this) {}

    Checked<Statement> analyse(const Node& statement);
    /// What a statement that defines something must hold, as far as it names what there is.
    std::vector<TableLockRequest> take_definition_locks() { return std::move(definition_locks_); }

    /// Sequences, as the arguments of nextval and its kin, also in defaults.
    const std::vector<Oid>& named_relations() const { return expressions_.named_relations(); }

    /// Why a SELECT may not run in a read-only transaction; empty if it may.
    std::string_view query_violation() const {
        return !row_lock_violation_.empty() ? row_lock_violation_
               : modifies_in_with_          ? "SELECT"
                                            : "";
    }

  private:
    /// Whether literals and parameters of no known type keep it, for others to decide.
    enum class Unknowns : std::uint8_t { become_text, stay };

    // select.cpp
    Checked<Query> query(const Node& body, const Scope* outer,
                         Unknowns unknowns = Unknowns::become_text);
    Checked<QueryPtr> subquery(const Node& select, const Scope& outer) override;
    Checked<> select(const Node& body, Query& query, Scope& scope, Unknowns unknowns);
    Checked<> values_query(const Node& body, Query& query, Scope& scope);
    Checked<> limit(const Node& body, Query& query, const Scope& scope);
    Checked<std::vector<Target>> targets(const Node& nodes, const Scope& scope,
                                         Unknowns unknowns = Unknowns::become_text);

    // ordering.cpp
    Checked<> group_by(const Node& nodes, Query& query, const Scope& scope);
    Checked<> distinct(const Node& nodes, Query& query, const Scope& scope);
    Checked<> distinct_on(const Node& nodes, Query& query, const Scope& scope);
    /// Numbers are positions among the targets, and bare names theirs first; without targets, in an
    /// aggregate or a window, both are plain expressions.
    Checked<std::vector<SortKey>> sort_keys(const Node& nodes, const std::vector<Target>& targets,
                                            const Scope& scope, bool plain = false);
    Checked<std::vector<SortKey>> sorting(const Node& nodes, const Scope& scope) override {
        return sort_keys(nodes, {}, scope, true);
    }

    // row_locking.cpp
    Checked<> row_locking(const Node& nodes, Query& query);
    Checked<> lock_entry(const Node& clause, RowLocking wanted, RangeEntry& entry, Query& query);
    Checked<> lock_named_entries(const Node& clause, RowLocking wanted, Query& query);

    // grouping.cpp
    static Checked<> check_grouping(const Query& query);

    // from.cpp
    struct FromItem {
        std::unique_ptr<JoinTree> tree;
        std::vector<Relation> names;
        /// Those that a join's own name covers.
        std::vector<Relation> hidden = {};
    };
    /// Adds the names to the scope.
    Checked<std::vector<std::unique_ptr<JoinTree>>> from(const Node& nodes, Query& query,
                                                         Scope& scope);
    Checked<FromItem> from_item(const Node& node, Query& query, const Scope& scope);
    Checked<RangeEntry> from_relation(const Node& body, const Scope& scope);
    Checked<RangeEntry> from_subquery(const Node& body, const Scope& scope);
    Checked<RangeEntry> from_functions(const Node& body, const Scope& scope);
    Checked<FromItem> from_join(const Node& body, Query& query, const Scope& scope);
    Checked<> join_using(const Node& body, const std::vector<std::string>& columns, JoinTree& tree,
                         FromItem& left, FromItem& right, std::vector<NamedExpression>& joined);

    // set_operations.cpp
    Checked<> set_operation(const Node& body, Query& query, Scope& scope);
    Checked<SetOperation> match_types(const Node& body, Query left, Query right);

    // with.cpp
    Checked<> with(const Node& body, Query& query, const Scope& scope);
    Checked<CommonTable> recursive_table(const Node& body, Query& query, const Scope& scope);

    // modify.cpp
    Checked<InsertStatement> insert(const Node& body, const Scope* outer = nullptr);
    Checked<> insert_values(InsertStatement& insert, const Node& lists,
                            const std::vector<std::size_t>& columns, const Node& column_nodes,
                            const Scope& scope);
    Checked<> insert_query(InsertStatement& insert, const Node& query,
                           const std::vector<std::size_t>& columns, const Node& column_nodes,
                           const Scope& scope);
    Checked<std::vector<std::size_t>> insert_columns(const Node& nodes,
                                                     const TableDefinition& table);
    /// OVERRIDING.
    enum class Overriding : std::uint8_t { none, user, system };
    static Overriding overriding(const Node& insert);
    Checked<bool> takes_given_value(const Column& column);
    Checked<OnConflict> on_conflict(const Node& body, const InsertStatement& insert,
                                    const Scope& scope);
    Checked<std::vector<Oid>> arbiters(const Node& infer, const TableDefinition& table,
                                       const Scope& scope);
    Checked<ExpressionPtr> part_of_subquery(const Node& multiple, const Node& link,
                                            const Scope& scope,
                                            std::shared_ptr<const Subquery>& several);
    Checked<std::vector<Assignment>> assignments(const Node& nodes, const TableDefinition& table,
                                                 const Scope& scope);
    Checked<> open_changed_table(const Node& range_variable, Query& query, Scope& scope);
    Checked<> from_others(const Node& nodes, Query& query, Scope& scope,
                          std::vector<std::unique_ptr<JoinTree>>& trees);
    Checked<UpdateStatement> update(const Node& body, const Scope* outer = nullptr);
    Checked<DeleteStatement> remove(const Node& body, const Scope* outer = nullptr);

    // define.cpp
    Checked<CreateTableStatement> create_table(const Node& body);
    Checked<CreateIndexStatement> create_index(const Node& body);
    Checked<DropStatement> drop(const Node& body);
    Checked<AlterTableStatement> alter_table(const Node& body);
    /// Adds to `actions`: a column and its constraints are several.
    Checked<> alter_table_actions(const Node& body, const TableDefinition& table,
                                  std::vector<AlterTableAction>& actions);
    Checked<> add_constraint_action(const Node& constraint, const TableDefinition& table,
                                    std::string_view column,
                                    std::vector<AlterTableAction>& actions);
    Checked<TruncateStatement> truncate(const Node& body);
    Checked<Column> column_definition(const Node& body, const TableDefinition& table,
                                      std::vector<const Node*>& constraints,
                                      std::vector<ColumnSequence>& sequences);
    /// What constraints of a table ask for, other than its CHECKs.
    struct ConstraintRequests {
        std::vector<IndexDefinition>& indexes;
        std::vector<ForeignKeyRequest>& foreign_keys;
    };
    Checked<> table_constraint(const Node& body, TableDefinition& table,
                               ConstraintRequests requests, std::string_view column);
    Checked<ForeignKeyRequest> foreign_key(const Node& body, std::string_view column);
    Checked<CheckConstraint> check_constraint(const Node& body, const TableDefinition& table);
    Checked<IndexDefinition> index_constraint(const Node& body, TableDefinition& table,
                                              std::string_view column);
    // view.cpp
    Checked<CreateViewStatement> create_view(const Node& body);
    Checked<RangeEntry> from_view(const TablePtr& view, std::string alias);

    // sequence.cpp
    Checked<SequenceRequest> sequence_request(const Node& options);
    Checked<CreateSequenceStatement> create_sequence(const Node& body);
    Checked<AlterSequenceStatement> alter_sequence(const Node& body);
    Checked<ColumnSequence> identity(const Node& constraint, const Column& column);
    /// Of serial and its kin; nullopt for other types. Gives the column its type.
    Checked<std::optional<ColumnSequence>> serial(const Node& type, Column& column);

    // alter.cpp
    Checked<RenameStatement> rename(const Node& body);
    Checked<MaintenanceStatement> maintenance(const Node& body);
    Checked<TypeChange> type_change(const Node& body, const TableDefinition& table);
    Checked<> alter_column_action(const Node& body, const TableDefinition& table,
                                  std::vector<AlterTableAction>& actions);
    Checked<StoredExpression> default_value(const Node& value, const Column& column);

    Checked<StoredExpression> stored(const Node& node, const Scope& scope, ColumnType result);

    // utility.cpp
    Checked<TransactionStatement> transaction(const Node& body);
    Checked<SetStatement> set(const Node& body);
    Checked<LockTableStatement> lock_table(const Node& body);

    // Shared.
    /// Utility statements give no position. Errors: 42P01, 42809 (an index), 0A000 (a system
    /// catalog), 3F000.
    Checked<TablePtr> table(const Node& range_variable, bool with_position = true);
    /// The same, of what can be read: views as well.
    Checked<TablePtr> table_or_view(const Node& range_variable, bool with_position = true);
    static Scope scope_of(const TableDefinition& table, const Node& range_variable,
                          std::string_view clause);
    ExpressionPtr default_of(const Column& column);

    void lock(const TableDefinition& table, TableLockMode mode) {
        definition_locks_.push_back({table.oid, table.name, mode});
    }
    static RangeEntry table_entry(TablePtr table, std::string alias);

    const CatalogView& catalog_;
    ExpressionAnalyser expressions_;
    std::vector<TableLockRequest> definition_locks_;
    /// Of the INSERT that is analysed.
    Overriding overriding_ = Overriding::none;
    /// "FOR UPDATE", of the first clause that locks rows.
    std::string_view row_lock_violation_ = {};
    bool modifies_in_with_ = false;
    /// The names in WITH that have not been analysed yet.
    std::vector<std::string> coming_common_tables_;
    /// The WITH RECURSIVE that is being analysed: of which query, and its place there.
    std::vector<std::pair<const Query*, std::size_t>> recursions_;
};

/// The relation that an item of FROM makes, at that place in the range table.
Relation named_entry(const RangeEntry& entry, std::size_t place);

/// Under another type, as the columns of a set operation or of VALUES are brought together.
Checked<ColumnType> common_column_type(std::span<const ExpressionPtr> expressions,
                                       std::string_view construct);

/// What follows from the parts of a query, once they are all there. `others` are computed over its
/// rows beside what is in it.
Checked<> finish_query(Query& query, std::vector<std::unique_ptr<JoinTree>> from,
                       ExpressionPtr condition, const std::vector<ExpressionPtr*>& others = {});

/// The RowDescription of a result.
std::vector<ColumnDescription> describe_columns(const std::vector<Target>& targets);

}  // namespace atlas::sim::models::postgres

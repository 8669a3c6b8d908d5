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
#include "sim/models/postgres/plan/plan.hpp"

namespace atlas::sim::models::postgres {

class QueryRun;
class Waiter;

/// What came of trying to get hold of a row version to lock, update or delete it.
enum class RowFate : std::uint8_t {
    ready,       ///< Nobody else can change it until this transaction ends.
    updated,     ///< Another transaction made a newer version and committed.
    deleted,     ///< Another transaction deleted it and committed.
    own_change,  ///< This very statement has changed it already.
    invisible,   ///< This transaction made or ended it where the statement does not look.
    skipped,     ///< SKIP LOCKED.
};

/// A changed row that a foreign key has to do with, until the end of the statement.
struct ReferenceEvent {
    enum class Kind : std::uint8_t {
        check,    ///< A row that refers to another: is that there?
        deleted,  ///< A row that others may refer to.
        updated,
    };
    Kind kind = Kind::check;
    const TableDefinition* table = nullptr;  ///< Of the changed row.
    /// Which of the table's own foreign keys, for `check`; which refers to it, for the others.
    std::size_t place = 0;
    Reference reference = {};
    const RowVersion* before = nullptr;
    const RowVersion* after = nullptr;
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
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;
    ~Executor();

    /// SELECT, INSERT, UPDATE, DELETE; the table locks are held already.
    host::Task<Checked<StatementResult>> run(const Statement& statement);

    /// CREATE, DROP, ALTER, TRUNCATE, LOCK TABLE; takes its locks itself.
    host::Task<Checked<StatementResult>> define(const Statement& statement);

    // What running queries ask for.

    /// The waiter is resolved before the query is pulled again. Returns must_wait().
    std::unexpected<Failure> pull_again_after(Waiter& waiter);
    /// True now and then: the step is to answer `wait`, so that a query of many rows takes time and
    /// hears of cancels and of timeouts.
    bool has_to_pause() {
        if (++pulls_ < pulls_between_pauses || without_pauses_ > 0) return false;
        pause();
        return true;
    }
    /// While it lives, what is computed is computed without a pause: by those who could not take
    /// it up again where it was.
    class WithoutPauses {
      public:
        explicit WithoutPauses(Executor& executor) : count_(executor.without_pauses_) { ++count_; }
        WithoutPauses(const WithoutPauses&) = delete;
        WithoutPauses& operator=(const WithoutPauses&) = delete;
        ~WithoutPauses() { --count_; }

      private:
        std::size_t& count_;
    };
    EvaluationContext context_of(const Row* row, const Row* second = nullptr);
    /// scan.cpp: the one place where statements read tables.
    Checked<> visible_versions(const TableDefinition& table, const AccessPath& path,
                               const EvaluationContext& context, std::vector<RowVersion*>& found);
    host::Task<Checked<bool>> lock_frame(QueryRun& run);
    host::Task<Checked<Value>> waiting_call(const Expression& call, std::vector<Value> arguments);
    /// The rows of its RETURNING.
    host::Task<Checked<std::vector<Row>>> run_modifying(const ModifyStatement& statement,
                                                        QueryRun& owner);

  private:
    class Pause;

    // select.cpp
    host::Task<Checked<StatementResult>> select(const SelectStatement& statement);
    host::Task<Checked<std::vector<Row>>> all_rows(QueryRun& run);
    host::Task<Checked<>> resolve_wait();
    void pause();
    host::Task<Checked<>> finish_modifying(QueryRun& run);
    host::Task<Checked<bool>> still_qualifies(QueryRun& run);
    TextRow as_text(const std::vector<Target>& targets, const Row& row) const;
    host::Task<Checked<Value>> replication_call(std::string name, std::vector<Value> arguments);

    // scan.cpp
    /// The rows of a table, or of a view of pg_catalog as they are when the statement first asks.
    Heap& scanned_heap(Oid table);

    // rows.cpp
    /// Who has waited to lock a row that was updated locks its newer versions with it, and waits
    /// for those who have them, before he is told of the update. Changes of rows do not.
    enum class AfterWait : std::uint8_t { stop, follow };
    host::Task<Checked<RowFate>> claim(const TableDefinition& table, RowVersion& version,
                                       RowLockStrength strength, WaitPolicy policy,
                                       AfterWait after_wait = AfterWait::stop);
    /// Whose change or lock of that version keeps such a lock out; no_transaction if nobody's does.
    TransactionId blocker_of(const RowVersion& version, RowLockStrength strength) const;
    /// Somebody has it who still runs, this transaction or another.
    bool is_held(const RowVersion& version) const;
    bool shows_conflict(const RowVersion& version, RowLockStrength strength) const;
    std::pair<TransactionId, RowFate> claim_newer(const RowVersion& version,
                                                  RowLockStrength strength) const;
    /// Follows newer versions as READ COMMITTED does, or fails as REPEATABLE READ does. Null when
    /// there is no row left to work on. Whether a newer one still qualifies is for the caller to
    /// see.
    host::Task<Checked<RowVersion*>> claim_latest(const TableDefinition& table, RowVersion& version,
                                                  RowLockStrength strength, WaitPolicy policy,
                                                  AfterWait after_wait = AfterWait::stop);
    host::Task<Checked<RowVersion*>> newest_of(const TableDefinition& table, RowVersion& version,
                                               WaitPolicy policy);
    host::Task<Checked<>> wait_for(TransactionId id);
    void remember_lock(RowVersion& version, RowLockStrength strength);
    void forget_ended_locks(RowVersion& version);
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
    void give_up_keys(const TableDefinition& table, const RowVersion& version);
    RowLockStrength strength_of_update(const TableDefinition& table, const Row& before,
                                       const Row& after);

    // references.cpp
    void note_insert(const TableDefinition& table, const RowVersion& version);
    void note_update(const TableDefinition& table, const RowVersion& before,
                     const RowVersion& after);
    void note_delete(const TableDefinition& table, const RowVersion& version);
    host::Task<Checked<>> keep_references();
    void begin_reference_query(bool newest);
    host::Task<Checked<>> lock_other_table(Oid table, TableLockMode mode);
    /// The rows of one table that a foreign key asks for.
    struct WantedRows {
        TablePtr table;
        ExpressionPtr condition;
        AccessPath path;
    };
    static WantedRows rows_where(TablePtr table, std::vector<ExpressionPtr> conditions);
    static Checked<WantedRows> referenced_row(const TableDefinition& table, const Row& row,
                                              const ForeignKey& key, TablePtr referenced);
    static Checked<WantedRows> referring_rows(const TableDefinition& table, const Row& row,
                                              const Reference& reference);
    Checked<bool> is_wanted(const WantedRows& wanted, const Row& row);
    Checked<std::vector<RowVersion*>> find_rows(const WantedRows& wanted);
    host::Task<Checked<bool>> lock_any_for_key_share(WantedRows wanted);
    host::Task<Checked<RowVersion*>> claim_for_key_share(const WantedRows& wanted,
                                                         RowVersion& version);
    host::Task<Checked<>> check_reference(ReferenceEvent event);
    static std::unexpected<Failure> missing_reference(const TableDefinition& table, const Row& row,
                                                      const ForeignKey& key,
                                                      std::string_view referenced);
    Checked<> check_all_references(const TableDefinition& table, const ForeignKey& key,
                                   const TablePtr& referenced);
    host::Task<Checked<>> act_on_reference(ReferenceEvent event);
    host::Task<Checked<>> refuse_if_referenced(ReferenceEvent event, bool another_row_will_do);
    host::Task<Checked<>> change_referring(ReferenceEvent event, ReferentialAction action);
    host::Task<Checked<RowVersion*>> claim_referring(const WantedRows& wanted, RowVersion& version,
                                                     RowLockStrength strength);
    Checked<Row> changed_referring_row(const ReferenceEvent& event, ReferentialAction action,
                                       const Row& before);

    // modify.cpp
    /// What a change of rows has done.
    struct Modified {
        std::size_t count = 0;
        std::vector<Row> returned = {};
    };
    /// `run` is the statement's own query; null for an INSERT without one.
    host::Task<Checked<Modified>> insert(const InsertStatement& statement, QueryRun* run);
    host::Task<Checked<Modified>> update(const UpdateStatement& statement, QueryRun& run);
    host::Task<Checked<Modified>> remove(const DeleteStatement& statement, QueryRun& run);
    template <typename S>
    host::Task<Checked<StatementResult>> modify(const S& statement, std::string_view tag);
    host::Task<Checked<std::vector<Row>>> rows_from_source(const InsertStatement& statement,
                                                           QueryRun& run);
    Checked<> compute_row(const std::vector<ExpressionPtr>& expressions, const Row* from, Row& row);
    host::Task<Checked<bool>> moves_to(QueryRun& run, RowVersion& newer, RowLockStrength strength);
    host::Task<Checked<std::optional<Row>>> insert_row(const InsertStatement& statement,
                                                       QueryRun* run, Row row);
    host::Task<Checked<RowVersion*>> find_conflict(const InsertStatement& statement,
                                                   const Row& row);
    host::Task<Checked<std::optional<std::optional<Row>>>> update_conflicting(
        const InsertStatement& statement, QueryRun* run, RowVersion& conflicting,
        const Row& proposed);
    host::Task<Checked<RowVersion*>> replace_version(const TableDefinition& table,
                                                     RowVersion& version, Row row);
    Checked<> delete_version(const TableDefinition& table, RowVersion& version);
    /// A row that is computed part by part: after a wait it goes on where it was.
    struct UnfinishedRow {
        Row row = {};
        std::size_t done = 0;
    };
    static Checked<> assign(const std::vector<Assignment>& assignments,
                            const EvaluationContext& context, UnfinishedRow& unfinished);
    static Checked<> project(const std::vector<Target>& targets, const EvaluationContext& context,
                             Row& row);
    template <typename Compute>
    host::Task<Checked<>> after_waits(Checked<> computed, Compute compute);
    host::Task<Checked<>> add_returning(const std::vector<Target>& returning,
                                        const EvaluationContext& context, Modified& result);

    // define.cpp
    host::Task<Checked<StatementResult>> create_table(const CreateTableStatement& statement);
    host::Task<Checked<StatementResult>> create_index(const CreateIndexStatement& statement);
    host::Task<Checked<StatementResult>> lock_tables(const LockTableStatement& statement);
    host::Task<Checked<>> reserve_name(std::string name, bool is_index);
    host::Task<Checked<TablePtr>> lock_table(std::string name, TableLockMode mode);
    Checked<std::shared_ptr<const IndexDefinition>> build_index(TableDefinition& table,
                                                                IndexDefinition definition);
    std::string unused_name(std::string base) const;
    void put_table(TableDefinition table);
    host::Task<Checked<>> add_index_to(TableDefinition& table, IndexDefinition definition);

    // view.cpp
    host::Task<Checked<StatementResult>> create_view(const CreateViewStatement& statement);
    host::Task<Checked<>> drop_views(const DropStatement& statement, StatementResult& result);
    /// 0A000 where a view may use the column.
    Checked<> check_unused_by_views(const TableDefinition& table, std::string_view column,
                                    std::string_view change);

    // alter.cpp
    host::Task<Checked<StatementResult>> alter_table(const AlterTableStatement& statement);
    host::Task<Checked<>> alter(TableDefinition& table, const AlterTableAction& action,
                                StatementResult& result);
    Checked<> add_column(TableDefinition& table, const AlterTableAction& action,
                         StatementResult& result);
    Checked<> add_check(TableDefinition& table, const AlterTableAction& action);
    Checked<> set_not_null(TableDefinition& table, const std::string& column, bool not_null);
    host::Task<Checked<>> drop_constraint(TableDefinition& table, const AlterTableAction& action,
                                          StatementResult& result);

    // define_references.cpp
    host::Task<Checked<>> add_foreign_key(TableDefinition& table, const ForeignKeyRequest& request);
    std::string unused_constraint_name(const TableDefinition& table, const std::string& base) const;

    // drop.cpp
    /// A foreign key, a column's default or a view that cannot be without what is dropped.
    struct Dependent {
        std::string described;  ///< "constraint k on table t".
        std::string needed;     ///< "table users".
        std::string table;
        Oid foreign_key = 0;
        bool is_view = false;
        std::size_t column = 0;  ///< Of the default, without a foreign key.
    };
    static Dependent dependent_of(const Reference& reference, std::string needed);
    host::Task<Checked<StatementResult>> drop(const DropStatement& statement);
    Checked<bool> may_be_missing(const DropStatement& statement, const std::string& name,
                                 StatementResult& result);
    host::Task<Checked<>> drop_tables(const DropStatement& statement, StatementResult& result);
    host::Task<Checked<>> drop_indexes(const DropStatement& statement, StatementResult& result);
    std::vector<Dependent> dependents_of(const std::vector<TablePtr>& dropped);
    std::vector<Dependent> dependents_of(const TableDefinition& table,
                                         const IndexDefinition& index);
    host::Task<Checked<>> drop_dependents(std::vector<Dependent> dependents, std::string dropped,
                                          bool cascade, StatementResult& result);
    host::Task<Checked<StatementResult>> truncate(const TruncateStatement& statement);
    void remove_all_rows(const TableDefinition& table);
    host::Task<Checked<>> drop_sequences(const DropStatement& statement, StatementResult& result);
    std::vector<Dependent> dependents_of_sequence(const TableDefinition& sequence);
    void drop_relation(const TableDefinition& table);

    // sequences.cpp
    host::Task<Checked<StatementResult>> create_sequence(const CreateSequenceStatement& statement);
    host::Task<Checked<StatementResult>> alter_sequence(const AlterSequenceStatement& statement);
    host::Task<Checked<TableDefinition>> make_sequence(std::string name,
                                                       const SequenceRequest& request);
    Checked<> give_owner(TableDefinition& sequence, const SequenceRequest& request);
    Checked<> change_sequence(TableDefinition& sequence, const SequenceRequest& request);
    host::Task<Checked<>> add_column_sequence(TableDefinition& table, const ColumnSequence& wanted);
    host::Task<Checked<>> add_identity(TableDefinition& table, const ColumnSequence& wanted);
    Checked<> set_identity(TableDefinition& table, const ColumnSequence& wanted);
    Checked<> drop_identity(TableDefinition& table, const AlterTableAction& action,
                            StatementResult& result);
    void restart_owned_sequences(const TableDefinition& table);

    // rename.cpp
    host::Task<Checked<StatementResult>> rename(const RenameStatement& statement);
    Checked<> rename_column(TableDefinition& table, const std::string& from, const std::string& to);
    host::Task<Checked<>> rename_constraint(TableDefinition& table,
                                            const RenameStatement& statement);
    host::Task<Checked<>> rename_relation(TableDefinition table, const RenameStatement& statement);
    host::Task<Checked<>> rename_index(TableDefinition& table, std::string from, std::string to);

    // columns.cpp
    Checked<> set_default(TableDefinition& table, const AlterTableAction& action);
    host::Task<Checked<>> drop_column(TableDefinition& table, const AlterTableAction& action,
                                      StatementResult& result);
    Checked<std::size_t> column_to_change(const TableDefinition& table,
                                          const std::string& name) const;

    // column_types.cpp
    Checked<> set_types(TableDefinition& table, std::span<const AlterTableAction> actions);
    Checked<> check_type_may_change(const TableDefinition& table, std::size_t place);
    Checked<> convert_default(TableDefinition& table, std::size_t place, ColumnType type);
    Checked<> convert_checks(TableDefinition& table, const TableDefinition& before,
                             std::span<const std::size_t> places);
    Checked<std::vector<Row>> converted_rows(const TableDefinition& table,
                                             std::span<const AlterTableAction> actions,
                                             std::span<const std::size_t> places);

    CatalogView view() const { return {engine_.catalog(), transaction_.catalog}; }

    Engine& engine_;
    Transaction& transaction_;
    LockOwner& locks_;
    WaitLimits limits_;
    FunctionEnvironment& functions_;
    std::span<const Value> parameters_;
    std::shared_ptr<const Snapshot> snapshot_;
    std::vector<ServerMessage> notices_;
    std::vector<ReferenceEvent> reference_events_;
    std::vector<std::pair<Oid, std::unique_ptr<Heap>>> computed_;
    /// What the query that is being pulled has to wait for.
    Waiter* waiter_ = nullptr;
    static constexpr std::size_t pulls_between_pauses = 100'000;
    std::size_t pulls_ = 0;
    std::size_t without_pauses_ = 0;
    std::unique_ptr<Waiter> pause_;
    /// Of a change of rows: what its expressions ask for their subqueries.
    QuerySupport* support_ = nullptr;
    const EvaluationContext* outer_ = nullptr;
};

/// 40001: for one that may not work on a newer version than it sees.
std::unexpected<Failure> concurrent_update();
/// The same, in the words for what became of the row: it was updated or deleted.
std::unexpected<Failure> concurrent_change(RowFate fate);

/// A result without rows.
StatementResult completed(std::string tag);

/// 23505 and its kin carry where they come from.
void add_table_fields(ServerMessage& error, const TableDefinition& table,
                      std::string_view constraint = {}, std::string_view column = {});

/// "first_second_label", with the longer of both cut until it fits into a name.
std::string object_name(std::string first, std::string second, std::string_view label);

/// The one column that a CHECK speaks of, to name it after; empty if it speaks of several.
std::string column_checked(const TableDefinition& table, const CheckConstraint& check);

/// referenced = referring, as a foreign key between columns of those types compares them; null if
/// there can be none.
Checked<ExpressionPtr> reference_equality(ExpressionPtr referenced, ExpressionPtr referring);

/// "(1, abc, null)": as in "Failing row contains ...".
std::string describe_row(const TableDefinition& table, const Row& row);
/// "(id)=(1)": as in "Key ... already exists."
std::string describe_key(const IndexDefinition& index, const Row& key);

bool uses_column(const Expression& expression, std::size_t column);
/// In a key or in the predicate.
bool uses_column(const IndexDefinition& index, std::size_t column);

std::unexpected<Failure> contains_nulls(const TableDefinition& table, std::string_view column);
std::unexpected<Failure> violated_by_some_row(const TableDefinition& table,
                                              const CheckConstraint& check);

}  // namespace atlas::sim::models::postgres

#pragma once
// One session: prepared statements and portals, the transaction it is in, its settings and its time
// limits. Implements session.hpp.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/functions/environment.hpp"
#include "sim/models/postgres/session.hpp"
#include "sim/models/postgres/session/session_settings.hpp"

namespace atlas::sim::models::postgres {

class BackendSession final : public Session, private FunctionEnvironment {
  public:
    BackendSession(Engine& engine, std::uint32_t process_id, std::string user,
                   std::string database);
    ~BackendSession() override;

    /// Before the session is used. Errors: those of a bad setting.
    Checked<> apply_start_up(const std::vector<std::pair<std::string, std::string>>& parameters);

    host::Task<Outcome<void>> simple_query(std::string text,
                                           std::function<void(StatementResult)> on_result) override;
    host::Task<Outcome<void>> parse(std::string statement, std::string text,
                                    std::vector<std::uint32_t> parameter_types) override;
    Outcome<void> bind(std::string portal, std::string statement, TextRow parameters) override;
    Outcome<StatementDescription> describe_statement(std::string_view statement) override;
    Outcome<StatementDescription> describe_portal(std::string_view portal) override;
    host::Task<Outcome<Execution>> execute(std::string portal, std::uint32_t row_limit) override;
    void close_statement(std::string_view statement) override;
    void close_portal(std::string_view portal) override;
    host::Task<Outcome<std::vector<ServerMessage>>> sync(bool failed) override;
    void fail() override;
    TransactionState transaction_state() const override;
    void set_waiting_for_client(bool waits) override { waits_for_client_ = waits; }
    std::uint32_t process_id() const override { return locks_->process_id(); }
    std::uint32_t cancel_secret() const override { return cancel_secret_; }
    void cancel() override;
    std::optional<ServerMessage> termination() const override { return termination_; }
    void on_termination(std::function<void()> callback) override {
        on_termination_ = std::move(callback);
    }
    std::vector<Notification> take_notifications() override;
    void on_notification(std::function<void()> callback) override {
        on_notification_ = std::move(callback);
    }
    host::Task<> close() override;
    std::vector<std::pair<std::string, std::string>> reported_parameters() const override {
        return settings_.reported();
    }
    std::uint64_t settings_version() const override { return settings_.version(); }

    /// Ends the session from outside: rolls back at once if it is idle, at its next wait if not.
    void terminate(ServerMessage message);
    /// A transaction that committed has said so.
    void apply_listening(const std::vector<ListenAction>& actions);
    void hear(const std::vector<Notification>& notifications);
    /// For the replay of a follower, which one of this session's locks is in the way of.
    bool holds_lock(const LockTag& tag) const { return LockTable::holds(*locks_, tag); }
    void cancel_for_recovery();
    /// When the client has been idle too long, and why that ends the session.
    host::Deadline idle_deadline() const { return idle_deadline_; }
    void idle_too_long();
    /// Since when its client has given it nothing to do although a transaction is open.
    std::optional<host::TimePoint> idle_in_transaction_since() const;

  private:
    /// The block that BEGIN opens, and what there is without one.
    enum class Block : std::uint8_t {
        none,
        implicit,     ///< Ends with the statement, the Query message or Sync.
        in_progress,  ///< Between BEGIN and COMMIT.
        failed,       ///< Only ROLLBACK, ROLLBACK TO or COMMIT will do.
    };

    struct Prepared {
        std::shared_ptr<ParsedText> text;
        ParameterDeclaration parameters = {};
        /// As found when it was prepared: it must not change.
        std::vector<TypeId> parameter_types = {};
        std::optional<std::vector<ColumnDescription>> columns = {};
        /// The analysis last found to give these columns.
        mutable StatementPtr checked = {};
        bool is_empty() const { return text->size() == 0; }
    };
    struct Portal {
        std::shared_ptr<const Prepared> statement;
        std::vector<Value> parameters;
        /// Rows not yet fetched, once it has run.
        std::optional<StatementResult> result = {};
        std::size_t fetched = 0;
    };
    using PreparedPtr = std::shared_ptr<const Prepared>;

    // queries.cpp: the messages
    host::Task<Checked<>> run_simple_query(std::string text,
                                           std::function<void(StatementResult)> on_result);
    host::Task<Checked<>> run_parse(std::string statement, std::string text,
                                    std::vector<std::uint32_t> parameter_types);
    Checked<> run_bind(std::string portal, const std::string& statement, TextRow parameters);
    Checked<std::vector<Value>> bind_values(std::string_view portal, const Prepared& statement,
                                            const TextRow& parameters);
    host::Task<Checked<Execution>> run_execute(std::string portal, std::uint32_t row_limit);
    Checked<PreparedPtr> find_prepared(std::string_view name) const;

    // statements.cpp: one statement
    host::Task<Checked<StatementResult>> run_statement(std::shared_ptr<ParsedText> text,
                                                       std::size_t place,
                                                       ParameterDeclaration declared,
                                                       std::vector<Value> parameters,
                                                       const Prepared* prepared);
    /// Why a statement is analysed: definitions are locked, and refused, only when they run.
    enum class Purpose : std::uint8_t { prepare, run };
    host::Task<Checked<StatementPtr>> analyse_and_lock(std::shared_ptr<ParsedText> text,
                                                       std::size_t place,
                                                       ParameterDeclaration declared,
                                                       Purpose purpose);
    host::Task<Checked<>> take_snapshot_for(std::shared_ptr<ParsedText> text, std::size_t place);
    host::Task<Checked<StatementResult>> run_analysed(StatementPtr statement,
                                                      std::vector<Value> parameters);
    host::Task<Checked<StatementResult>> run_transaction_command(TransactionStatement statement);
    Checked<StatementResult> set(const SetStatement& statement);
    Checked<StatementResult> show(const ShowStatement& statement);
    Checked<StatementResult> deallocate(const DeallocateStatement& statement);
    Checked<StatementResult> discard_all();
    Checked<> check_allowed(const Statement& statement) const;
    /// BEGIN's block, or the implicit one around several statements.
    bool is_in_block() const;
    WaitLimits wait_limits() const;

    // transaction_block.cpp
    Transaction& transaction();
    void begin_transaction();
    using Notices = std::vector<ServerMessage>;
    /// Errors: those that only a commit shows (40001), and the transaction is rolled back then;
    /// that the session ends (FATAL), although the commit stands. Returns what the client is told.
    host::Task<Checked<Notices>> commit_transaction();
    /// What becomes of a commit whose wait for standbys was ended by that.
    Checked<Notices> cut_short(Interrupt reason);
    static void add_notices(StatementResult& result, Notices notices);
    void follow_recovery();
    host::Task<Checked<StatementResult>> checkpoint();
    host::Task<Checked<StatementResult>> alter_system(AlterSystemStatement statement);
    void roll_back_transaction();
    /// An error: the implicit transaction goes, a block becomes a failed one.
    void fail_transaction();
    Checked<StatementResult> begin_block(const TransactionStatement& statement);
    host::Task<Checked<StatementResult>> commit_block();
    Checked<StatementResult> roll_back_block();
    host::Task<Checked<StatementResult>> prepare_block(std::string gid);
    host::Task<Checked<StatementResult>> finish_prepared(TransactionStatement statement);
    Checked<StatementResult> savepoint(const TransactionStatement& statement);
    Checked<std::size_t> find_savepoint(std::string_view name) const;
    Checked<> set_transaction_mode(const std::string& name, const std::string& value);
    CatalogView view() const;

    // The limits around a message.
    void begin_work();
    void end_work();
    void start_statement_timer();
    void forget_late_cancel();
    /// Errors: 57014, 40001, 57P01, if one has come that nothing has waited to hear of.
    Checked<> check_interrupted();
    template <typename T>
    Outcome<T> outcome(Checked<T> result);

    // notifications.cpp
    Checked<StatementResult> listen(const ListenStatement& statement);

    // FunctionEnvironment
    std::int64_t transaction_time() override;
    std::int64_t statement_time() override { return statement_time_; }
    std::int64_t clock_time() override;
    Uuid random_uuid() override;
    std::string user() const override { return user_; }
    std::string database() const override { return database_; }
    Checked<std::string> setting(std::string_view name) const override;
    Checked<std::string> change_setting(std::string_view name, std::string value,
                                        bool local) override;
    Checked<std::int64_t> transaction_id() override;
    LogPositions log_positions() const override;
    std::int64_t server_start_time() const override;
    std::vector<std::uint32_t> blocking_processes(std::uint32_t process_id) const override {
        return engine_.locks().blocking_processes(process_id);
    }
    std::vector<std::uint32_t> safe_snapshot_blockers(std::uint32_t process_id) const override {
        return engine_.serializable().safe_snapshot_blockers(process_id);
    }
    CatalogView catalog() const override { return view(); }
    Checked<> notify(std::string channel, std::string payload) override;
    std::uint64_t random_bits() override;

    // session_sequences.cpp: FunctionEnvironment as well
    Checked<std::int64_t> next_value(std::uint32_t sequence) override;
    Checked<std::int64_t> current_value(std::uint32_t sequence) override;
    Checked<std::int64_t> last_value() override;
    Checked<> set_value(std::uint32_t sequence, std::int64_t value, bool called) override;
    Checked<TablePtr> open_sequence(std::uint32_t sequence, std::string_view writer);

    /// What this session has taken of a sequence.
    struct TakenValues {
        Oid storage = 0;
        std::optional<std::int64_t> last = {};
        /// The last of those taken in advance (CACHE).
        std::int64_t cached = 0;
    };

    Engine& engine_;
    std::map<Oid, TakenValues> sequences_;
    Oid last_sequence_ = 0;
    std::shared_ptr<LockOwner> locks_;
    std::uint32_t cancel_secret_ = 0;
    std::string user_;
    std::string database_;
    SessionSettings settings_;

    Block block_ = Block::none;
    std::shared_ptr<Transaction> transaction_;
    bool snapshot_taken_ = false;
    /// The implicit transaction is one around several statements of a Query message.
    bool several_statements_ = false;
    std::map<std::string, PreparedPtr, std::less<>> prepared_;
    std::map<std::string, Portal, std::less<>> portals_;

    /// From a message to the end of what it belongs to: a query, or all up to Sync.
    bool working_ = false;
    bool waits_for_client_ = false;
    std::int64_t statement_time_ = 0;
    host::Deadline statement_deadline_ = host::Deadline::never();
    host::Deadline idle_deadline_ = host::Deadline::never();
    host::TimePoint idle_since_{};
    std::string isolation_name_;

    std::optional<ServerMessage> termination_;
    std::function<void()> on_termination_;

    std::set<std::string, std::less<>> listening_;
    std::vector<Notification> heard_;
    std::function<void()> on_notification_;
};

}  // namespace atlas::sim::models::postgres

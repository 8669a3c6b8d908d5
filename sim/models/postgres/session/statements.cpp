// One statement: allowed here? analysed, its tables locked, run.

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/session/backend_session.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

bool same_columns(const std::optional<std::vector<ColumnDescription>>& left,
                  const std::optional<std::vector<ColumnDescription>>& right) {
    if (left.has_value() != right.has_value()) return false;
    if (!left) return true;
    return std::ranges::equal(*left, *right, [](const auto& a, const auto& b) {
        return a.name == b.name && a.type_oid == b.type_oid && a.type_modifier == b.type_modifier;
    });
}

// Of what is not refused as a change already.
Checked<> check_allowed_in_recovery(const Statement& statement) {
    std::string_view refused;
    if (const auto* command = std::get_if<TransactionStatement>(&statement.body)) {
        if (command->command == TransactionCommand::prepare) refused = "PREPARE TRANSACTION";
        if (command->command == TransactionCommand::commit_prepared) refused = "COMMIT PREPARED";
        if (command->command == TransactionCommand::rollback_prepared)
            refused = "ROLLBACK PREPARED";
    } else if (const auto* lock = std::get_if<LockTableStatement>(&statement.body)) {
        if (lock->mode > TableLockMode::row_exclusive) refused = "LOCK TABLE";
    } else if (const auto* maintenance = std::get_if<MaintenanceStatement>(&statement.body)) {
        refused = maintenance->command;
    } else if (const auto* listen = std::get_if<ListenStatement>(&statement.body)) {
        if (listen->action.kind == ListenAction::Kind::listen) refused = "LISTEN";
    }
    if (refused.empty()) return {};
    return sql_error("25006", fmt::format("cannot execute {} during recovery", refused));
}

bool is_query(const Statement& statement) {
    return std::holds_alternative<SelectStatement>(statement.body) ||
           std::holds_alternative<InsertStatement>(statement.body) ||
           std::holds_alternative<UpdateStatement>(statement.body) ||
           std::holds_alternative<DeleteStatement>(statement.body);
}

std::unexpected<Failure> lock_outside_block() {
    return sql_error("25P01", "LOCK TABLE can only be used in transaction blocks");
}

}  // namespace

Task<Checked<StatementResult>> BackendSession::run_statement(std::shared_ptr<ParsedText> text,
                                                             std::size_t place,
                                                             ParameterDeclaration declared,
                                                             std::vector<Value> parameters,
                                                             const Prepared* prepared) {
    if (block_ == Block::failed && !text->leaves_failed_transaction(place)) {
        co_return sql_error("25P02",
                            "current transaction is aborted, commands ignored until end of "
                            "transaction block");
    }
    if (block_ == Block::none) begin_transaction();
    start_statement_timer();
    // What came while the statement before it in the same message was committed.
    SQL_CO_CHECK(check_interrupted());
    SQL_CO_TRY(
        const StatementPtr statement,
        co_await analyse_and_lock(std::move(text), place, std::move(declared), Purpose::run));
    if (prepared != nullptr && prepared->checked != statement) {
        if (!same_columns(prepared->columns, statement->columns))
            co_return sql_error("0A000", "cached plan must not change result type");
        prepared->checked = statement;
    }
    SQL_CO_CHECK(check_allowed(*statement));
    auto result = co_await run_analysed(statement, std::move(parameters));
    if (result && !result->columns) result->columns = statement->columns;
    co_return result;
}

Task<Checked<StatementPtr>> BackendSession::analyse_and_lock(std::shared_ptr<ParsedText> text,
                                                             std::size_t place,
                                                             ParameterDeclaration declared,
                                                             Purpose purpose) {
    LockTable& locks = engine_.locks();
    SQL_CO_CHECK(co_await take_snapshot_for(text, place));
    while (true) {
        const std::uint64_t version = engine_.catalog().version();
        Checked<StatementPtr> analysed = text->analyse(place, view(), declared);
        // PostgreSQL looks for the table only in a block.
        if (!analysed && text->is_lock_table(place) && purpose == Purpose::run && !is_in_block())
            co_return lock_outside_block();
        SQL_CO_TRY(StatementPtr statement, std::move(analysed));
        if (!is_query(*statement)) {
            if (purpose == Purpose::prepare) co_return statement;
            SQL_CO_CHECK(check_allowed(*statement));
        }
        for (const TableLockRequest& request : statement->locks) {
            const LockTag tag{LockKind::relation, request.table};
            if (locks.is_held(*locks_, tag, request.mode)) continue;
            if (locks.try_acquire(*locks_, tag, request.mode)) continue;
            SQL_CO_CHECK(co_await locks.acquire(*locks_, tag, request.mode, wait_limits()));
        }
        // Whoever held the tables while we waited may have changed what the names mean.
        if (engine_.catalog().version() == version) co_return statement;
    }
}

// Before parse analysis, as PostgreSQL does: what commits while the statement waits for its tables
// is not for it to see, where the snapshot is to be kept.
Task<Checked<>> BackendSession::take_snapshot_for(std::shared_ptr<ParsedText> text,
                                                  std::size_t place) {
    if (!text->needs_snapshot(place)) co_return Checked<>{};
    snapshot_taken_ = true;
    Transaction& current = transaction();
    if (current.isolation == IsolationLevel::read_committed || current.snapshot != nullptr)
        co_return Checked<>{};
    // Asked for by name it was refused before.
    if (current.isolation == IsolationLevel::serializable && engine_.in_recovery()) {
        auto error = sql_error("0A000", "cannot use serializable mode in a hot standby");
        error.error()->detail = "\"default_transaction_isolation\" is set to \"serializable\".";
        error.error()->hint =
            "You can use \"SET default_transaction_isolation = 'repeatable read'\" to change the "
            "default.";
        co_return error;
    }
    current.snapshot = engine_.transactions().take_snapshot();
    if (current.isolation != IsolationLevel::serializable) co_return Checked<>{};
    SerializableTransactions& watch = engine_.serializable();
    watch.begin(current, locks_);
    if (!current.read_only || !current.deferrable) co_return Checked<>{};
    using Safety = SerializableTransactions::Safety;
    while (current.serializable != nullptr) {
        watch.wait_for_safety(current, true);
        SQL_CO_CHECK(co_await engine_.locks().wait_until(
            *locks_, [&] { return watch.safety(current) != Safety::undecided; }, wait_limits()));
        watch.wait_for_safety(current, false);
        const bool is_safe = watch.safety(current) == Safety::safe;
        watch.stop_watching(current);
        if (is_safe) break;
        current.snapshot = engine_.transactions().take_snapshot();
        watch.begin(current, locks_);
    }
    co_return Checked<>{};
}

Checked<> BackendSession::check_allowed(const Statement& statement) const {
    if (engine_.in_recovery()) {
        SQL_CHECK(check_allowed_in_recovery(statement));
    }
    if (!statement.read_only_violation.empty() && transaction_->read_only) {
        return sql_error("25006", fmt::format("cannot execute {} in a read-only transaction",
                                              statement.read_only_violation));
    }
    if (std::holds_alternative<LockTableStatement>(statement.body) && !is_in_block())
        return lock_outside_block();
    if (const auto* maintenance = std::get_if<MaintenanceStatement>(&statement.body);
        maintenance != nullptr && maintenance->command == "VACUUM" && is_in_block())
        return sql_error("25001", "VACUUM cannot run inside a transaction block");
    if (std::holds_alternative<DiscardAllStatement>(statement.body) && is_in_block())
        return sql_error("25001", "DISCARD ALL cannot run inside a transaction block");
    return {};
}

bool BackendSession::is_in_block() const {
    return block_ == Block::in_progress || (block_ == Block::implicit && several_statements_);
}

Task<Checked<StatementResult>> BackendSession::run_analysed(StatementPtr statement,
                                                            std::vector<Value> parameters) {
    const StatementBody& body = statement->body;
    if (const auto* command = std::get_if<TransactionStatement>(&body)) {
        auto result = co_await run_transaction_command(*command);
        co_return result;
    }
    if (const auto* assignment = std::get_if<SetStatement>(&body)) co_return set(*assignment);
    if (const auto* shown = std::get_if<ShowStatement>(&body)) co_return show(*shown);
    if (const auto* forgotten = std::get_if<DeallocateStatement>(&body))
        co_return deallocate(*forgotten);
    if (std::holds_alternative<DiscardAllStatement>(body)) co_return discard_all();
    if (const auto* listened = std::get_if<ListenStatement>(&body)) co_return listen(*listened);
    if (const auto* notified = std::get_if<NotifyStatement>(&body)) {
        SQL_CO_CHECK(notify(notified->channel, notified->payload));
        co_return completed("NOTIFY");
    }
    if (std::holds_alternative<CheckpointStatement>(body)) {
        auto result = co_await checkpoint();
        co_return result;
    }
    if (const auto* alteration = std::get_if<AlterSystemStatement>(&body)) {
        auto result = co_await alter_system(*alteration);
        co_return result;
    }
    Executor executor({.engine = engine_,
                       .transaction = transaction(),
                       .locks = *locks_,
                       .limits = wait_limits(),
                       .functions = *this,
                       .parameters = parameters});
    Checked<StatementResult> result = StatementResult{};
    if (is_query(*statement)) {
        result = co_await executor.run(*statement);
    } else {
        result = co_await executor.define(*statement);
    }
    ATLAS_CHECK(result || !is_wait(result.error()), "who has to wait is waited for, not told of");
    // Later statements of the transaction see what this one did.
    if (result) ++transaction().command;
    co_return result;
}

Task<Checked<StatementResult>> BackendSession::run_transaction_command(
    TransactionStatement statement) {
    switch (statement.command) {
        case TransactionCommand::begin:
        case TransactionCommand::start:
            co_return begin_block(statement);
        case TransactionCommand::commit: {
            auto result = co_await commit_block();
            co_return result;
        }
        case TransactionCommand::rollback:
            co_return roll_back_block();
        case TransactionCommand::prepare: {
            auto result = co_await prepare_block(std::move(statement.gid));
            co_return result;
        }
        case TransactionCommand::commit_prepared:
        case TransactionCommand::rollback_prepared: {
            auto result = co_await finish_prepared(std::move(statement));
            co_return result;
        }
        case TransactionCommand::savepoint:
        case TransactionCommand::release:
        case TransactionCommand::rollback_to:
            break;
    }
    co_return savepoint(statement);
}

Checked<StatementResult> BackendSession::set(const SetStatement& statement) {
    StatementResult result = completed("SET");
    const bool in_block = is_in_block();
    switch (statement.kind) {
        case SetStatement::Kind::set:
        case SetStatement::Kind::set_default:
        case SetStatement::Kind::reset: {
            const bool is_default = statement.kind != SetStatement::Kind::set;
            if (statement.name.starts_with("transaction_") && !is_default) {
                SQL_CHECK(set_transaction_mode(statement.name, statement.value));
                return result;
            }
            SQL_CHECK(settings_.set(statement.name, is_default ? nullptr : &statement.value,
                                    statement.local));
            if (statement.kind == SetStatement::Kind::reset) result.command_tag = "RESET";
            if (statement.local && !in_block) {
                result.notices.push_back(
                    {.severity = "WARNING",
                     .sqlstate = "25P01",
                     .message = "SET LOCAL can only be used in transaction blocks"});
            }
            return result;
        }
        case SetStatement::Kind::reset_all:
            settings_.reset_all();
            return completed("RESET");
        case SetStatement::Kind::transaction:
            for (const auto& [name, value] : statement.modes) {
                SQL_CHECK(set_transaction_mode(name, value));
            }
            if (!in_block) {
                result.notices.push_back(
                    {.severity = "WARNING",
                     .sqlstate = "25P01",
                     .message = "SET TRANSACTION can only be used in transaction blocks"});
            }
            return result;
        case SetStatement::Kind::session_default:
            for (const auto& [name, value] : statement.modes) {
                SQL_CHECK(settings_.set("default_" + name, &value, false));
            }
            return result;
    }
    return result;
}

Task<Checked<StatementResult>> BackendSession::checkpoint() {
    if (user_ != superuser) {
        co_return sql_error(
            "42501", "must be superuser or have privileges of pg_checkpoint to do CHECKPOINT");
    }
    SQL_CO_CHECK(co_await engine_.request_checkpoint(*locks_, wait_limits()));
    co_return completed("CHECKPOINT");
}

Task<Checked<StatementResult>> BackendSession::alter_system(AlterSystemStatement statement) {
    if (is_in_block())
        co_return sql_error("25001", "ALTER SYSTEM cannot run inside a transaction block");
    const SetStatement& set = statement.set;
    if (user_ != superuser) {
        co_return sql_error(
            "42501", set.kind == SetStatement::Kind::reset_all
                         ? "permission denied to perform ALTER SYSTEM RESET ALL"
                         : fmt::format("permission denied to set parameter \"{}\"", set.name));
    }
    if (set.kind == SetStatement::Kind::reset_all) {
        SQL_CO_CHECK(co_await engine_.alter_system("", std::nullopt));
        co_return completed("ALTER SYSTEM");
    }
    const auto known = ServerSettings::names();
    if (std::ranges::find(known, set.name) == known.end()) co_return settings_.missing(set.name);
    if (set.kind != SetStatement::Kind::set) {
        SQL_CO_CHECK(co_await engine_.alter_system(set.name, std::nullopt));
        co_return completed("ALTER SYSTEM");
    }
    if (set.name == "synchronous_standby_names") {
        SQL_CO_CHECK(parse_synchronous_standbys(set.value));
    }
    ServerSettings checked = engine_.settings();
    const auto accepted = checked.set(set.name, set.value);
    if (!accepted) {
        co_return sql_error("22023", fmt::format("invalid value for parameter \"{}\": \"{}\"",
                                                 set.name, set.value));
    }
    // It would be a line of its own in the file.
    if (set.value.contains('\n')) {
        co_return sql_error("22023", "parameter value for ALTER SYSTEM must not contain a newline");
    }
    SQL_CO_CHECK(co_await engine_.alter_system(set.name, set.value));
    co_return completed("ALTER SYSTEM");
}

Checked<StatementResult> BackendSession::show(const ShowStatement& statement) {
    StatementResult result = completed("SHOW");
    if (statement.name == "all") {
        for (const auto& [name, value] : settings_.all())
            result.rows.push_back({name, value, std::string()});
        return result;
    }
    SQL_TRY(std::string value, setting(statement.name));
    // Under the name's own spelling, whatever case the client used.
    result.columns = {{{.name = SessionSettings::spelling(statement.name),
                        .type_oid = static_cast<std::uint32_t>(TypeId::text)}}};
    result.rows.push_back({std::move(value)});
    return result;
}

Checked<StatementResult> BackendSession::deallocate(const DeallocateStatement& statement) {
    if (statement.name.empty()) {
        std::erase_if(prepared_, [](const auto& entry) { return !entry.first.empty(); });
        return completed("DEALLOCATE ALL");
    }
    SQL_CHECK(find_prepared(statement.name));
    prepared_.erase(statement.name);
    return completed("DEALLOCATE");
}

Checked<StatementResult> BackendSession::discard_all() {
    prepared_.clear();
    portals_.clear();
    settings_.reset_all();
    sequences_.clear();
    last_sequence_ = 0;
    engine_.locks().release_advisory(*locks_);
    listening_.clear();
    return completed("DISCARD ALL");
}

}  // namespace atlas::sim::models::postgres

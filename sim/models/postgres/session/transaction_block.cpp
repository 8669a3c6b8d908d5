// Where transactions begin and end: BEGIN, COMMIT, ROLLBACK, savepoints, and the implicit
// transaction around everything else.

#include <algorithm>
#include <iterator>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/session/backend_session.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

IsolationLevel isolation_level(std::string_view name) {
    if (name == "serializable") return IsolationLevel::serializable;
    if (name == "repeatable read") return IsolationLevel::repeatable_read;
    return IsolationLevel::read_committed;
}

StatementResult with_warning(std::string tag, std::string sqlstate, std::string message) {
    StatementResult result = completed(std::move(tag));
    result.notices.push_back(
        {.severity = "WARNING", .sqlstate = std::move(sqlstate), .message = std::move(message)});
    return result;
}

}  // namespace

Transaction& BackendSession::transaction() {
    ATLAS_CHECK(transaction_ != nullptr, "statements run in a transaction");
    return *transaction_;
}

CatalogView BackendSession::view() const {
    static const CatalogChanges none;
    return {engine_.catalog(), transaction_ == nullptr ? none : transaction_->catalog};
}

void BackendSession::begin_transaction() {
    block_ = Block::implicit;
    transaction_ = std::make_shared<Transaction>();
    transaction_->locks = locks_;
    transaction_->started_at = statement_time_;
    isolation_name_ = settings_.default_isolation();
    transaction_->isolation = isolation_level(isolation_name_);
    transaction_->read_only = settings_.default_read_only() || engine_.in_recovery();
    transaction_->deferrable = settings_.default_deferrable();
    snapshot_taken_ = false;
}

Task<Checked<BackendSession::Notices>> BackendSession::commit_transaction() {
    Checked<> allowed = engine_.serializable().before_commit(transaction());
    if (!allowed) {
        roll_back_transaction();
        co_return std::unexpected(std::move(allowed).error());
    }
    const SynchronousCommit level = settings_.synchronous_commit();
    block_ = Block::none;
    portals_.clear();
    // From here on the engine owns the outcome: nothing interrupts a commit.
    const std::shared_ptr<Transaction> ending = std::move(transaction_);
    transaction_ = nullptr;
    const Interrupt reason = co_await engine_.commit(ending, level);
    settings_.commit();
    co_return cut_short(reason);
}

Checked<BackendSession::Notices> BackendSession::cut_short(Interrupt reason) {
    if (reason == Interrupt::none) return Notices{};
    const bool terminated = reason == Interrupt::terminate;
    ServerMessage warning{
        .severity = "WARNING",
        .sqlstate = terminated ? "57P01" : "01000",
        .message = terminated ? "canceling the wait for synchronous replication and terminating "
                                "connection due to administrator command"
                              : "canceling wait for synchronous replication due to user request",
        .detail =
            "The transaction has already committed locally, but might not have been "
            "replicated to the standby."};
    if (!terminated) return Notices{std::move(warning)};
    // Nothing that could be taken for a confirmation follows.
    termination_ = std::move(warning);
    return std::unexpected(interrupted(reason));
}

void BackendSession::add_notices(StatementResult& result, Notices notices) {
    std::ranges::move(notices, std::back_inserter(result.notices));
}

void BackendSession::roll_back_transaction() {
    block_ = Block::none;
    if (transaction_ == nullptr) return;
    portals_.clear();
    const std::shared_ptr<Transaction> ending = std::move(transaction_);
    transaction_ = nullptr;
    engine_.roll_back(*ending);
    settings_.roll_back();
}

void BackendSession::fail_transaction() {
    if (block_ == Block::none || block_ == Block::failed) return;
    if (block_ == Block::implicit) {
        roll_back_transaction();
        return;
    }
    block_ = Block::failed;
    portals_.clear();
    // Locks go at once, not when the client says ROLLBACK. A savepoint is still to be gone back to.
    if (transaction().savepoints.empty()) {
        engine_.roll_back(transaction());
        settings_.roll_back();
    } else {
        const std::size_t last = transaction().savepoints.size() - 1;
        engine_.roll_back_to(transaction(), last);
        settings_.roll_back_to_savepoint(last);
    }
}

Checked<> BackendSession::set_transaction_mode(const std::string& name, const std::string& value) {
    if (name == "transaction_isolation") {
        if (value != isolation_name_ && snapshot_taken_) {
            return sql_error("25001",
                             "SET TRANSACTION ISOLATION LEVEL must be called before any query");
        }
        if (value != isolation_name_ && !transaction().savepoints.empty()) {
            return sql_error("25001",
                             "SET TRANSACTION ISOLATION LEVEL must not be called in a "
                             "subtransaction");
        }
        if (value == "serializable" && engine_.in_recovery()) {
            auto error = sql_error("0A000", "cannot use serializable mode in a hot standby");
            error.error()->hint = "You can use REPEATABLE READ instead.";
            return error;
        }
        if (value != "read committed" && value != "read uncommitted" &&
            value != "repeatable read" && value != "serializable")
            return sql_error("22023", fmt::format("invalid value for parameter "
                                                  "\"transaction_isolation\": \"{}\"",
                                                  value));
        isolation_name_ = value;
        transaction().isolation = isolation_level(value);
        return {};
    }
    if (name == "transaction_read_only") {
        const auto read_only = parse_bool_setting(value);
        if (!read_only) {
            return sql_error("22023",
                             "parameter \"transaction_read_only\" requires a Boolean value");
        }
        if (!*read_only && transaction().read_only && !transaction().savepoints.empty()) {
            return sql_error("25001",
                             "cannot set transaction read-write mode inside a read-only "
                             "transaction");
        }
        if (!*read_only && transaction().read_only && snapshot_taken_) {
            return sql_error("25001", "transaction read-write mode must be set before any query");
        }
        if (!*read_only && engine_.in_recovery())
            return sql_error("0A000", "cannot set transaction read-write mode during recovery");
        transaction().read_only = *read_only;
        return {};
    }
    if (name == "transaction_deferrable") {
        const auto deferrable = parse_bool_setting(value);
        if (!deferrable) {
            return sql_error("22023",
                             "parameter \"transaction_deferrable\" requires a Boolean value");
        }
        if (!transaction().savepoints.empty()) {
            return sql_error("25001",
                             "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a "
                             "subtransaction");
        }
        if (snapshot_taken_) {
            return sql_error("25001",
                             "SET TRANSACTION [NOT] DEFERRABLE must be called before any query");
        }
        transaction().deferrable = *deferrable;
        return {};
    }
    return settings_.missing(name);
}

Checked<StatementResult> BackendSession::begin_block(const TransactionStatement& statement) {
    const std::string tag =
        statement.command == TransactionCommand::start ? "START TRANSACTION" : "BEGIN";
    const bool already = block_ == Block::in_progress;
    // A mode that is refused leaves no block behind, unless there was one.
    for (const auto& [name, value] : statement.modes) {
        SQL_CHECK(set_transaction_mode(name, value));
    }
    block_ = Block::in_progress;
    if (already) return with_warning(tag, "25001", "there is already a transaction in progress");
    return completed(tag);
}

Task<Checked<StatementResult>> BackendSession::commit_block() {
    if (block_ == Block::failed) {
        roll_back_transaction();
        co_return completed("ROLLBACK");
    }
    const bool implicit = block_ == Block::implicit;
    SQL_CO_TRY(Notices notices, co_await commit_transaction());
    StatementResult result = completed("COMMIT");
    if (implicit) result = with_warning("COMMIT", "25P01", "there is no transaction in progress");
    add_notices(result, std::move(notices));
    co_return result;
}

Checked<StatementResult> BackendSession::roll_back_block() {
    const bool implicit = block_ == Block::implicit;
    roll_back_transaction();
    if (implicit) return with_warning("ROLLBACK", "25P01", "there is no transaction in progress");
    return completed("ROLLBACK");
}

Task<Checked<StatementResult>> BackendSession::prepare_block(std::string gid) {
    if (block_ == Block::failed) {
        roll_back_transaction();
        co_return completed("ROLLBACK");
    }
    const bool implicit = block_ == Block::implicit;
    if (implicit && !several_statements_) {
        SQL_CO_TRY(Notices notices, co_await commit_transaction());
        StatementResult result =
            with_warning("ROLLBACK", "25P01", "there is no transaction in progress");
        add_notices(result, std::move(notices));
        co_return result;
    }
    PreparedRecord name{.gid = std::move(gid), .owner = user_, .database = database_};
    name.prepared_at = clock_time();
    const std::shared_ptr<Transaction> preparing = transaction_;
    Checked<> allowed;
    if (!preparing->listen_actions.empty() || !preparing->notifications.empty()) {
        allowed = sql_error("0A000",
                            "cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or "
                            "NOTIFY");
    }
    if (allowed) allowed = engine_.serializable().before_commit(*preparing);
    if (!allowed) {
        roll_back_transaction();
        co_return std::unexpected(std::move(allowed).error());
    }
    const SynchronousCommit level = settings_.synchronous_commit();
    auto prepared = co_await engine_.prepare(preparing, std::move(name), level);
    if (!prepared) {
        // There is no block left to roll back, either.
        roll_back_transaction();
        co_return std::unexpected(std::move(prepared).error());
    }
    block_ = Block::none;
    portals_.clear();
    transaction_ = nullptr;
    settings_.commit();
    SQL_CO_TRY(Notices notices, cut_short(*prepared));
    StatementResult result = completed("PREPARE TRANSACTION");
    if (implicit)
        result =
            with_warning("PREPARE TRANSACTION", "25P01", "there is no transaction in progress");
    add_notices(result, std::move(notices));
    co_return result;
}

Task<Checked<StatementResult>> BackendSession::finish_prepared(TransactionStatement statement) {
    const bool commit = statement.command == TransactionCommand::commit_prepared;
    const std::string command = commit ? "COMMIT PREPARED" : "ROLLBACK PREPARED";
    if (is_in_block()) {
        co_return sql_error("25001",
                            fmt::format("{} cannot run inside a transaction block", command));
    }
    const SynchronousCommit level = settings_.synchronous_commit();
    SQL_CO_TRY(const Interrupt reason,
               co_await engine_.finish_prepared(std::move(statement.gid), commit, user_, database_,
                                                locks_, level, statement_deadline_));
    SQL_CO_TRY(Notices notices, cut_short(reason));
    StatementResult result = completed(command);
    add_notices(result, std::move(notices));
    co_return result;
}

Checked<std::size_t> BackendSession::find_savepoint(std::string_view name) const {
    const auto& savepoints = transaction_->savepoints;
    for (std::size_t i = savepoints.size(); i > 0; --i) {
        if (savepoints[i - 1].name == name) return i - 1;
    }
    return sql_error("3B001", fmt::format("savepoint \"{}\" does not exist", name));
}

Checked<StatementResult> BackendSession::savepoint(const TransactionStatement& statement) {
    const bool is_define = statement.command == TransactionCommand::savepoint;
    const bool is_release = statement.command == TransactionCommand::release;
    const std::string_view command = is_define    ? "SAVEPOINT"
                                     : is_release ? "RELEASE SAVEPOINT"
                                                  : "ROLLBACK TO SAVEPOINT";
    if (block_ == Block::implicit) {
        return sql_error("25P01",
                         fmt::format("{} can only be used in transaction blocks", command));
    }
    Transaction& current = transaction();
    if (is_define) {
        current.savepoints.push_back({.name = statement.savepoint,
                                      .id = current.id,
                                      .ids = current.ids.size(),
                                      .changes = current.changes.size(),
                                      .redo = current.redo.mark(),
                                      .locks = LockTable::mark(*locks_),
                                      .touched_heaps = current.touched_heaps.size(),
                                      .drops_storage = current.drops_storage,
                                      .catalog = current.catalog,
                                      .read_only = current.read_only,
                                      .listen_actions = current.listen_actions.size(),
                                      .notifications = current.notifications.size()});
        // What comes now gets an id of its own, so that it can end alone.
        current.id = no_transaction;
        settings_.push_savepoint();
        return completed("SAVEPOINT");
    }
    SQL_TRY(const std::size_t place, find_savepoint(statement.savepoint));
    current.read_only = current.savepoints[place].read_only;
    if (is_release) {
        engine_.release(current, place);
        settings_.release_savepoint(place);
        return completed("RELEASE");
    }
    engine_.roll_back_to(current, place);
    settings_.roll_back_to_savepoint(place);
    portals_.clear();
    block_ = Block::in_progress;
    return completed("ROLLBACK");
}

}  // namespace atlas::sim::models::postgres

// Where transactions begin and end: BEGIN, COMMIT, ROLLBACK, savepoints, and the implicit
// transaction around everything else.

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/session/backend_session.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

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
    transaction_ = std::make_shared<Transaction>(engine_.host());
    transaction_->locks = locks_;
    transaction_->started_at = statement_time_;
    isolation_name_ = settings_.default_isolation();
    if (isolation_name_ == "repeatable read")
        transaction_->isolation = IsolationLevel::repeatable_read;
    transaction_->read_only = settings_.default_read_only();
    snapshot_taken_ = false;
}

Task<> BackendSession::commit_transaction() {
    const SynchronousCommit level = settings_.synchronous_commit();
    block_ = Block::none;
    portals_.clear();
    // From here on the engine owns the outcome: nothing interrupts a commit.
    const std::shared_ptr<Transaction> ending = std::move(transaction_);
    transaction_ = nullptr;
    co_await engine_.commit(ending, level);
    settings_.commit();
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
        if (value == "serializable") return not_covered("the isolation level SERIALIZABLE");
        if (value != "read committed" && value != "read uncommitted" && value != "repeatable read")
            return sql_error("22023", fmt::format("invalid value for parameter "
                                                  "\"transaction_isolation\": \"{}\"",
                                                  value));
        isolation_name_ = value;
        transaction().isolation = value == "repeatable read" ? IsolationLevel::repeatable_read
                                                             : IsolationLevel::read_committed;
        return {};
    }
    if (name == "transaction_read_only") {
        const auto read_only = parse_bool_setting(value);
        if (!read_only) {
            return sql_error("22023",
                             "parameter \"transaction_read_only\" requires a Boolean value");
        }
        if (!*read_only && transaction().read_only && snapshot_taken_) {
            return sql_error("25001", "transaction read-write mode must be set before any query");
        }
        transaction().read_only = *read_only;
        return {};
    }
    return SessionSettings::missing(name);
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
    co_await commit_transaction();
    if (implicit) co_return with_warning("COMMIT", "25P01", "there is no transaction in progress");
    co_return completed("COMMIT");
}

Checked<StatementResult> BackendSession::roll_back_block() {
    const bool implicit = block_ == Block::implicit;
    roll_back_transaction();
    if (implicit) return with_warning("ROLLBACK", "25P01", "there is no transaction in progress");
    return completed("ROLLBACK");
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
                                      .ids = current.ids.size(),
                                      .changes = current.changes.size(),
                                      .redo = current.redo.mark(),
                                      .locks = LockTable::mark(*locks_),
                                      .touched_heaps = current.touched_heaps.size(),
                                      .drops_storage = current.drops_storage,
                                      .catalog = current.catalog});
        // What comes now gets an id of its own, so that it can end alone.
        current.id = no_transaction;
        settings_.push_savepoint();
        return completed("SAVEPOINT");
    }
    SQL_TRY(const std::size_t place, find_savepoint(statement.savepoint));
    if (is_release) {
        current.savepoints.resize(place);
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

#include "sim/models/postgres/session/backend_session.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "sim/models/postgres/types/timestamp.hpp"

namespace atlas::sim::models::postgres {

using host::Deadline;
using host::Duration;
using host::Task;

namespace {

// The cluster as the tests' real one is made: one role and one database of Atlas's own beside the
// superuser's.
Checked<> check_login(std::string_view user, std::string_view database) {
    if (user != "atlas" && user != "postgres")
        return sql_error("28000", fmt::format("role \"{}\" does not exist", user));
    if (database != "atlas" && database != "postgres")
        return sql_error("3D000", fmt::format("database \"{}\" does not exist", database));
    return {};
}

}  // namespace

Outcome<std::unique_ptr<Session>> Session::open(
    Server& server, std::string user, std::string database,
    std::vector<std::pair<std::string, std::string>> parameters) {
    Engine& engine = server.engine();
    const auto refuse = [](Failure failure) {
        failure->severity = "FATAL";
        return std::unexpected(std::move(failure).release());
    };
    Checked<> accepting = engine.check_accepting();
    if (!accepting) return refuse(std::move(accepting).error());
    Checked<> known = check_login(user, database);
    if (!known) return refuse(std::move(known).error());
    Checked<std::uint32_t> process_id = engine.admit(user);
    if (!process_id) return refuse(std::move(process_id).error());
    auto session =
        std::make_unique<BackendSession>(engine, *process_id, std::move(user), std::move(database));
    Checked<> applied = session->apply_start_up(parameters);
    if (!applied) return refuse(std::move(applied).error());
    return session;
}

BackendSession::BackendSession(Engine& engine, std::uint32_t process_id, std::string user,
                               std::string database)
    : engine_(engine),
      locks_(std::make_shared<LockOwner>(engine.locks(), process_id)),
      user_(std::move(user)),
      database_(std::move(database)),
      settings_(engine.settings(), user_) {
    std::array<std::byte, 4> secret{};
    engine_.host().entropy(secret);
    for (const std::byte byte : secret)
        cancel_secret_ = (cancel_secret_ << 8) | std::to_integer<std::uint32_t>(byte);
    follow_recovery();
    engine_.add_session(*this);
}

// Clients are told of it, as of every change of a parameter that is reported.
void BackendSession::follow_recovery() {
    settings_.set_in_hot_standby(engine_.in_recovery());
}

BackendSession::~BackendSession() {
    roll_back_transaction();
    engine_.remove_session(*this);
}

Checked<> BackendSession::apply_start_up(
    const std::vector<std::pair<std::string, std::string>>& parameters) {
    for (const auto& [name, value] : parameters) {
        SQL_CHECK(settings_.set_default(name, value));
    }
    return {};
}

Task<> BackendSession::close() {
    roll_back_transaction();
    engine_.locks().release_advisory(*locks_);
    co_return;
}

void BackendSession::cancel() {
    if (working_) locks_->interrupt(Interrupt::cancel);
}

void BackendSession::cancel_for_recovery() {
    // A client that is silent looks at no mark; and ROLLBACK TO would keep the lock, if it was
    // taken before the savepoint.
    const bool in_savepoint = transaction_ != nullptr && !transaction_->savepoints.empty();
    if (working_ && !waits_for_client_ && !in_savepoint) {
        locks_->interrupt(Interrupt::recovery_conflict);
        return;
    }
    terminate({.severity = "FATAL",
               .sqlstate = "40001",
               .message = "terminating connection due to conflict with recovery",
               .detail = "User was holding a relation lock for too long.",
               .hint = in_savepoint ? ""
                                    : "In a moment you should be able to reconnect to the database "
                                      "and repeat your command."});
}

void BackendSession::terminate(ServerMessage message) {
    if (termination_) return;
    termination_ = std::move(message);
    if (working_) {
        locks_->interrupt(Interrupt::terminate);
    } else {
        roll_back_transaction();
    }
    if (on_termination_) on_termination_();
}

void BackendSession::idle_too_long() {
    idle_deadline_ = Deadline::never();
    const bool in_transaction = block_ != Block::none;
    terminate({.severity = "FATAL",
               .sqlstate = in_transaction ? "25P03" : "57P05",
               .message = in_transaction
                              ? "terminating connection due to idle-in-transaction timeout"
                              : "terminating connection due to idle-session timeout"});
}

void BackendSession::begin_work() {
    working_ = true;
    follow_recovery();
    idle_deadline_ = Deadline::never();
    statement_time_ = timestamp_of(engine_.host().clock().utc_now());
    forget_late_cancel();
}

// As PostgreSQL does whenever it reads a message: what came too late for the last one, also of the
// same batch, is not for this one.
void BackendSession::forget_late_cancel() {
    if (locks_->pending_interrupt() != Interrupt::terminate) locks_->clear_interrupt();
}

Checked<> BackendSession::check_interrupted() {
    const Interrupt reason = locks_->pending_interrupt();
    if (reason == Interrupt::none) return {};
    locks_->clear_interrupt();
    return std::unexpected(interrupted(reason));
}

std::optional<host::TimePoint> BackendSession::idle_in_transaction_since() const {
    if (working_ || termination_ || block_ == Block::none) return std::nullopt;
    return idle_since_;
}

void BackendSession::end_work() {
    working_ = false;
    idle_since_ = engine_.host().clock().now();
    const Duration limit = block_ == Block::none ? settings_.idle_session_timeout()
                                                 : settings_.idle_in_transaction_session_timeout();
    if (limit <= Duration::zero() || termination_) return;
    idle_deadline_ = host::deadline_after(engine_.host(), limit);
    engine_.watch_idle(idle_deadline_);
}

void BackendSession::start_statement_timer() {
    const Duration limit = settings_.statement_timeout();
    statement_deadline_ =
        limit > Duration::zero() ? host::deadline_after(engine_.host(), limit) : Deadline::never();
}

WaitLimits BackendSession::wait_limits() const {
    return {.statement = statement_deadline_,
            .lock_timeout = settings_.lock_timeout(),
            .deadlock_timeout = settings_.deadlock_timeout()};
}

TransactionState BackendSession::transaction_state() const {
    if (block_ == Block::in_progress) return TransactionState::in_block;
    if (block_ == Block::failed) return TransactionState::failed;
    return TransactionState::idle;
}

std::int64_t BackendSession::transaction_time() {
    return transaction_ == nullptr ? statement_time_ : transaction_->started_at;
}

std::int64_t BackendSession::clock_time() {
    return timestamp_of(engine_.host().clock().utc_now());
}

Uuid BackendSession::random_uuid() {
    Uuid uuid{};
    engine_.host().entropy(std::as_writable_bytes(std::span(uuid)));
    // RFC 9562, version 4.
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0F) | 0x40);
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3F) | 0x80);
    return uuid;
}

LogPositions BackendSession::log_positions() const {
    const Engine::LogState state = engine_.log_state();
    return {.in_recovery = engine_.in_recovery(),
            .timeline = engine_.history().timeline,
            .inserted = state.inserted,
            .written = state.written,
            .flushed = state.flushed,
            .received = state.received,
            .replayed = state.replayed,
            .last_replayed_at = state.last_replayed_at};
}

std::int64_t BackendSession::server_start_time() const {
    return timestamp_of(engine_.started_at());
}

Checked<std::int64_t> BackendSession::transaction_id() {
    if (engine_.in_recovery())
        return sql_error("25006", "cannot execute pg_current_xact_id() during recovery");
    engine_.transactions().assign_id(transaction());
    return static_cast<std::int64_t>(transaction().ids.front());
}

std::uint64_t BackendSession::random_bits() {
    std::uint64_t bits = 0;
    engine_.host().entropy(std::as_writable_bytes(std::span(&bits, 1)));
    return bits;
}

Checked<std::string> BackendSession::setting(std::string_view name) const {
    if (transaction_ != nullptr && name == "transaction_isolation") return isolation_name_;
    if (transaction_ != nullptr && name == "transaction_deferrable")
        return transaction_->deferrable ? "on" : "off";
    if (transaction_ != nullptr && name == "transaction_read_only")
        return transaction_->read_only ? "on" : "off";
    return settings_.show(name);
}

Checked<std::string> BackendSession::change_setting(std::string_view name, std::string value,
                                                    bool local) {
    if (name == "transaction_isolation" || name == "transaction_read_only" ||
        name == "transaction_deferrable") {
        SQL_CHECK(set_transaction_mode(std::string(name), value));
        return setting(name);
    }
    return settings_.set(name, &value, local);
}

}  // namespace atlas::sim::models::postgres

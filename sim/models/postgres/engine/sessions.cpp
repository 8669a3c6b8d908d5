// The sessions of a server, and the watch over those that idle.

#include <algorithm>

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/session/backend_session.hpp"

namespace atlas::sim::models::postgres {

using host::Deadline;
using host::Task;

// superuser_reserved_connections. A server with no more than these does not start in PostgreSQL;
// here it keeps none.
constexpr std::size_t reserved_for_superusers = 3;

// In the words of PostgreSQL's ProcessStartupPacket, which asks this before who it is.
Checked<> Engine::check_accepting() const {
    switch (phase_) {
        case Phase::starting:
            return sql_error("57P03", "the database system is starting up");
        case Phase::replaying:
            return std::unexpected(
                Failure({.sqlstate = "57P03",
                         .message = "the database system is not yet accepting connections",
                         .detail = "Consistent recovery state has not been yet reached."}));
        case Phase::open:
            return {};
        case Phase::shutting_down:
            return sql_error("57P03", "the database system is shutting down");
    }
    return {};
}

Checked<std::uint32_t> Engine::admit(std::string_view user) {
    const std::size_t most = settings_.max_connections;
    if (sessions_.size() >= most) return sql_error("53300", "sorry, too many clients already");
    if (user != superuser && most > reserved_for_superusers &&
        sessions_.size() >= most - reserved_for_superusers) {
        return sql_error("53300",
                         "remaining connection slots are reserved for non-replication superuser "
                         "connections");
    }
    return next_process_id_++;
}

void Engine::add_session(BackendSession& session) {
    sessions_.emplace(session.process_id(), &session);
}

void Engine::remove_session(BackendSession& session) {
    sessions_.erase(session.process_id());
    session_ended_.wake_all();
}

void Engine::request_cancel(std::uint32_t process_id, std::uint32_t secret) {
    const auto found = sessions_.find(process_id);
    if (found != sessions_.end() && found->second->cancel_secret() == secret)
        found->second->cancel();
}

// In the order of the commits. Whoever begins to listen in the same transaction hears it too.
void Engine::deliver_notifications(Transaction& transaction) {
    const auto own = sessions_.find(transaction.locks->process_id());
    if (own != sessions_.end()) own->second->apply_listening(transaction.listen_actions);
    if (transaction.notifications.empty()) return;
    for (const auto& [process_id, session] : sessions_)
        session->hear(transaction.notifications);
}

std::vector<IdleTransaction> Engine::idle_transactions() const {
    std::vector<IdleTransaction> idle;
    for (const auto& [process_id, session] : sessions_) {
        if (const auto since = session->idle_in_transaction_since())
            idle.push_back({process_id, *since});
    }
    return idle;
}

void Engine::watch_idle(Deadline deadline) {
    if (deadline.point() < idle_watch_until_.point()) idle_changed_.set();
}

// One task for all: it wakes at the earliest deadline, or when an earlier one is set.
Task<> Engine::run_idle_watch() {
    while (true) {
        Deadline earliest = Deadline::never();
        for (const auto& [process_id, session] : sessions_)
            earliest = earliest.earlier_of(session->idle_deadline());
        idle_watch_until_ = earliest;
        idle_changed_.reset();
        co_await idle_changed_.wait(earliest);
        const host::TimePoint now = host_.clock().now();
        std::vector<BackendSession*> expired;
        for (const auto& [process_id, session] : sessions_) {
            if (session->idle_deadline().passed(now)) expired.push_back(session);
        }
        for (BackendSession* session : expired)
            session->idle_too_long();
    }
}

}  // namespace atlas::sim::models::postgres

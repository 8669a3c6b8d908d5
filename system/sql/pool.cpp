#include "system/sql/pool.hpp"

#include <utility>

#include "system/host/check.hpp"

namespace atlas::sql {
namespace {

std::unexpected<Error> no_connection(std::string message) {
    return std::unexpected(Error{.kind = ErrorKind::cannot_connect, .message = std::move(message)});
}

PoolOptions with_session_settings(PoolOptions options) {
    auto& settings = options.target.session_settings;
    const auto set = [&](std::string name, std::chrono::milliseconds value) {
        settings.emplace_back(std::move(name), std::to_string(value.count()));
    };
    set("statement_timeout", options.statement_timeout);
    set("lock_timeout", options.lock_timeout);
    set("idle_in_transaction_session_timeout", options.idle_in_transaction_session_timeout);
    return options;
}

}  // namespace

struct Lease::Session {
    std::unique_ptr<Connection> connection;
    StatementCache statements;
    host::TimePoint expires;
    /// Set while an operation is under way; still set when its task was cancelled in the middle.
    bool busy = false;
    /// It came from the idle ones and has not yet answered since.
    bool was_idle = false;

    bool is_clean() const {
        return !busy && connection->is_usable() &&
               connection->transaction_status() == TransactionStatus::idle;
    }
};

Lease::Lease(Pool& pool, host::Semaphore::Permit permit, std::unique_ptr<Session> session)
    : pool_(&pool), permit_(std::move(permit)), session_(std::move(session)) {}

Lease::Lease(Lease&& other) noexcept = default;

Lease::~Lease() {
    if (session_) pool_->give_back(std::move(session_));
}

TransactionStatus Lease::transaction_status() const {
    return session_->connection->transaction_status();
}

bool Lease::is_usable() const {
    return session_->connection->is_usable();
}

template <typename T>
Result<T> Lease::finish(Result<T> result) {
    session_->busy = false;
    if (!result && result.error().kind == ErrorKind::connection_lost && session_->was_idle) {
        // It had died while idle, most likely with the server: the other idle ones are no better,
        // and each would cost some request an attempt.
        pool_->idle_.clear();
    }
    if (!result && (result.error().sqlstate == "26000" || result.error().sqlstate == "0A000")) {
        // The session's prepared statements are not what the cache believes (a statement is
        // missing, or the table under one has changed): start afresh.
        session_->connection->close();
        session_->busy = true;
    }
    session_->was_idle = false;
    return result;
}

host::Task<Result<QueryResult>> Lease::query(host::Context context, std::string text) {
    session_->busy = true;
    Result<QueryResult> result = co_await session_->connection->query(context, std::move(text));
    co_return finish(std::move(result));
}

host::Task<Result<QueryResult>> Lease::execute(host::Context context, Statement statement,
                                               Parameters parameters) {
    session_->busy = true;
    Result<QueryResult> result = co_await session_->statements.execute(
        *session_->connection, context, statement, std::move(parameters));
    co_return finish(std::move(result));
}

Pool::Pool(host::Host& host, Driver& driver, PoolOptions options)
    : host_(host),
      driver_(driver),
      options_(with_session_settings(std::move(options))),
      random_(host.random("sql.pool")),
      permits_(host, options_.size, options_.waiting) {
    ATLAS_CHECK(options_.size > 0, "a pool without connections serves nobody");
}

Pool::~Pool() = default;

host::Task<Result<Lease>> Pool::acquire(host::Context context) {
    if (closed_) co_return no_connection("the pool is closed");
    host::Result<host::Semaphore::Permit> permit = co_await permits_.acquire(context.deadline);
    if (!permit) co_return no_connection(std::move(permit.error().detail));
    std::unique_ptr<Lease::Session> session = take_idle();
    if (!session) {
        Result<std::unique_ptr<Lease::Session>> connected = co_await connect(context);
        if (!connected) co_return std::unexpected(std::move(connected.error()));
        session = std::move(*connected);
    }
    co_return Lease(*this, std::move(*permit), std::move(session));
}

std::unique_ptr<Lease::Session> Pool::take_idle() {
    const host::TimePoint now = host_.clock().now();
    while (!idle_.empty()) {
        std::unique_ptr<Lease::Session> session = std::move(idle_.back());
        idle_.pop_back();
        if (!session->connection->is_usable() || session->expires <= now) continue;
        session->was_idle = true;
        return session;
    }
    return nullptr;
}

host::Task<Result<std::unique_ptr<Lease::Session>>> Pool::connect(host::Context context) {
    if (no_connect_before_ > host_.clock().now()) {
        if (context.deadline.passed(no_connect_before_)) {
            co_return no_connection("the server could not be reached a moment ago");
        }
        co_await host::sleep_until(host_, no_connect_before_);
    }
    const host::Context limited =
        context.with_deadline(host::deadline_after(host_, options_.connect_timeout));
    Result<std::unique_ptr<Connection>> connection =
        co_await driver_.connect(limited, options_.target);
    if (!connection) {
        connect_failed();
        connection.error().kind = ErrorKind::cannot_connect;
        co_return std::unexpected(std::move(connection.error()));
    }
    failures_ = 0;
    // Not all at one time: connections born together must not end together.
    const host::Duration lifetime =
        random_.between(options_.max_lifetime / 4 * 3, options_.max_lifetime);
    co_return std::make_unique<Lease::Session>(std::move(*connection),
                                               StatementCache(options_.statements),
                                               host_.clock().now() + lifetime);
}

void Pool::connect_failed() {
    const host::Duration pause = reliability::full_jitter(options_.reconnect, failures_, random_);
    if (failures_ < 32) ++failures_;
    no_connect_before_ = host_.clock().now() + pause;
}

void Pool::give_back(std::unique_ptr<Lease::Session> session) noexcept {
    if (closed_ || !session->is_clean()) return;
    session->was_idle = false;
    idle_.push_back(std::move(session));
}

void Pool::close() noexcept {
    closed_ = true;
    idle_.clear();
}

}  // namespace atlas::sql

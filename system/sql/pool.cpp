#include "system/sql/pool.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "system/sql/blame.hpp"

namespace atlas::sql {
namespace {

std::unexpected<Error> turned_away(std::string message) {
    return std::unexpected(Error{.kind = ErrorKind::turned_away, .message = std::move(message)});
}

std::unexpected<Error> no_connection(std::string message) {
    return std::unexpected(Error{.kind = ErrorKind::cannot_connect, .message = std::move(message)});
}

std::unexpected<Error> circuit_is_open() {
    return turned_away("the database failed a moment ago: its circuit is open");
}

/// The session died, and not because its user was in a hurry.
bool is_death(const Error& error) {
    return error.kind == ErrorKind::connection_lost || error.fatal;
}

std::chrono::milliseconds below_slow_call(const PoolOptions& options) {
    using std::chrono::milliseconds;
    const milliseconds highest = std::max(
        std::chrono::floor<milliseconds>(options.breaker.slow_call / 4 * 3), milliseconds{1});
    // Zero is no limit.
    if (options.lock_timeout == milliseconds::zero()) return highest;
    return std::min(options.lock_timeout, highest);
}

PoolOptions with_session_settings(PoolOptions options) {
    options.lock_timeout = below_slow_call(options);
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
    /// What is under way, or was given up, can be cancelled at the server.
    bool may_be_cancelled = false;
    /// It came from the idle ones and has not yet answered since.
    bool was_idle = false;
    /// Once somebody has asked.
    std::optional<ServerRun> server;

    bool is_clean() const {
        return !busy && connection->is_usable() &&
               connection->transaction_status() == TransactionStatus::idle;
    }
};

Lease::Lease(Pool& pool, Permit permit, GuardedCall call, std::unique_ptr<Session> session)
    : pool_(&pool),
      permit_(std::move(permit)),
      call_(std::move(call)),
      session_(std::move(session)) {}

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

/// An operation is under way from here to finish(), which a cancelled task never comes to.
host::TimePoint Lease::begin(bool may_be_cancelled) {
    session_->busy = true;
    session_->may_be_cancelled = may_be_cancelled;
    return pool_->host_.clock().now();
}

void Lease::finish(host::TimePoint began, const Error* error) {
    session_->busy = false;
    const bool is_given_up = error != nullptr && error->kind == ErrorKind::deadline_exceeded;
    if (!is_given_up) session_->may_be_cancelled = false;
    const host::Duration took = pool_->host_.clock().now() - began;
    const Blame blame =
        error == nullptr ? Blame::nobody : blame_for(*error, took, pool_->patience());
    if (blame == Blame::nobody) call_.succeeded(took);
    if (blame == Blame::server) call_.failed(took);
    if (error != nullptr && is_death(*error) && session_->was_idle) {
        // It had died while idle, most likely with the server: the other idle ones are no better,
        // and each would cost some request an attempt.
        pool_->idle_.clear();
    }
    if (error != nullptr && (error->sqlstate == "26000" || error->sqlstate == "0A000")) {
        // The session's prepared statements are not what the cache believes (a statement is
        // missing, or the table under one has changed): start afresh.
        session_->connection->close();
        session_->busy = true;
    }
    session_->was_idle = false;
}

host::Task<Result<QueryResult>> Lease::query(host::Context context, std::string text) {
    const host::TimePoint began = begin(false);
    Result<QueryResult> result = co_await session_->connection->query(context, std::move(text));
    finish(began, result ? nullptr : &result.error());
    co_return result;
}

host::Task<Result<QueryResult>> Lease::execute(host::Context context, Statement statement,
                                               Parameters parameters) {
    return run(context, statement, std::move(parameters), is_in_block());
}

host::Task<Result<QueryResult>> Lease::read(host::Context context, Statement statement,
                                            Parameters parameters) {
    return run(context, statement, std::move(parameters), true);
}

host::Task<Result<QueryResult>> Lease::run(host::Context context, Statement statement,
                                           Parameters parameters, bool may_be_cancelled) {
    const host::TimePoint began = begin(may_be_cancelled);
    Result<QueryResult> result = co_await session_->statements.execute(
        *session_->connection, context, statement, std::move(parameters));
    finish(began, result ? nullptr : &result.error());
    co_return result;
}

host::Task<BatchResult> Lease::execute_all(host::Context context, std::vector<std::string> texts,
                                           std::vector<Call> calls) {
    const bool begins_block = !texts.empty() && texts.front() == "BEGIN";
    const host::TimePoint began = begin(begins_block || is_in_block());
    BatchResult results = co_await session_->statements.execute_all(
        *session_->connection, context, std::move(texts), std::move(calls));
    finish(began, results ? nullptr : &results.error().cause);
    co_return results;
}

host::Task<Result<ServerRun>> Lease::server(host::Context context) {
    if (session_->server) co_return *session_->server;
    const Result<QueryResult> answer = co_await execute(context, server_run_statement, {});
    if (!answer) co_return std::unexpected(answer.error());
    Result<ServerRun> server = read_server_run(*answer);
    if (server) session_->server = *server;
    co_return server;
}

Pool::Pool(host::Host& host, Driver& driver, PoolOptions options)
    : host_(host),
      driver_(driver),
      options_(with_session_settings(std::move(options))),
      random_(host.random("sql.pool")),
      bulkhead_(host,
                {.at_once = options_.size, .waiting = options_.waiting, .delay = options_.delay}),
      breaker_(host.clock(), options_.breaker),
      cancels_(host, options_.cancel),
      changed_(host) {}

Pool::~Pool() = default;

host::Task<Result<Lease>> Pool::acquire(host::Context context) {
    if (closed_) co_return turned_away("the pool is closed");
    log_circuit();
    // Asked twice: here, so that nobody stands in line for a server that is not to be asked; and
    // when it is one's turn, since a probe that stood in line would keep others from probing.
    if (breaker_.refuses()) co_return circuit_is_open();
    host::Result<Lease::Permit> permit = co_await bulkhead_.enter(context.deadline);
    if (!permit && permit.error().code == host::ErrorCode::resource_exhausted) {
        co_return turned_away("no connection: " + permit.error().detail);
    }
    if (!permit) co_return turned_away("no connection came free in time");
    std::optional<Lease::GuardedCall> call = breaker_.admit();
    if (!call) co_return circuit_is_open();
    Result<std::unique_ptr<Lease::Session>> session = co_await idle_or_new(context, *call);
    if (!session) co_return std::unexpected(std::move(session.error()));
    ++out_;
    co_return Lease(*this, std::move(*permit), std::move(*call), std::move(*session));
}

/// Changes of the breaker's state are noticed by the next task that comes.
void Pool::log_circuit() {
    const reliability::CircuitState state = breaker_.state();
    if (state == logged_state_) return;
    logged_state_ = state;
    const bool is_good = state == reliability::CircuitState::closed;
    host_.log({is_good ? host::LogLevel::info : host::LogLevel::warning,
               "the circuit to the database has changed",
               {{"state", std::string(reliability::name(state))}}});
}

/// An attempt to connect, from its beginning to its end, however it ends.
class Pool::Attempt {
  public:
    explicit Attempt(Pool& pool) : pool_(pool), failures_before_(pool.failures_) {
        ++pool_.attempts_;
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    ~Attempt() {
        --pool_.attempts_;
        pool_.changed_.wake_all();
    }

    /// Of attempts that were made together, one failure tells what all would tell.
    bool is_first_to_fail() const { return pool_.failures_ == failures_before_; }

  private:
    Pool& pool_;
    unsigned failures_before_;
};

bool Pool::may_connect() const {
    if (failures_ == 0) return true;
    return attempts_ == 0 && no_connect_before_ <= host_.clock().now();
}

host::Task<Result<std::unique_ptr<Lease::Session>>> Pool::idle_or_new(host::Context context,
                                                                      Lease::GuardedCall& call) {
    const host::TimePoint began = host_.clock().now();
    for (;;) {
        if (closed_) co_return turned_away("the pool is closed");
        if (std::unique_ptr<Lease::Session> session = take_idle()) co_return session;
        if (may_connect()) co_return co_await connect(context, call);
        const bool pauses = no_connect_before_ > host_.clock().now();
        if (pauses && out_ == 0 && context.deadline.passed(no_connect_before_)) {
            co_return out_of_time(began, call);
        }
        const host::Deadline until =
            pauses ? context.deadline.earlier_of(host::Deadline::at(no_connect_before_))
                   : context.deadline;
        (void)co_await changed_.wait(until);
        if (context.deadline.passed(host_.clock().now())) co_return out_of_time(began, call);
    }
}

// The attempt that failed has been counted. One who then had no time for the next says nothing of
// his own, unless he had waited for as long as a slow call takes.
std::unexpected<Error> Pool::out_of_time(host::TimePoint began, Lease::GuardedCall& call) const {
    const host::Duration waited = host_.clock().now() - began;
    const Error late{.kind = ErrorKind::deadline_exceeded};
    if (blame_for(late, waited, patience()) == Blame::server) call.failed(waited);
    return no_connection("the server could not be reached a moment ago");
}

// However long an operator calls a call not yet slow: one that took as long as the server's own
// limit waited for the server.
host::Duration Pool::patience() const {
    const host::Duration limit = options_.statement_timeout;
    const host::Duration slow = options_.breaker.slow_call;
    return limit > host::Duration::zero() ? std::min(slow, limit) : slow;
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

host::Task<Result<std::unique_ptr<Lease::Session>>> Pool::connect(host::Context context,
                                                                  Lease::GuardedCall& call) {
    const Attempt attempt(*this);
    const host::TimePoint began = host_.clock().now();
    const host::Deadline latest = host::deadline_after(host_, options_.connect_timeout);
    Result<std::unique_ptr<Connection>> connection =
        co_await driver_.connect(context.with_deadline(latest), options_.target);
    if (!connection) {
        // A caller who could not wait says nothing about the server.
        const bool tells = connection.error().kind != ErrorKind::deadline_exceeded ||
                           context.with_deadline(latest).deadline == latest;
        const host::Duration took = host_.clock().now() - began;
        const Blame blame = blame_for(connection.error(), took, patience());
        if (tells || blame == Blame::server) call.failed(took);
        if (tells && attempt.is_first_to_fail()) connect_failed();
        connection.error().kind = ErrorKind::cannot_connect;
        co_return std::unexpected(std::move(connection.error()));
    }
    call.succeeded(host_.clock().now() - began);
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
    --out_;
    // A server that fails or crawls is asked for nothing that the breaker has not admitted.
    if (session->may_be_cancelled && breaker_.state() == reliability::CircuitState::closed) {
        cancels_.give_up(std::move(session->connection));
        return;
    }
    if (closed_ || !session->is_clean()) return;
    session->was_idle = false;
    idle_.push_back(std::move(session));
    changed_.wake_all();
}

void Pool::close() noexcept {
    closed_ = true;
    idle_.clear();
    cancels_.close();
    changed_.wake_all();
}

}  // namespace atlas::sql

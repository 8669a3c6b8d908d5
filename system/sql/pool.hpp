#pragma once
// A bounded pool of connections to one server, and the guard of that server: a circuit breaker and
// a bulkhead stand before it, in the order that docs/decisions/0007-reliability.md gives. It runs
// no task of its own: a connection is made by the task that needs it, under that task's deadline.
//
//     Result<Lease> lease = co_await pool.acquire(context);
//     if (!lease) ...
//     Result<QueryResult> rows = co_await lease->execute(context, statement, parameters);

#include <memory>
#include <string>
#include <vector>

#include "system/reliability/bulkhead.hpp"
#include "system/reliability/circuit_breaker.hpp"
#include "system/sql/pool_options.hpp"
#include "system/sql/server_look.hpp"
#include "system/sql/statement_cache.hpp"

namespace atlas::sql {

class Pool;

/// One connection, for its holder alone. It goes back to the pool when destroyed, unless it is
/// broken, too old, inside a transaction, or was left in mid-operation by a cancelled task: then it
/// is dropped, and the server rolls back.
///
/// A statement that is given up (its deadline passes, its task is cancelled) is cancelled at the
/// server, so that it lets go of its locks; but only where that cannot touch a commit: inside a
/// transaction block, or if it only reads. Outside a block any other commits itself at its end.
class Lease {
  public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    /// Never cancelled: the text may be a COMMIT, or have one in it. (No batch and no prepared
    /// statement can: see Connection::run_batch().)
    host::Task<Result<QueryResult>> query(host::Context context, std::string text);
    host::Task<Result<QueryResult>> execute(host::Context context, Statement statement,
                                            Parameters parameters);
    /// As execute(), of a statement that changes nothing.
    host::Task<Result<QueryResult>> read(host::Context context, Statement statement,
                                         Parameters parameters);
    /// As StatementCache::execute_all().
    host::Task<BatchResult> execute_all(host::Context context, std::vector<std::string> texts,
                                        std::vector<Call> calls);

    /// Which primary this is, asked once for each connection: a server that stops being one ends
    /// its connections. Errors: those of execute(), 55000 on a follower, protocol.
    host::Task<Result<ServerRun>> server(host::Context context);

    TransactionStatus transaction_status() const;
    bool is_usable() const;

  private:
    friend class Pool;
    struct Session;

    using Permit = reliability::Bulkhead::Permit;
    using GuardedCall = reliability::CircuitBreaker::Call;

    Lease(Pool& pool, Permit permit, GuardedCall call, std::unique_ptr<Session> session);
    bool is_in_block() const { return transaction_status() != TransactionStatus::idle; }
    host::TimePoint begin(bool may_be_cancelled);
    host::Task<Result<QueryResult>> run(host::Context context, Statement statement,
                                        Parameters parameters, bool may_be_cancelled);
    void finish(host::TimePoint began, const Error* error);

    // The permit is last to go: the session is back in the pool by then.
    Pool* pool_;
    Permit permit_;
    GuardedCall call_;
    std::unique_ptr<Session> session_;
};

class Pool {
  public:
    /// `driver` outlives the pool; the pool outlives its leases.
    Pool(host::Host& host, Driver& driver, PoolOptions options);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Waits for a connection. While the server cannot be reached, one task at a time tries to
    /// connect, after a growing back-off for the pool as a whole; the others wait for what becomes
    /// of it. Errors, definite always: turned_away (the circuit is open, the line is full or too
    /// slow: nothing was asked of the server), else cannot_connect whatever stood in the way.
    host::Task<Result<Lease>> acquire(host::Context context);

    /// Drops the idle connections, and those out on lease as they come back.
    void close() noexcept;

    /// Where nobody runs its send_until_closed(), nothing is cancelled. The pool's close() is its.
    CancelQueue& cancels() { return cancels_; }

    const PoolOptions& options() const { return options_; }
    std::size_t idle() const { return idle_.size(); }
    std::size_t leased() const { return bulkhead_.inside(); }
    std::size_t waiting() const { return bulkhead_.waiting(); }
    const reliability::Bulkhead& bulkhead() const { return bulkhead_; }
    const reliability::CircuitBreaker& breaker() const { return breaker_; }

  private:
    friend class Lease;

    class Attempt;

    host::Task<Result<std::unique_ptr<Lease::Session>>> idle_or_new(host::Context context,
                                                                    Lease::GuardedCall& call);
    host::Task<Result<std::unique_ptr<Lease::Session>>> connect(host::Context context,
                                                                Lease::GuardedCall& call);
    std::unexpected<Error> out_of_time(host::TimePoint began, Lease::GuardedCall& call) const;
    void log_circuit();
    bool may_connect() const;
    /// After so long, whoever ran out of time says something about the server.
    host::Duration patience() const;
    std::unique_ptr<Lease::Session> take_idle();
    void give_back(std::unique_ptr<Lease::Session> session) noexcept;
    void connect_failed();

    host::Host& host_;
    Driver& driver_;
    PoolOptions options_;
    host::RandomSource random_;
    reliability::Bulkhead bulkhead_;
    reliability::CircuitBreaker breaker_;
    reliability::CircuitState logged_state_ = reliability::CircuitState::closed;
    std::vector<std::unique_ptr<Lease::Session>> idle_;  ///< The most recently used last.
    CancelQueue cancels_;
    host::WaitList changed_;    ///< Those who may not connect now, and would take an idle one.
    std::size_t attempts_ = 0;  ///< To connect, under way.
    std::size_t out_ = 0;       ///< Sessions on lease.
    unsigned failures_ = 0;
    host::TimePoint no_connect_before_{};
    bool closed_ = false;
};

}  // namespace atlas::sql

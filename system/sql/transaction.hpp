#pragma once
// Transactions: BEGIN, the work, COMMIT; again when PostgreSQL gave it up; and the truth about how
// it ended. All writes of Atlas go through here.
//
//  * BEGIN goes with the first statement, in one round trip.
//  * A COMMIT is never cancelled and never repeated. When its answer does not come (the connection
//    is lost, the deadline passes, the server goes down), the outcome is indefinite.
//  * Whatever fails before COMMIT is sent is definite: the server undoes it.
//  * Retried, under the deadline and as far as the retry budget goes: 40001, 40P01, no connection,
//    a connection lost before COMMIT, a session whose prepared statements are stale. Not a refusal
//    of user or password (class 28), nor a turning away by the pool.
//  * Where the database has followers, what a transaction tells is as strong as a read, even if it
//    changed nothing: a COMMIT of something is a fence of its own (read_fence.hpp), all else is
//    told behind one. So work that only reads gives up: PostgreSQL waits for no follower to commit
//    it.

#include <concepts>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "system/host/host.hpp"
#include "system/reliability/retry.hpp"
#include "system/reliability/retry_budget.hpp"
#include "system/sql/pool.hpp"
#include "system/sql/session.hpp"
#include "system/sql/topology.hpp"

namespace atlas::sql {

/// Why a transaction did not come to its end.
struct TransactionError {
    Error cause;
    host::Certainty certainty;
};

template <typename T>
using TransactionResult = std::expected<T, TransactionError>;

/// One attempt, begun by its first statement. Its work sees the statements and give_up() alone.
class Transaction {
  public:
    Transaction(host::Host& host, Lease lease, host::Context context,
                std::chrono::milliseconds statement_timeout);

    host::Task<Result<QueryResult>> execute(Statement statement, Parameters parameters);
    /// All in one round trip, up to the first that fails.
    host::Task<BatchResult> execute_all(std::vector<Call> calls);
    host::Task<Result<QueryResult>> query(std::string text);

    /// The work is to be rolled back although nothing failed.
    void give_up() { given_up_ = true; }
    bool is_given_up() const { return given_up_; }

    /// Certainty of an error as `commit_certainty` has it.
    host::Task<Result<void>> commit();
    /// Best effort: on failure the connection is dropped, which rolls back as well.
    host::Task<> roll_back();

    /// After the commit: the session has seen it. Where the log's end cannot be learnt, it has to
    /// read on the primary next.
    host::Task<> note_in(Session& session);
    /// After a rollback: confirms what was read.
    host::Task<Result<void>> confirm_in(Session& session);

  private:
    bool is_begun() const { return lease_.transaction_status() != TransactionStatus::idle; }
    std::vector<std::string> beginning() const;

    host::Host& host_;
    Lease lease_;
    host::Context context_;
    std::chrono::milliseconds statement_timeout_;
    bool given_up_ = false;
    /// What went wrong before there was a transaction.
    std::optional<Error> not_begun_;
};

/// Whether the transaction may be committed although its COMMIT ended with this error.
host::Certainty commit_certainty(const Error& error);

/// Whether a transaction that ended so, and definitely so, may be tried again.
bool is_worth_retrying(const Error& error);

/// What transactions and reads need.
struct Database {
    host::Host& host;
    Pool& pool;
    reliability::RetryPolicy retry;
    host::RandomSource random;
    /// Of all that goes to this database together.
    reliability::RetryBudget budget = reliability::RetryBudget{};
    /// Null: there is one server, and nothing to fence or to follow.
    Topology* topology = nullptr;
};

/// The database as one request uses it.
struct Access {
    // NOLINTNEXTLINE(google-explicit-constructor): without a session it is just the database.
    Access(Database& the_database, Session* the_session = nullptr)
        : database(&the_database),
          session(the_database.topology == nullptr ? nullptr : the_session) {}

    Database* database;
    /// Null where nobody keeps one, or there is one server: then nothing is fenced or noted.
    Session* session;
};

namespace detail {

/// Whether the caller learns from it what is in the database.
bool tells_what_is_there(const Error& error);

/// How an attempt ended, for the budget's account. What the server answered to the caller's own
/// error, and what was never offered to it, is neither success nor failure, as in gRPC's.
void account_for(Database& database, const Error* error);

/// After an attempt that failed definitely, and was accounted for: whether it is worth another and
/// there may be one. Waits for its moment.
host::Task<bool> may_try_again(Database& database, host::Context context, const Error& error,
                               unsigned retries);

template <typename T, typename Work>
host::Task<TransactionResult<T>> attempt_transaction(Access access, host::Context context,
                                                     Work& work) {
    using host::Certainty;
    Database& database = *access.database;
    Result<Lease> lease = co_await database.pool.acquire(context);
    if (!lease) {
        co_return std::unexpected(TransactionError{std::move(lease.error()), Certainty::definite});
    }
    Transaction transaction(database.host, std::move(*lease), context,
                            database.pool.options().statement_timeout);
    Result<T> result = co_await work(transaction);
    if (!result || transaction.is_given_up()) {
        co_await transaction.roll_back();
        if (access.session != nullptr && (result || tells_what_is_there(result.error()))) {
            Result<void> confirmed = co_await transaction.confirm_in(*access.session);
            if (!confirmed) {
                co_return std::unexpected(
                    TransactionError{std::move(confirmed.error()), Certainty::definite});
            }
        }
        if (result) co_return std::move(*result);
        co_return std::unexpected(TransactionError{std::move(result.error()), Certainty::definite});
    }
    Result<void> committed = co_await transaction.commit();
    if (!committed) {
        const Certainty certainty = commit_certainty(committed.error());
        co_return std::unexpected(TransactionError{std::move(committed.error()), certainty});
    }
    if (access.session != nullptr) co_await transaction.note_in(*access.session);
    co_return std::move(*result);
}

}  // namespace detail

/// Before one more attempt at anything: false when the attempts or the budget are used up, or there
/// is no time for it; else waits for its moment. `retries` counts those made before.
host::Task<bool> wait_for_another_attempt(Database& database, host::Context context,
                                          unsigned retries);

/// For work that may be run again although it may be committed: `retries` counts on from run to
/// run, so that all of them together take no more attempts than one transaction.
template <typename T, typename Work>
host::Task<TransactionResult<T>> run_transaction(Access access, host::Context context, Work work,
                                                 unsigned& retries) {
    Database& database = *access.database;
    for (;; ++retries) {
        TransactionResult<T> result =
            co_await detail::attempt_transaction<T>(access, context, work);
        detail::account_for(database, result ? nullptr : &result.error().cause);
        if (result || result.error().certainty == host::Certainty::indefinite) co_return result;
        const bool again =
            co_await detail::may_try_again(database, context, result.error().cause, retries);
        if (!again) co_return result;
    }
}

/// Runs `work`, a function `Task<Result<T>>(Transaction&)`, in a transaction. It may be called more
/// than once. Database and session outlive the task.
template <typename T, typename Work>
host::Task<TransactionResult<T>> run_transaction(Access access, host::Context context, Work work) {
    unsigned retries = 0;
    co_return co_await run_transaction<T>(access, context, std::move(work), retries);
}

/// One statement that only reads, outside a transaction block; as consistent as the session asks
/// for, or on the primary and no more than that where there is none. Nothing depends on whether a
/// failed one ran, so every failure is definite.
host::Task<Result<QueryResult>> run_read(Access access, host::Context context, Statement statement,
                                         Parameters parameters);

}  // namespace atlas::sql

#include "system/sql/transaction.hpp"

#include <algorithm>

#include "system/sql/without_rows.hpp"

namespace atlas::sql {
namespace {

/// The statement texts, exactly: decorators of the connection know a COMMIT by them.
constexpr std::string_view begin_text = "BEGIN";
constexpr std::string_view commit_text = "COMMIT";
constexpr std::string_view rollback_text = "ROLLBACK";

}  // namespace

Transaction::Transaction(host::Host& host, Lease lease, host::Context context,
                         std::chrono::milliseconds statement_timeout)
    : host_(host),
      lease_(std::move(lease)),
      context_(context),
      statement_timeout_(statement_timeout) {}

std::vector<std::string> Transaction::beginning() const {
    if (is_begun()) return {};
    std::vector<std::string> texts{std::string{begin_text}};
    const host::Duration remaining = context_.deadline.remaining(host_.clock().now());
    if (remaining >= statement_timeout_) return texts;
    // Zero would mean no limit.
    const auto limit = std::max(std::chrono::ceil<std::chrono::milliseconds>(remaining),
                                std::chrono::milliseconds{1});
    texts.push_back("SET LOCAL statement_timeout = " + std::to_string(limit.count()));
    return texts;
}

host::Task<BatchResult> Transaction::execute_all(std::vector<Call> calls) {
    BatchResult results = co_await lease_.execute_all(context_, beginning(), std::move(calls));
    if (!results && !is_begun()) not_begun_ = results.error().cause;
    co_return results;
}

host::Task<Result<QueryResult>> Transaction::execute(Statement statement, Parameters parameters) {
    if (is_begun()) co_return co_await lease_.execute(context_, statement, std::move(parameters));
    std::vector<Call> calls;
    calls.push_back({statement, std::move(parameters)});
    BatchResult results = co_await execute_all(std::move(calls));
    if (!results) co_return std::unexpected(std::move(results.error().cause));
    co_return std::move(results->front());
}

// The text may be several statements, which no batch takes.
host::Task<Result<QueryResult>> Transaction::query(std::string text) {
    if (!is_begun()) {
        BatchResult begun = co_await execute_all({});
        if (!begun) co_return std::unexpected(std::move(begun.error().cause));
    }
    co_return co_await lease_.query(context_, std::move(text));
}

host::Task<Result<void>> Transaction::commit() {
    if (!is_begun()) {
        // Nothing was asked; or work that overlooked an error is told of it.
        if (not_begun_) co_return std::unexpected(*not_begun_);
        co_return Result<void>{};
    }
    Result<QueryResult> committed = co_await lease_.query(context_, std::string{commit_text});
    if (committed && committed->command_tag != commit_text) {
        // PostgreSQL answers COMMIT of a failed transaction with success and the tag ROLLBACK.
        co_return std::unexpected(
            Error{.kind = ErrorKind::server,
                  .sqlstate = "25P02",
                  .message = "COMMIT was answered by " + committed->command_tag});
    }
    if (committed) co_await host_.fault_point("sql.transaction_committed");
    co_return without_rows(std::move(committed));
}

host::Task<> Transaction::roll_back() {
    if (!lease_.is_usable() || lease_.transaction_status() == TransactionStatus::idle) co_return;
    if (context_.deadline.passed(host_.clock().now())) co_return;
    (void)co_await lease_.query(context_, std::string{rollback_text});
}

host::Task<> Transaction::note_in(Session& session) {
    session.seen = beyond_all;
    if (!lease_.is_usable()) co_return;
    // What was done is to be told in time, whatever becomes of this.
    const host::TimePoint now = host_.clock().now();
    host::Context soon = context_;
    if (!soon.deadline.is_never())
        soon.deadline = host::Deadline::at(now + soon.deadline.remaining(now) / 2);
    const Result<ServerRun> server = co_await lease_.server(soon);
    if (!server) co_return;
    const Result<QueryResult> end = co_await lease_.execute(soon, log_end_statement, {});
    if (!end) co_return;
    const Result<LogPosition> position = read_log_position(*end, server->timeline);
    if (position) session.seen = *position;
}

// On the session that has read, so that there is no other server to mistake for it.
host::Task<Result<void>> Transaction::confirm_in(Session& session) {
    if (!lease_.is_usable() || lease_.transaction_status() != TransactionStatus::idle) {
        co_return std::unexpected(Error{.kind = ErrorKind::connection_lost,
                                        .message = "what was read could not be confirmed"});
    }
    const Result<LogPosition> position = co_await raise_fence(lease_, context_);
    if (!position) co_return std::unexpected(position.error());
    session.seen = *position;
    co_return Result<void>{};
}

host::Certainty commit_certainty(const Error& error) {
    if (error.kind == ErrorKind::cannot_connect || error.kind == ErrorKind::turned_away) {
        return host::Certainty::definite;
    }
    if (error.kind != ErrorKind::server || error.fatal) return host::Certainty::indefinite;
    // Class 08: connection exception (08007 is transaction_resolution_unknown); 57: the operator
    // intervened, perhaps while the commit record was already written.
    const std::string_view sqlstate = error.sqlstate;
    const bool unknown = sqlstate.starts_with("08") || sqlstate.starts_with("57");
    return unknown ? host::Certainty::indefinite : host::Certainty::definite;
}

bool is_worth_retrying(const Error& error) {
    switch (error.kind) {
        case ErrorKind::cannot_connect:
            // Class 28: whom the server refuses now it refuses in a moment.
            return !error.sqlstate.starts_with("28");
        case ErrorKind::connection_lost:
            return true;
        case ErrorKind::server:
            // 26000, 0A000: the lease has dropped a session whose prepared statements are stale.
            return error.sqlstate == "40001" || error.sqlstate == "40P01" ||
                   error.sqlstate == "26000" || error.sqlstate == "0A000" ||
                   error.sqlstate.starts_with("57P");
        case ErrorKind::turned_away:
            // The line is long because there is too much to do: a second turn makes it longer.
        case ErrorKind::deadline_exceeded:
        case ErrorKind::protocol:
            return false;
    }
    return false;
}

namespace detail {

// Not what stood in the way, and will be tried again.
bool tells_what_is_there(const Error& error) {
    return error.kind == ErrorKind::server && !is_worth_retrying(error);
}

void account_for(Database& database, const Error* error) {
    if (error == nullptr) {
        database.budget.succeeded();
    } else if (is_worth_retrying(*error)) {
        database.budget.failed();
    }
}

host::Task<bool> may_try_again(Database& database, host::Context context, const Error& error,
                               unsigned retries) {
    if (!is_worth_retrying(error)) co_return false;
    co_return co_await wait_for_another_attempt(database, context, retries);
}

}  // namespace detail

host::Task<bool> wait_for_another_attempt(Database& database, host::Context context,
                                          unsigned retries) {
    if (retries + 1 >= database.retry.max_attempts) co_return false;
    if (!database.budget.grants_retry()) co_return false;
    co_return co_await reliability::wait_to_retry(database.host, database.retry, retries,
                                                  database.random, context.deadline);
}

namespace {

host::Task<Result<QueryResult>> attempt_read(Database& database, host::Context context,
                                             Statement statement, Parameters parameters) {
    Result<Lease> lease = co_await database.pool.acquire(context);
    if (!lease) co_return std::unexpected(std::move(lease.error()));
    co_return co_await lease->read(context, statement, std::move(parameters));
}

struct PrimaryRead {
    QueryResult rows;
    ServerRun server;
};

host::Task<Result<PrimaryRead>> read_on_primary(Database& database, host::Context context,
                                                Statement statement, Parameters parameters) {
    Result<Lease> lease = co_await database.pool.acquire(context);
    if (!lease) co_return std::unexpected(std::move(lease.error()));
    Result<ServerRun> server = co_await lease->server(context);
    if (!server) co_return std::unexpected(std::move(server.error()));
    Result<QueryResult> rows = co_await lease->read(context, statement, std::move(parameters));
    if (!rows) co_return std::unexpected(std::move(rows.error()));
    co_return PrimaryRead{std::move(*rows), std::move(*server)};
}

// The lease is back in the pool when the fence is waited for: that takes one itself.
host::Task<Result<QueryResult>> attempt_fenced_read(Access access, host::Context context,
                                                    Statement statement, Parameters parameters) {
    Database& database = *access.database;
    Result<PrimaryRead> read =
        co_await read_on_primary(database, context, statement, std::move(parameters));
    if (!read) co_return std::unexpected(std::move(read.error()));
    const Result<RaisedFence> fence = co_await database.topology->fence.raise(context);
    if (!fence) co_return std::unexpected(fence.error());
    if (fence->server != read->server) {
        co_return std::unexpected(Error{.kind = ErrorKind::connection_lost,
                                        .message = "the primary has changed since it was read"});
    }
    access.session->seen = fence->position;
    co_return std::move(read->rows);
}

}  // namespace

host::Task<Result<QueryResult>> run_read(Access access, host::Context context, Statement statement,
                                         Parameters parameters) {
    Database& database = *access.database;
    if (access.session != nullptr && access.session->consistency != Consistency::strong) {
        std::optional<QueryResult> rows = co_await database.topology->followers.read(
            context, *access.session, statement, parameters);
        if (rows) co_return std::move(*rows);
    }
    const bool is_fenced =
        access.session != nullptr && access.session->consistency != Consistency::eventual;
    for (unsigned retries = 0;; ++retries) {
        Result<QueryResult> result = QueryResult{};
        if (is_fenced) {
            result = co_await attempt_fenced_read(access, context, statement, parameters);
        } else {
            result = co_await attempt_read(database, context, statement, parameters);
        }
        detail::account_for(database, result ? nullptr : &result.error());
        if (result) co_return result;
        const bool again =
            co_await detail::may_try_again(database, context, result.error(), retries);
        if (!again) co_return result;
    }
}

}  // namespace atlas::sql

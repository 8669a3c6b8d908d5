#include "adapters/libpq/session.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>
#include <vector>

#include "adapters/libpq/connect_parameters.hpp"
#include "adapters/libpq/requests.hpp"
#include "adapters/libpq/result.hpp"
#include "adapters/libpq/start_up_trace.hpp"
#include "system/host/check.hpp"
#include "system/sql/unreplicated.hpp"

namespace atlas::adapters::libpq {
namespace {

using Readiness = Descriptor::Readiness;

sql::Error error_of(const host::Error& error) {
    const bool late = error.code == host::ErrorCode::deadline_exceeded;
    return {.kind = late ? sql::ErrorKind::deadline_exceeded : sql::ErrorKind::connection_lost,
            .message = host::describe(error)};
}

sql::Error cannot_connect(std::string message) {
    return {.kind = sql::ErrorKind::cannot_connect, .message = std::move(message)};
}

sql::Error closed_before() {
    return {.kind = sql::ErrorKind::connection_lost, .message = "the connection was closed before"};
}

sql::Error out_of_time() {
    return {.kind = sql::ErrorKind::deadline_exceeded,
            .message = "no time was left to send the statement"};
}

bool ends_session(const sql::Error& error) {
    return error.kind != sql::ErrorKind::server || error.fatal;
}

/// -1 when there is none, or no descriptor is left.
int duplicate_socket(const PGconn* connection) {
    return ::fcntl(PQsocket(connection), F_DUPFD_CLOEXEC, 0);
}

PGconn* start_connecting(const sql::ConnectionTarget& target) {
    const auto parameters = connect_parameters(target);
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : parameters) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    return PQconnectStartParams(keywords.data(), values.data(), 0);
}

}  // namespace

Session::~Session() {
    socket_.reset();
    PQfinish(connection_);
}

void Session::close() noexcept {
    open_ = false;
    if (in_use_) {
        // Its task still uses libpq's connection: wake it, and let the peer know already.
        if (const int socket = PQsocket(connection_); socket >= 0) ::shutdown(socket, SHUT_RDWR);
        if (socket_) socket_->close();
        return;
    }
    socket_.reset();
    PQfinish(std::exchange(connection_, nullptr));
}

void Session::hear(const PGresult* notice) {
    const auto field = [&](int code) {
        const char* const text = PQresultErrorField(notice, code);
        return std::string_view(text == nullptr ? "" : text);
    };
    if (auto error =
            sql::unreplicated_commit(field(PG_DIAG_SQLSTATE), field(PG_DIAG_MESSAGE_PRIMARY)))
        unreplicated_ = std::move(error);
}

sql::Error Session::lost() const {
    return {.kind = sql::ErrorKind::connection_lost, .message = PQerrorMessage(connection_)};
}

host::Task<sql::Result<void>> Session::open(const sql::ConnectionTarget& target,
                                            host::Deadline deadline) {
    connection_ = start_connecting(target);
    if (connection_ == nullptr) {
        co_return std::unexpected(cannot_connect("libpq is out of memory"));
    }
    if (PQstatus(connection_) == CONNECTION_BAD) {
        co_return std::unexpected(cannot_connect(PQerrorMessage(connection_)));
    }
    // Notices go no further; libpq's default is to print them.
    const auto hear = [](void* session, const PGresult* notice) {
        static_cast<Session*>(session)->hear(notice);
    };
    PQsetNoticeReceiver(connection_, hear, this);
    PQsetErrorVerbosity(connection_, PQERRORS_VERBOSE);
    {
        StartUpTrace trace(connection_);
        sql::Result<void> connected = co_await connect(deadline);
        if (!connected) co_return connected;
        cancel_key_ = trace.cancel_key();
    }
    PQsetErrorVerbosity(connection_, PQERRORS_DEFAULT);
    const int socket = duplicate_socket(connection_);
    if (socket < 0) co_return std::unexpected(cannot_connect("out of file descriptors"));
    socket_.emplace(host_.loop(), socket);
    if (PQsetnonblocking(connection_, 1) != 0) {
        co_return std::unexpected(cannot_connect(PQerrorMessage(connection_)));
    }
    open_ = true;
    co_return sql::Result<void>{};
}

host::Task<sql::Result<void>> Session::connect(host::Deadline deadline) {
    Readiness awaited = Readiness::writable;
    while (true) {
        {
            const int duplicate = duplicate_socket(connection_);
            if (duplicate < 0) co_return std::unexpected(cannot_connect("out of file descriptors"));
            Descriptor socket(host_.loop(), duplicate);
            const host::Result<void> ready = co_await socket.wait_until(awaited, deadline);
            if (!ready && ready.error().code == host::ErrorCode::deadline_exceeded) {
                co_return std::unexpected(error_of(ready.error()));
            }
            if (!ready) co_return std::unexpected(cannot_connect(host::describe(ready.error())));
        }
        switch (PQconnectPoll(connection_)) {
            case PGRES_POLLING_READING:
                awaited = Readiness::readable;
                break;
            case PGRES_POLLING_WRITING:
                awaited = Readiness::writable;
                break;
            case PGRES_POLLING_OK:
                co_return sql::Result<void>{};
            default:
                co_return std::unexpected(parse_connect_failure(PQerrorMessage(connection_)));
        }
    }
}

/// Closes the session unless all results were read: a task that is cancelled leaves by an
/// exception, or not at all.
class Session::Operation {
  public:
    explicit Operation(Session& session) : session_(session) {
        ATLAS_CHECK(!session_.in_use_, "a connection runs one operation at a time");
        session_.in_use_ = true;
        session_.unreplicated_.reset();
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    ~Operation() {
        session_.in_use_ = false;
        if (!complete_ || !session_.open_) session_.close();
    }

    template <typename T>
    void ended_with(const sql::Result<T>& outcome) {
        complete_ = outcome || !ends_session(outcome.error());
    }

  private:
    Session& session_;
    bool complete_ = false;
};

host::Task<sql::Result<sql::QueryResult>> Session::exchange(std::function<int(PGconn*)> send,
                                                            host::Deadline deadline) {
    if (!open_) co_return std::unexpected(closed_before());
    Operation operation(*this);
    sql::Result<sql::QueryResult> outcome = co_await converse(std::move(send), deadline);
    if (unreplicated_) outcome = std::unexpected(*unreplicated_);
    operation.ended_with(outcome);
    co_return outcome;
}

host::Task<sql::BatchResult> Session::exchange_batch(const sql::Batch& steps,
                                                     host::Deadline deadline) {
    std::vector<sql::QueryResult> results;
    if (!open_) co_return std::unexpected(sql::BatchError{closed_before(), {}});
    Operation operation(*this);
    sql::Result<void> outcome = co_await converse_in_pipeline(steps, deadline, results);
    if (unreplicated_) outcome = std::unexpected(*unreplicated_);
    operation.ended_with(outcome);
    if (outcome) co_return results;
    co_return std::unexpected(sql::BatchError{std::move(outcome.error()), std::move(results)});
}

host::Task<sql::Result<sql::QueryResult>> Session::converse(std::function<int(PGconn*)> send,
                                                            host::Deadline deadline) {
    // libpq would send at once what fits; a request whose time has run out is not to be begun.
    if (deadline.passed(host_.clock().now())) co_return std::unexpected(out_of_time());
    if (send(connection_) == 0) co_return std::unexpected(lost());
    const sql::Result<void> flushed = co_await flush(deadline);
    if (!flushed) co_return std::unexpected(flushed.error());

    // A text of several statements gives several results: the port's is the last, or the first
    // error.
    sql::Result<sql::QueryResult> outcome = std::unexpected(
        sql::Error{.kind = sql::ErrorKind::protocol, .message = "a reply without a result"});
    bool answered = false;
    while (true) {
        const sql::Result<void> waited = co_await wait_for_result(deadline);
        if (!waited) co_return std::unexpected(waited.error());
        const ResultHandle result(PQgetResult(connection_));
        if (!result) break;
        sql::Result<sql::QueryResult> next = read_result(result.get());
        if (!next && ends_session(next.error())) co_return next;
        if (!answered || outcome) outcome = std::move(next);
        answered = true;
    }
    note_transaction_status();
    co_return outcome;
}

host::Task<sql::Result<void>> Session::converse_in_pipeline(
    const sql::Batch& steps, host::Deadline deadline, std::vector<sql::QueryResult>& results) {
    if (deadline.passed(host_.clock().now())) co_return std::unexpected(out_of_time());
    if (PQenterPipelineMode(connection_) == 0) co_return std::unexpected(lost());
    for (const sql::Step& step : steps) {
        if (send_step(connection_, step) == 0) co_return std::unexpected(lost());
    }
    if (PQpipelineSync(connection_) == 0) co_return std::unexpected(lost());
    const sql::Result<void> flushed = co_await flush(deadline);
    if (!flushed) co_return flushed;
    const sql::Result<void> outcome = co_await read_pipeline(deadline, results);
    if (!outcome && ends_session(outcome.error())) co_return outcome;
    if (PQexitPipelineMode(connection_) == 0) co_return std::unexpected(lost());
    note_transaction_status();
    if (outcome && results.size() != steps.size()) {
        co_return std::unexpected(
            sql::Error{.kind = sql::ErrorKind::protocol,
                       .message = "a batch with other than a result for each step"});
    }
    co_return outcome;
}

// Up to the end of the pipeline. libpq ends the results of each step by a null.
host::Task<sql::Result<void>> Session::read_pipeline(host::Deadline deadline,
                                                     std::vector<sql::QueryResult>& results) {
    sql::Result<void> outcome;
    bool was_null = false;
    while (true) {
        const sql::Result<void> waited = co_await wait_for_result(deadline);
        if (!waited) co_return waited;
        const ResultHandle result(PQgetResult(connection_));
        if (!result && was_null) co_return std::unexpected(lost());
        was_null = !result;
        if (!result) continue;
        const ExecStatusType status = PQresultStatus(result.get());
        if (status == PGRES_PIPELINE_SYNC) co_return outcome;
        if (status == PGRES_PIPELINE_ABORTED) continue;
        sql::Result<sql::QueryResult> next = read_result(result.get());
        if (!next && ends_session(next.error())) co_return std::unexpected(next.error());
        if (!outcome) continue;
        if (next) {
            results.push_back(std::move(*next));
        } else {
            outcome = std::unexpected(std::move(next.error()));
        }
    }
}

host::Task<sql::Result<void>> Session::flush(host::Deadline deadline) {
    while (true) {
        const int unsent = PQflush(connection_);
        if (unsent == 0) co_return sql::Result<void>{};
        // Failing to send is no reason not to read: a server that ended the session said why.
        if (unsent < 0) co_return sql::Result<void>{};
        const host::Result<void> ready = co_await wait_until_either(deadline);
        if (!ready) co_return std::unexpected(error_of(ready.error()));
        if (PQconsumeInput(connection_) == 0) co_return sql::Result<void>{};
    }
}

// After it PQgetResult does not block: it has a result, or the connection is gone and it says so.
host::Task<sql::Result<void>> Session::wait_for_result(host::Deadline deadline) {
    while (PQisBusy(connection_) != 0) {
        const host::Result<void> ready =
            co_await socket_->wait_until(Readiness::readable, deadline);
        if (!ready) co_return std::unexpected(error_of(ready.error()));
        if (PQconsumeInput(connection_) == 0) break;
    }
    co_return sql::Result<void>{};
}

host::Task<host::Result<void>> Session::wait_until_either(host::Deadline deadline) {
    using namespace boost::asio::experimental::awaitable_operators;
    auto readable = socket_->wait_until(Readiness::readable, deadline);
    auto writable = socket_->wait_until(Readiness::writable, deadline);
    const auto first = co_await (std::move(readable) || std::move(writable));
    co_return std::visit([](const host::Result<void>& ready) { return ready; }, first);
}

void Session::note_transaction_status() {
    switch (PQtransactionStatus(connection_)) {
        case PQTRANS_IDLE:
            status_ = sql::TransactionStatus::idle;
            break;
        case PQTRANS_INTRANS:
            status_ = sql::TransactionStatus::in_transaction;
            break;
        case PQTRANS_INERROR:
            status_ = sql::TransactionStatus::failed;
            break;
        default:
            break;
    }
}

}  // namespace atlas::adapters::libpq

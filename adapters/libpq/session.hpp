#pragma once
// One libpq connection and the waiting that it needs: the part of a connection that its operations
// share. It outlives the connection while an operation is under way.

#include <libpq-fe.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "adapters/asio_host.hpp"
#include "adapters/descriptor.hpp"
#include "system/sql/connection.hpp"
#include "system/sql/protocol/frontend.hpp"

namespace atlas::adapters::libpq {

class Session {
  public:
    explicit Session(AsioHost& host) : host_(host) {}
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    host::Task<sql::Result<void>> open(const sql::ConnectionTarget& target,
                                       host::Deadline deadline);

    /// Calls one of libpq's PQsend... functions and reads all results of it. Whatever else than
    /// that comes of it, an operation that is cancelled included, ends the session.
    host::Task<sql::Result<sql::QueryResult>> exchange(std::function<int(PGconn*)> send,
                                                       host::Deadline deadline);

    /// The same for a batch, in pipeline mode. The caller keeps the steps.
    host::Task<sql::BatchResult> exchange_batch(const sql::Batch& steps, host::Deadline deadline);

    sql::TransactionStatus transaction_status() const { return status_; }
    const std::optional<sql::protocol::CancelRequest>& cancel_key() const { return cancel_key_; }

    bool is_open() const { return open_; }
    /// An operation under way ends with connection_lost.
    void close() noexcept;

  private:
    class Operation;

    host::Task<sql::Result<void>> connect(host::Deadline deadline);
    host::Task<sql::Result<sql::QueryResult>> converse(std::function<int(PGconn*)> send,
                                                       host::Deadline deadline);
    host::Task<sql::Result<void>> converse_in_pipeline(const sql::Batch& steps,
                                                       host::Deadline deadline,
                                                       std::vector<sql::QueryResult>& results);
    host::Task<sql::Result<void>> read_pipeline(host::Deadline deadline,
                                                std::vector<sql::QueryResult>& results);
    host::Task<sql::Result<void>> flush(host::Deadline deadline);
    host::Task<sql::Result<void>> wait_for_result(host::Deadline deadline);
    host::Task<host::Result<void>> wait_until_either(host::Deadline deadline);
    sql::Error lost() const;
    void hear(const PGresult* notice);
    void note_transaction_status();

    AsioHost& host_;
    PGconn* connection_ = nullptr;
    /// A duplicate of libpq's socket, once the session has started.
    std::optional<Descriptor> socket_;
    std::optional<sql::protocol::CancelRequest> cancel_key_;
    sql::TransactionStatus status_ = sql::TransactionStatus::idle;
    /// A notice of the operation under way said that.
    std::optional<sql::Error> unreplicated_;
    bool open_ = false;
    bool in_use_ = false;
};

}  // namespace atlas::adapters::libpq

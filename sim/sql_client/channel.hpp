#pragma once
// A byte stream on which requests go out and backend messages come in: the part of a connection
// that its operations share. It outlives the connection while an operation is under way.

#include <expected>
#include <memory>
#include <string>

#include "sim/sql_client/reply.hpp"
#include "system/host/host.hpp"
#include "system/sql/connection.hpp"
#include "system/sql/protocol/backend.hpp"
#include "system/sql/protocol/frames.hpp"

namespace atlas::sim::sql_client {

class Channel {
  public:
    Channel(host::Host& host, std::unique_ptr<host::ByteStream> stream)
        : host_(host), stream_(std::move(stream)), frames_(sql::protocol::Sender::backend) {}

    /// Where the caller encodes its request.
    std::string& request() { return request_; }

    host::Task<sql::Result<void>> send(host::Deadline deadline);

    /// The next message; valid until the call after it.
    host::Task<sql::Result<sql::protocol::BackendMessage>> receive(host::Deadline deadline);

    /// Sends the request and reads all of the reply. Whatever else than a complete reply comes of
    /// it, an operation that is cancelled included, ends the channel.
    host::Task<sql::Result<sql::QueryResult>> exchange(host::Deadline deadline);

    /// The same for a batch, which may be long: reads while it sends. The caller keeps the steps.
    host::Task<sql::BatchResult> exchange_batch(const sql::Batch& steps, host::Deadline deadline);

    sql::TransactionStatus transaction_status() const { return status_; }

    bool is_open() const { return open_; }
    void close() noexcept;

  private:
    class Operation;

    host::Task<sql::Result<void>> converse(Reply& reply, host::Deadline deadline);
    host::Task<sql::Result<void>> converse_both_ways(Reply& reply, host::Deadline deadline);
    host::Task<> send_beside(host::Deadline deadline, sql::Result<void>& sent);
    host::Task<sql::Result<void>> receive_all(Reply& reply, host::Deadline deadline);

    host::Host& host_;
    std::unique_ptr<host::ByteStream> stream_;
    sql::protocol::FrameReader frames_;
    std::string request_;
    sql::TransactionStatus status_ = sql::TransactionStatus::idle;
    bool open_ = true;
    bool in_use_ = false;
};

}  // namespace atlas::sim::sql_client

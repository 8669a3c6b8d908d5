#pragma once
// Statements that were given up, and the requests to their server to end them. PostgreSQL notices
// that a client is gone when it next reads or writes: a statement that waits for a lock would stay
// in line, and keep the locks of its transaction, until lock_timeout or statement_timeout.
//
// Whoever gives up leaves the connection here and goes on; a task of the owner's sends the
// requests. Each is a connection to a server that may be in trouble: so there are few at once, each
// has little time, and none is repeated. One that is lost leaves the server to its own limits.

#include <cstdint>
#include <memory>

#include "system/host/queue.hpp"
#include "system/sql/connection.hpp"

namespace atlas::sql {

struct CancelOptions {
    /// Under way; as many again may wait for that. At least 1.
    std::size_t at_once = 4;
    /// For each, from connecting on.
    host::Duration time = std::chrono::seconds{1};
};

struct CancelCounters {
    std::uint64_t sent = 0;  ///< The server took the request.
    std::uint64_t failed = 0;
    std::uint64_t dropped = 0;  ///< Too many waited, or the queue was closed: not asked.
};

class CancelQueue {
  public:
    CancelQueue(host::Host& host, CancelOptions options);
    CancelQueue(const CancelQueue&) = delete;
    CancelQueue& operator=(const CancelQueue&) = delete;

    /// Closes the connection, and has what it was doing cancelled if there is room. Nothing is ever
    /// asked on it again, so a request that comes late has no other statement to hit. Never for a
    /// COMMIT, nor for what commits itself: see Connection::request_cancel().
    void give_up(std::unique_ptr<Connection> connection) noexcept;

    /// Sends, until it is closed and nothing waits any more.
    host::Task<> send_until_closed();
    void close() noexcept { given_up_.close(); }

    const CancelCounters& counters() const { return counters_; }

  private:
    host::Task<> send_one_by_one();

    host::Host& host_;
    CancelOptions options_;
    std::size_t under_way_ = 0;
    host::Queue<std::unique_ptr<Connection>> given_up_;
    CancelCounters counters_;
};

}  // namespace atlas::sql

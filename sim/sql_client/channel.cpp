#include "sim/sql_client/channel.hpp"

#include <span>

#include "system/host/check.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::sql_client {
namespace {

/// A stream that has nothing left to send takes this much whether the peer reads or not.
constexpr std::size_t taken_at_once = std::size_t{8} * 1024;
constexpr std::size_t largest_idle_request = std::size_t{64} * 1024;

sql::Error lost(const host::Error& error) {
    const bool late = error.code == host::ErrorCode::deadline_exceeded;
    return {.kind = late ? sql::ErrorKind::deadline_exceeded : sql::ErrorKind::connection_lost,
            .message = host::describe(error)};
}

sql::Error lost(std::string message) {
    return {.kind = sql::ErrorKind::connection_lost, .message = std::move(message)};
}

sql::Error violation(std::string message) {
    return {.kind = sql::ErrorKind::protocol, .message = std::move(message)};
}

}  // namespace

void Channel::close() noexcept {
    open_ = false;
    stream_->close();
}

host::Task<sql::Result<void>> Channel::send(host::Deadline deadline) {
    // A stream takes what it can at once, whatever the deadline; but a request whose time has run
    // out is not to be begun.
    if (deadline.passed(host_.clock().now())) {
        co_return std::unexpected(sql::Error{.kind = sql::ErrorKind::deadline_exceeded,
                                             .message = "no time was left to send the request"});
    }
    const host::Result<void> written =
        co_await host::write_all(*stream_, std::as_bytes(std::span(request_)), deadline);
    if (request_.capacity() > largest_idle_request) request_ = {};
    request_.clear();
    if (!written) co_return std::unexpected(lost(written.error()));
    co_return sql::Result<void>{};
}

host::Task<sql::Result<sql::protocol::BackendMessage>> Channel::receive(host::Deadline deadline) {
    while (true) {
        const auto frame = frames_.next();
        if (!frame) co_return std::unexpected(violation("the server sent no message"));
        if (*frame) {
            auto message = sql::protocol::decode_backend(**frame);
            if (!message) co_return std::unexpected(violation(message.error().reason));
            co_return std::move(*message);
        }
        const host::Result<std::size_t> received =
            co_await stream_->read_some(frames_.prepare(), deadline);
        if (!received) co_return std::unexpected(lost(received.error()));
        if (*received == 0) {
            co_return std::unexpected(lost("the server closed the connection"));
        }
        frames_.commit(*received);
    }
}

/// Closes the channel unless the reply was read to its end: a task that is cancelled leaves by an
/// exception, or not at all.
class Channel::Operation {
  public:
    explicit Operation(Channel& channel) : channel_(channel) {
        ATLAS_CHECK(!channel_.in_use_, "a connection runs one operation at a time");
        channel_.in_use_ = true;
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    ~Operation() {
        channel_.in_use_ = false;
        if (!complete_) channel_.close();
    }

    void ended() { complete_ = true; }
    void ended_with(const sql::Error& error) {
        complete_ = error.kind == sql::ErrorKind::server && !error.fatal;
    }

  private:
    Channel& channel_;
    bool complete_ = false;
};

host::Task<sql::Result<sql::QueryResult>> Channel::exchange(host::Deadline deadline) {
    if (!open_) co_return std::unexpected(lost("the connection was closed before"));
    Operation operation(*this);
    Reply reply;
    const sql::Result<void> conversed = co_await converse(reply, deadline);
    if (!conversed) co_return std::unexpected(conversed.error());
    sql::Result<sql::QueryResult> outcome = std::move(reply).outcome();
    if (outcome) {
        operation.ended();
    } else {
        operation.ended_with(outcome.error());
    }
    co_return outcome;
}

host::Task<sql::BatchResult> Channel::exchange_batch(const sql::Batch& steps,
                                                     host::Deadline deadline) {
    if (!open_) {
        co_return std::unexpected(sql::BatchError{lost("the connection was closed before"), {}});
    }
    Operation operation(*this);
    Reply reply;
    sql::Result<void> conversed;
    if (request_.size() <= taken_at_once) {
        conversed = co_await converse(reply, deadline);
    } else {
        conversed = co_await converse_both_ways(reply, deadline);
    }
    sql::BatchResult outcome = std::move(reply).outcome_of(steps);
    if (!conversed) {
        std::vector<sql::QueryResult> before =
            outcome ? std::move(*outcome) : std::move(outcome.error().before);
        co_return std::unexpected(sql::BatchError{conversed.error(), std::move(before)});
    }
    if (outcome) {
        operation.ended();
    } else {
        operation.ended_with(outcome.error().cause);
    }
    co_return outcome;
}

host::Task<sql::Result<void>> Channel::converse(Reply& reply, host::Deadline deadline) {
    const sql::Result<void> sent = co_await send(deadline);
    if (!sent && sent.error().kind == sql::ErrorKind::deadline_exceeded) co_return sent;
    // A server that ended the session said why before it closed: read that, even though nothing
    // can be sent any more.
    const sql::Result<void> received = co_await receive_all(reply, deadline);
    co_return !received && !sent ? sent : received;
}

// Who only wrote would wait for a server that waits for its answers to be read.
host::Task<sql::Result<void>> Channel::converse_both_ways(Reply& reply, host::Deadline deadline) {
    sql::Result<void> sent;
    sql::Result<void> received;
    const auto body = [&](host::TaskGroup& tasks) -> host::Task<> {
        tasks.spawn(send_beside(deadline, sent));
        received = co_await receive_all(reply, deadline);
        tasks.cancel();
    };
    co_await host::with_task_group(host_, body);
    co_return !received && !sent ? sent : received;
}

host::Task<> Channel::send_beside(host::Deadline deadline, sql::Result<void>& sent) {
    sent = co_await send(deadline);
}

host::Task<sql::Result<void>> Channel::receive_all(Reply& reply, host::Deadline deadline) {
    while (true) {
        const sql::Result<sql::protocol::BackendMessage> message = co_await receive(deadline);
        if (!message) co_return std::unexpected(message.error());
        switch (reply.take(*message)) {
            case Reply::Progress::more:
                break;
            case Reply::Progress::complete:
                status_ = reply.transaction_status();
                co_return sql::Result<void>{};
            case Reply::Progress::fatal:
                co_return sql::Result<void>{};
            case Reply::Progress::violated:
                co_return std::unexpected(violation("a message that has no place in a reply"));
        }
    }
}

}  // namespace atlas::sim::sql_client

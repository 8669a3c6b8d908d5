#include "sim/sql_client/channel.hpp"

#include <span>

#include "system/host/check.hpp"

namespace atlas::sim::sql_client {
namespace {

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
    if (deadline.passed(clock_.now())) {
        co_return std::unexpected(sql::Error{.kind = sql::ErrorKind::deadline_exceeded,
                                             .message = "no time was left to send the request"});
    }
    const host::Result<void> written =
        co_await host::write_all(*stream_, std::as_bytes(std::span(request_)), deadline);
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

host::Task<sql::Result<sql::QueryResult>> Channel::exchange(host::Deadline deadline) {
    ATLAS_CHECK(!in_use_, "a connection runs one operation at a time");
    if (!open_) co_return std::unexpected(lost("the connection was closed before"));

    // Closes the channel unless the reply was read to its end: a task that is cancelled leaves by
    // an exception, or not at all.
    struct Guard {
        explicit Guard(Channel& guarded) : channel(guarded) { channel.in_use_ = true; }
        ~Guard() {
            channel.in_use_ = false;
            if (!complete) channel.close();
        }
        Channel& channel;
        bool complete = false;
    } guard(*this);

    sql::Result<sql::QueryResult> outcome = co_await converse(deadline);
    guard.complete =
        outcome || (outcome.error().kind == sql::ErrorKind::server && !outcome.error().fatal);
    co_return outcome;
}

host::Task<sql::Result<sql::QueryResult>> Channel::converse(host::Deadline deadline) {
    const sql::Result<void> sent = co_await send(deadline);
    if (!sent && sent.error().kind == sql::ErrorKind::deadline_exceeded) {
        co_return std::unexpected(sent.error());
    }
    // A server that ended the session said why before it closed: read that, even though nothing
    // can be sent any more.
    Reply reply;
    while (true) {
        const sql::Result<sql::protocol::BackendMessage> message = co_await receive(deadline);
        if (!message) co_return std::unexpected(sent ? message.error() : sent.error());
        switch (reply.take(*message)) {
            case Reply::Progress::more:
                break;
            case Reply::Progress::complete:
                status_ = reply.transaction_status();
                co_return std::move(reply).outcome();
            case Reply::Progress::fatal:
                co_return std::move(reply).outcome();
            case Reply::Progress::violated:
                co_return std::unexpected(violation("a message that has no place in a reply"));
        }
    }
}

}  // namespace atlas::sim::sql_client

#include "sim/models/postgres/protocol/connection.hpp"

#include <fmt/format.h>

#include <exception>

#include "sim/models/postgres/protocol/replies.hpp"

namespace atlas::sim::models::postgres::protocol {
namespace {

/// Rows are sent on their way when this much has piled up, as PostgreSQL's send buffer does.
constexpr std::size_t flush_threshold = 64 * 1024;
constexpr std::size_t largest_idle_buffer = 64 * 1024;

}  // namespace

Connection::Connection(ConnectionEnvironment environment, std::unique_ptr<host::ByteStream> stream)
    : environment_(environment),
      stream_(std::move(stream)),
      frames_(sql::protocol::Sender::frontend, environment.limits.message_bytes),
      notified_(environment.host) {}

host::Task<> Connection::run(bool too_many) {
    std::exception_ptr interrupted;
    try {
        const bool opened = co_await start_up(too_many);
        if (replication_) {
            co_await environment_.backend.serve_replication(
                {std::move(stream_), std::move(frames_), std::move(replication_->user),
                 std::move(replication_->application_name)});
            co_return;
        }
        if (opened) co_await serve_messages();
    } catch (...) {
        interrupted = std::current_exception();
    }
    const bool farewell_under_way = activity_ == Activity::ended;
    activity_ = Activity::ended;
    if (session_) {
        if (interrupted) co_await host::shield_from_cancellation();
        co_await session_->close();
        session_.reset();
    }
    // The farewell closes the stream itself, when its bytes have left.
    // A connection for replication has taken it along.
    if (!farewell_under_way && stream_ != nullptr) stream_->close();
    if (interrupted) std::rethrow_exception(interrupted);
}

host::Task<> Connection::serve_messages() {
    while (true) {
        if (const std::optional<ServerMessage> end = session_->termination()) {
            co_await end_with(*end);
            co_return;
        }
        const auto frame = frames_.next();
        if (!frame) {
            co_await end_with(describe(frame.error()));
            co_return;
        }
        if (!*frame) {
            const bool received = co_await receive(host::Deadline::never());
            if (!received) co_return;
            continue;
        }
        if ((*frame)->type == 'X') co_return;
        co_await handle_frame(**frame);
        if (fatal_) {
            co_await end_with(std::move(*fatal_));
            co_return;
        }
        if (out_.size() > flush_threshold || flush_wanted_) {
            const bool flushed = co_await flush();
            if (!flushed) co_return;
        }
        if (disconnected_) co_return;
    }
}

// False when there is no more to come: the client is gone, or a farewell has been said.
host::Task<bool> Connection::receive(host::Deadline deadline) {
    activity_ = Activity::reading;
    if (session_) session_->set_waiting_for_client(true);
    const host::Result<std::size_t> received =
        co_await stream_->read_some(frames_.prepare(), deadline);
    if (session_) session_->set_waiting_for_client(false);
    if (activity_ == Activity::ended) co_return false;
    activity_ = Activity::working;
    if (!received || *received == 0) co_return false;
    frames_.commit(*received);
    co_return true;
}

host::Task<bool> Connection::flush(host::Deadline deadline) {
    flush_wanted_ = false;
    if (out_.empty()) co_return true;
    while (notifying_)
        co_await notified_.wait(deadline);
    activity_ = Activity::writing;
    const host::Result<void> written =
        co_await host::write_all(*stream_, std::as_bytes(std::span(out_)), deadline);
    activity_ = Activity::working;
    if (out_.capacity() > largest_idle_buffer) {
        out_ = {};
    } else {
        out_.clear();
    }
    if (!written) disconnected_ = true;
    co_return written.has_value();
}

host::Task<> Connection::end_with(ServerMessage error) {
    if (error.severity == "WARNING") {
        append_notices(out_, {std::move(error)});
    } else {
        error.severity = "FATAL";
        append_error(out_, error);
    }
    const host::Deadline deadline =
        host::deadline_after(environment_.host, environment_.limits.farewell);
    co_await flush(deadline);
}

// Called by the session, at any moment and from any task.
void Connection::on_termination() {
    switch (activity_) {
        case Activity::reading:
            if (const std::optional<ServerMessage> error = session_->termination()) {
                activity_ = Activity::ended;
                environment_.tasks.spawn(say_farewell(shared_from_this(), *error));
            }
            break;
        case Activity::writing:
            // The client does not take what it is sent, and half a message is on its way: nothing
            // can be said any more (as PostgreSQL's backends do).
            stream_->close();
            break;
        case Activity::working:  // serve_messages sees it when the message has been handled.
        case Activity::ended:
            break;
    }
}

// Called by the session, at any moment and from any task. A client that waits for nothing is told
// at once; one that waits for an answer gets them with it.
void Connection::on_notification() {
    if (activity_ != Activity::reading || notifying_) return;
    notifying_ = true;
    notified_.reset();
    environment_.tasks.spawn(send_notifications(shared_from_this()));
}

host::Task<> Connection::send_notifications(std::shared_ptr<Connection> self) {
    while (self->activity_ == Activity::reading) {
        std::string bytes;
        append_notifications(bytes, self->session_->take_notifications());
        if (bytes.empty()) break;
        const host::Result<void> written = co_await host::write_all(
            *self->stream_, std::as_bytes(std::span(bytes)), host::Deadline::never());
        if (!written) break;
    }
    self->notifying_ = false;
    self->notified_.set();
}

host::Task<> Connection::say_farewell(std::shared_ptr<Connection> self, ServerMessage error) {
    while (self->notifying_)
        co_await self->notified_.wait();
    append_error(self->out_, error);
    const host::Deadline deadline =
        host::deadline_after(self->environment_.host, self->environment_.limits.farewell);
    co_await host::write_all(*self->stream_, std::as_bytes(std::span(self->out_)), deadline);
    self->stream_->close();
}

ServerMessage Connection::describe(const sql::protocol::FrameError& error) const {
    switch (error.reason) {
        case sql::protocol::FrameError::Reason::unknown_type:
            return protocol_violation(
                fmt::format("invalid frontend message type {}",
                            static_cast<unsigned>(static_cast<unsigned char>(error.type))));
        case sql::protocol::FrameError::Reason::invalid_length:
            return protocol_violation("invalid message length");
        case sql::protocol::FrameError::Reason::too_long:
            break;
    }
    return {.sqlstate = "54000",
            .message = fmt::format("a message of {} bytes is longer than the {} that this server "
                                   "takes",
                                   error.length, environment_.limits.message_bytes)};
}

}  // namespace atlas::sim::models::postgres::protocol

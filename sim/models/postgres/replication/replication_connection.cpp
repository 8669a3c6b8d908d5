#include "sim/models/postgres/replication/replication_connection.hpp"

#include <span>

#include "system/sql/protocol/backend.hpp"
#include "system/sql/protocol/frontend.hpp"
#include "system/sql/protocol/payload.hpp"

namespace atlas::sim::models::postgres {

using host::Deadline;
using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;
namespace wire = sql::protocol;

namespace {

Result<void> refusal_of(const wire::Frame& frame) {
    if (frame.type != 'E') return {};
    const auto message = wire::decode_backend(frame);
    const auto* error = message ? std::get_if<wire::ErrorResponse>(&*message) : nullptr;
    if (error == nullptr) return failure(ErrorCode::protocol_error, "a malformed error");
    const std::string sqlstate(error->diagnostics.find(wire::Diagnostic::sqlstate));
    // Only this one says that there is no such file: any other may have it.
    return failure(
        sqlstate == "58P01" ? ErrorCode::not_found : ErrorCode::unavailable,
        sqlstate + ": " + std::string(error->diagnostics.find(wire::Diagnostic::message)));
}

}  // namespace

Task<Result<std::unique_ptr<ReplicationConnection>>> ReplicationConnection::open(
    host::Host& host, Conninfo conninfo, Deadline deadline) {
    if (conninfo.connect_timeout)
        deadline = deadline.earlier_of(host::deadline_after(host, *conninfo.connect_timeout));
    auto addresses = co_await host.network().resolve(conninfo.host, deadline);
    if (!addresses) co_return std::unexpected(std::move(addresses).error());
    auto stream = co_await host.network().connect({addresses->front(), conninfo.port},
                                                  host::Transport::plain(), deadline);
    if (!stream) co_return std::unexpected(std::move(stream).error());
    std::unique_ptr<ReplicationConnection> connection(
        new ReplicationConnection(*std::move(stream)));
    wire::StartupMessage message;
    message.parameters.emplace_back("user", conninfo.user);
    message.parameters.emplace_back("replication", "true");
    message.parameters.emplace_back("application_name", conninfo.application_name);
    std::string bytes;
    encode(bytes, message);
    auto sent = co_await connection->send(std::move(bytes), deadline);
    if (!sent) co_return std::unexpected(std::move(sent).error());
    auto ready = co_await connection->wait_until_ready(deadline);
    if (!ready) co_return std::unexpected(std::move(ready).error());
    co_return connection;
}

Task<Result<void>> ReplicationConnection::send(std::string bytes, Deadline deadline) {
    auto sent = co_await host::write_all(*stream_, std::as_bytes(std::span(bytes)), deadline);
    co_return sent;
}

Task<Result<wire::Frame>> ReplicationConnection::next_frame(Deadline deadline) {
    while (true) {
        const auto frame = frames_.next();
        if (!frame) co_return failure(ErrorCode::protocol_error, "not a message");
        if (*frame) co_return **frame;
        auto received = co_await stream_->read_some(frames_.prepare(), deadline);
        if (!received) co_return std::unexpected(std::move(received).error());
        if (*received == 0) co_return failure(ErrorCode::connection_reset, "the server has left");
        frames_.commit(*received);
    }
}

Task<Result<void>> ReplicationConnection::wait_until_ready(Deadline deadline) {
    while (true) {
        const auto frame = co_await next_frame(deadline);
        if (!frame) co_return std::unexpected(frame.error());
        auto refused = refusal_of(*frame);
        if (!refused) co_return refused;
        if (frame->type == 'Z') co_return Result<void>{};
    }
}

Task<Result<std::vector<TextRow>>> ReplicationConnection::read_rows(Deadline deadline) {
    std::vector<TextRow> rows;
    while (true) {
        const auto frame = co_await next_frame(deadline);
        if (!frame) co_return std::unexpected(frame.error());
        const auto refused = refusal_of(*frame);
        if (!refused) co_return std::unexpected(refused.error());
        if (frame->type == 'Z') co_return rows;
        if (frame->type != 'D') continue;
        const auto message = wire::decode_backend(*frame);
        const auto* row = message ? std::get_if<wire::DataRow>(&*message) : nullptr;
        if (row == nullptr) co_return failure(ErrorCode::protocol_error, "a malformed row");
        TextRow& text = rows.emplace_back();
        for (const auto& value : row->values)
            text.push_back(value ? std::optional<std::string>(*value) : std::nullopt);
    }
}

Task<Result<std::vector<TextRow>>> ReplicationConnection::run(std::string command,
                                                              Deadline deadline) {
    std::string bytes;
    encode(bytes, wire::Query{command});
    auto sent = co_await send(std::move(bytes), deadline);
    if (!sent) co_return std::unexpected(std::move(sent).error());
    auto rows = co_await read_rows(deadline);
    co_return rows;
}

Task<Result<bool>> ReplicationConnection::start_stream(std::string command, Deadline deadline) {
    std::string bytes;
    encode(bytes, wire::Query{command});
    auto sent = co_await send(std::move(bytes), deadline);
    if (!sent) co_return std::unexpected(std::move(sent).error());
    while (true) {
        const auto frame = co_await next_frame(deadline);
        if (!frame) co_return std::unexpected(frame.error());
        const auto refused = refusal_of(*frame);
        if (!refused) co_return std::unexpected(refused.error());
        if (frame->type == 'W' || frame->type == 'H') co_return true;
        if (frame->type == 'T') co_return false;
    }
}

Task<Result<std::string_view>> ReplicationConnection::next_data(Deadline deadline) {
    while (true) {
        const auto frame = co_await next_frame(deadline);
        if (!frame) co_return std::unexpected(frame.error());
        const auto refused = refusal_of(*frame);
        if (!refused) co_return std::unexpected(refused.error());
        if (frame->type == 'd') co_return frame->payload;
        if (frame->type == 'c' || frame->type == 'C') co_return std::string_view();
    }
}

Task<Result<std::vector<TextRow>>> ReplicationConnection::end_stream(Deadline deadline) {
    std::string bytes;
    {
        const wire::MessageWriter done(bytes, 'c');
    }
    auto sent = co_await send(std::move(bytes), deadline);
    if (!sent) co_return std::unexpected(std::move(sent).error());
    auto rows = co_await read_rows(deadline);
    co_return rows;
}

}  // namespace atlas::sim::models::postgres

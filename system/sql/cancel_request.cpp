#include "system/sql/cancel_request.hpp"

#include <array>
#include <memory>
#include <span>
#include <string>

namespace atlas::sql {
namespace {

Error error_of(const host::Error& error, ErrorKind otherwise) {
    const bool late = error.code == host::ErrorCode::deadline_exceeded;
    return {.kind = late ? ErrorKind::deadline_exceeded : otherwise,
            .message = host::describe(error)};
}

}  // namespace

host::Task<Result<void>> send_cancel_request(host::Host& host, host::Context context,
                                             host::Endpoint endpoint,
                                             protocol::CancelRequest request) {
    host::Result<std::unique_ptr<host::ByteStream>> stream =
        co_await host.network().connect(endpoint, host::Transport::plain(), context.deadline);
    if (!stream) co_return std::unexpected(error_of(stream.error(), ErrorKind::cannot_connect));
    std::string packet;
    encode(packet, request);
    const host::Result<void> written =
        co_await host::write_all(**stream, std::as_bytes(std::span(packet)), context.deadline);
    if (!written) co_return std::unexpected(error_of(written.error(), ErrorKind::connection_lost));
    // The server closes when it has acted on the packet; it may do so by a reset.
    std::array<std::byte, 16> ignored;
    const host::Result<std::size_t> end = co_await (*stream)->read_some(ignored, context.deadline);
    if (!end && end.error().code == host::ErrorCode::deadline_exceeded) {
        co_return std::unexpected(error_of(end.error(), ErrorKind::connection_lost));
    }
    co_return Result<void>{};
}

}  // namespace atlas::sql

#include "system/http/client_connection.hpp"

#include <utility>

#include "system/host/check.hpp"
#include "system/http/serializer.hpp"

namespace atlas::http {

ClientConnection::ClientConnection(std::unique_ptr<host::ByteStream> stream, MessageLimits limits)
    : stream_(std::move(stream)), parser_(limits) {}

host::Task<host::Result<Response>> ClientConnection::exchange(Request request,
                                                              host::Deadline deadline) {
    ATLAS_CHECK(reusable_, "a connection is not used after a failure");
    reusable_ = false;
    output_.clear();
    serialize(request, true, output_);
    host::Result<void> written =
        co_await host::write_all(*stream_, std::as_bytes(std::span{output_}), deadline);
    if (!written) {
        written.error().certainty = host::Certainty::indefinite;
        co_return std::unexpected(std::move(written.error()));
    }
    host::Result<Response> response = co_await receive(deadline);
    // An interim answer says only that the final one is still to come (RFC 9110 section 15.2).
    while (response && response->status < 200)
        response = co_await receive(deadline);
    // Bytes past the answer belong to no request: whose answer would they be?
    reusable_ = response && parser_.keeps_alive() && parser_.is_between_messages();
    co_return response;
}

host::Task<host::Result<Response>> ClientConnection::receive(host::Deadline deadline) {
    using enum host::Certainty;
    Progress progress = parser_.advance();
    while (progress == Progress::need_more) {
        host::Result<std::size_t> count = co_await stream_->read_some(parser_.room(), deadline);
        if (!count) {
            count.error().certainty = indefinite;
            co_return std::unexpected(std::move(count.error()));
        }
        if (*count == 0 && parser_.is_between_messages()) {
            co_return host::failure(host::ErrorCode::connection_reset,
                                    "the connection was closed before the answer", indefinite);
        }
        if (*count == 0) parser_.end_of_stream();
        parser_.added(*count);
        progress = parser_.advance();
        if (*count == 0 && progress == Progress::failed) {
            co_return host::failure(host::ErrorCode::connection_reset,
                                    "the connection was closed in mid-answer", indefinite);
        }
    }
    if (progress == Progress::failed) {
        co_return host::failure(host::ErrorCode::protocol_error,
                                std::string{parser_.failure().reason}, indefinite);
    }
    co_return parser_.take();
}

}  // namespace atlas::http

#include "system/host/network.hpp"

#include "system/host/check.hpp"

namespace atlas::host {

std::string to_string(const Endpoint& endpoint) {
    const bool is_v6 = endpoint.address.find(':') != std::string::npos;
    std::string text = is_v6 ? "[" + endpoint.address + "]" : endpoint.address;
    return text + ":" + std::to_string(endpoint.port);
}

Task<Result<void>> write_all(ByteStream& stream, std::span<const std::byte> buffer,
                             Deadline deadline) {
    while (!buffer.empty()) {
        Result<std::size_t> written = co_await stream.write_some(buffer, deadline);
        if (!written) co_return std::unexpected(std::move(written.error()));
        ATLAS_CHECK(*written > 0 && *written <= buffer.size(), "a write takes part of its buffer");
        buffer = buffer.subspan(*written);
    }
    co_return Result<void>{};
}

Task<Result<void>> read_exactly(ByteStream& stream, std::span<std::byte> buffer,
                                Deadline deadline) {
    while (!buffer.empty()) {
        Result<std::size_t> count = co_await stream.read_some(buffer, deadline);
        if (!count) co_return std::unexpected(std::move(count.error()));
        if (*count == 0) {
            co_return failure(ErrorCode::connection_reset, "the stream ended in mid-message",
                              Certainty::indefinite);
        }
        buffer = buffer.subspan(*count);
    }
    co_return Result<void>{};
}

}  // namespace atlas::host

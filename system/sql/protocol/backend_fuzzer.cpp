// Bytes of a PostgreSQL server: whatever is read is written the same again.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "system/sql/protocol/backend.hpp"

namespace atlas::sql::protocol {
namespace {

constexpr std::uint32_t message_limit = 4096;

FrameReader reader_of(std::string_view bytes) {
    FrameReader reader(Sender::backend, message_limit);
    while (!bytes.empty()) {
        const std::span<std::byte> room = reader.prepare();
        const std::size_t count = std::min(room.size(), bytes.size());
        std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()), count, room.begin());
        reader.commit(count);
        bytes.remove_prefix(count);
    }
    return reader;
}

// Reads a message that was just written; it must be there, whole and equal.
template <typename Message>
void expect_same(const Message& message) {
    std::string written;
    std::visit([&written](const auto& each) { encode(written, each); }, message);
    FrameReader reader = reader_of(written);
    const auto frame = reader.next();
    if (!frame || !*frame || reader.buffered() != 0) std::abort();
    const auto again = decode_backend(**frame);
    if (!again || !(*again == message)) std::abort();
}

void read_session(std::string_view bytes) {
    FrameReader reader = reader_of(bytes);
    for (;;) {
        const auto frame = reader.next();
        if (!frame || !*frame) return;
        const auto message = decode_backend(**frame);
        if (message) {
            expect_same(*message);
        } else if (message.error().reason.empty()) {
            std::abort();
        }
    }
}

}  // namespace
}  // namespace atlas::sql::protocol

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    atlas::sql::protocol::read_session({reinterpret_cast<const char*>(data), size});
    return 0;
}

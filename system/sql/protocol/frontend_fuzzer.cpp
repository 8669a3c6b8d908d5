// Bytes of a PostgreSQL client: whatever is read is written the same again.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "system/sql/protocol/frontend.hpp"

namespace atlas::sql::protocol {
namespace {

constexpr std::uint32_t message_limit = 4096;

FrameReader reader_of(std::string_view bytes) {
    FrameReader reader(Sender::frontend, message_limit);
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
    const auto again = decode_frontend(**frame);
    if (!again || !(*again == message)) std::abort();
}

void read_startup(std::string_view bytes) {
    FrameReader reader = reader_of(bytes);
    const auto frame = reader.next_startup();
    if (!frame || !*frame) return;
    const auto packet = decode_startup(**frame);
    if (!packet) return;
    const auto* startup = std::get_if<StartupMessage>(&*packet);
    if (startup != nullptr && startup->major_version != 3) return;  // Its parameters are not read.
    std::string written;
    std::visit([&written](const auto& each) { encode(written, each); }, *packet);
    FrameReader second = reader_of(written);
    const auto frame_again = second.next_startup();
    if (!frame_again || !*frame_again) std::abort();
    const auto again = decode_startup(**frame_again);
    if (!again || !(*again == *packet)) std::abort();
}

void read_session(std::string_view bytes) {
    FrameReader reader = reader_of(bytes);
    for (;;) {
        const auto frame = reader.next();
        if (!frame || !*frame) return;
        const auto message = decode_frontend(**frame);
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
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 4 == 0) {
        atlas::sql::protocol::read_startup(bytes);
    } else {
        atlas::sql::protocol::read_session(bytes);
    }
    return 0;
}

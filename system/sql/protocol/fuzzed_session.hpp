#pragma once
// For the fuzzers of both directions: a session of any bytes. Whatever is read is written the same
// again, and what cannot be read is refused with a reason.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "system/sql/protocol/frames.hpp"

namespace atlas::sql::protocol {

inline FrameReader reader_of(std::string_view bytes, Sender sender) {
    constexpr std::uint32_t message_limit = 4096;
    FrameReader reader(sender, message_limit);
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
template <typename Message, typename Decode>
void expect_same(const Message& message, Sender sender, Decode decode) {
    std::string written;
    std::visit([&written](const auto& each) { encode(written, each); }, message);
    FrameReader reader = reader_of(written, sender);
    const auto frame = reader.next();
    if (!frame || !*frame || reader.buffered() != 0) std::abort();
    const auto again = decode(**frame);
    if (!again || !(*again == message)) std::abort();
}

template <typename Decode>
void read_session(std::string_view bytes, Sender sender, Decode decode) {
    FrameReader reader = reader_of(bytes, sender);
    for (;;) {
        const auto frame = reader.next();
        if (!frame || !*frame) return;
        const auto message = decode(**frame);
        if (message) {
            expect_same(*message, sender, decode);
        } else if (message.error().reason.empty()) {
            std::abort();
        }
    }
}

}  // namespace atlas::sql::protocol

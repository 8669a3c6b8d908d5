// The frame reader against every way a stream can be cut, and against hostile headers.

#include "system/sql/protocol/frames.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "system/sql/protocol/frontend.hpp"
#include "system/sql/protocol/payload.hpp"

namespace atlas::sql::protocol {
namespace {

void feed(FrameReader& reader, std::string_view bytes) {
    while (!bytes.empty()) {
        const std::span<std::byte> room = reader.prepare();
        const std::size_t size = std::min(room.size(), bytes.size());
        std::memcpy(room.data(), bytes.data(), size);
        reader.commit(size);
        bytes.remove_prefix(size);
    }
}

std::string message(char type, std::string_view payload) {
    std::string out;
    MessageWriter(out, type).bytes(payload);
    return out;
}

std::string header(char type, std::uint32_t length) {
    std::string out(1, type);
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(length >> shift);
    return out;
}

RC_GTEST_PROP(Frames, comeOutAsTheyWentInHoweverTheStreamIsCut, ()) {
    const auto payloads =
        *rc::gen::container<std::vector<std::string>>(rc::gen::arbitrary<std::string>());
    std::string stream;
    for (const std::string& payload : payloads)
        stream += message('Q', payload);

    FrameReader reader(Sender::frontend);
    std::vector<std::string> received;
    std::string_view rest = stream;
    while (!rest.empty()) {
        const auto size = *rc::gen::inRange<std::size_t>(1, rest.size() + 1);
        feed(reader, rest.substr(0, size));
        rest.remove_prefix(size);
        while (true) {
            const auto frame = reader.next();
            RC_ASSERT(frame.has_value());
            if (!*frame) break;
            RC_ASSERT((*frame)->type == 'Q');
            received.emplace_back((*frame)->payload);
        }
    }
    RC_ASSERT(received == payloads);
    RC_ASSERT(reader.buffered() == 0u);
}

RC_GTEST_PROP(Frames, randomBytesEndInAFrameOrAnError, (std::string bytes)) {
    for (const Sender sender : {Sender::frontend, Sender::backend}) {
        FrameReader reader(sender, 1000);
        feed(reader, bytes);
        std::size_t given = 0;
        while (true) {
            const auto frame = reader.next();
            if (!frame || !*frame) break;
            given += 5 + (*frame)->payload.size();
        }
        RC_ASSERT(given + reader.buffered() == bytes.size());
    }
}

TEST(Frames, aLongMessageArrivesWholeAndItsMemoryIsLetGo) {
    const std::string payload(3'000'000, 'x');
    FrameReader reader(Sender::frontend);
    feed(reader, message('Q', payload));
    const auto frame = reader.next();
    ASSERT_TRUE(frame && *frame);
    EXPECT_EQ((*frame)->payload, payload);
    EXPECT_LE(reader.prepare().size(), 64u * 1024);
}

TEST(Frames, aHeaderBuysNoMemoryBeforeItsBytesCome) {
    FrameReader reader(Sender::frontend);
    feed(reader, header('Q', default_message_limit));
    const auto frame = reader.next();
    ASSERT_TRUE(frame && !*frame);
    EXPECT_LE(reader.prepare().size(), 8u * 1024);
}

TEST(Frames, lengthsAreChecked) {
    using Reason = FrameError::Reason;
    const auto refused = [](const std::string& bytes) {
        FrameReader reader(Sender::frontend, 100'000);
        feed(reader, bytes);
        const auto frame = reader.next();
        return frame ? std::optional<Reason>() : std::optional(frame.error().reason);
    };
    EXPECT_EQ(refused(header('Q', 3)), Reason::invalid_length);
    EXPECT_EQ(refused(header('Q', 0)), Reason::invalid_length);
    EXPECT_EQ(refused(header('Q', 0xffff'ffff)), Reason::invalid_length);
    EXPECT_EQ(refused(header('Q', 100'001)), Reason::too_long);
    EXPECT_EQ(refused(header('Q', 100'000)), std::nullopt);
    EXPECT_EQ(refused(header('S', 10'001)), Reason::invalid_length);
    EXPECT_EQ(refused(header('S', 10'000)), std::nullopt);
    // The type alone is enough: no need to wait for a length.
    EXPECT_EQ(refused("?"), Reason::unknown_type);
    EXPECT_EQ(refused("Z"), Reason::unknown_type);
}

TEST(Frames, startupPacketsHaveTheirOwnLimit) {
    FrameReader reader(Sender::frontend);
    feed(reader, header('x', startup_packet_limit + 1).substr(1));
    const auto frame = reader.next_startup();
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().reason, FrameError::Reason::invalid_length);

    FrameReader other(Sender::frontend);
    std::string packet;
    encode(packet, SslRequest{});
    feed(other, packet.substr(0, 7));
    EXPECT_FALSE(*other.next_startup());
    feed(other, packet.substr(7));
    EXPECT_TRUE(*other.next_startup());
}

}  // namespace
}  // namespace atlas::sql::protocol

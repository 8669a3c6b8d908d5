// The contract of host::Network and its streams, held by both worlds.

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "properties/contracts/both_worlds.hpp"
#include "system/host/event.hpp"
#include "system/host/task_group.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using host::ByteStream;
using host::Deadline;
using host::Endpoint;
using host::ErrorCode;
using host::Host;
using host::Listener;
using host::Result;
using host::Task;
using host::TaskGroup;
using host::Transport;

class NetworkContract : public BothWorlds {};

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

std::unique_ptr<Listener> listen(Host& host, std::uint16_t port = 0) {
    auto listener = host.network().listen({"127.0.0.1", port}, Transport::plain());
    EXPECT_TRUE(listener) << describe(listener.error());
    return std::move(*listener);
}

struct Pair {
    std::unique_ptr<ByteStream> client;
    std::unique_ptr<ByteStream> server;
};

Task<Pair> connected_pair(Host& host, Listener& listener) {
    auto client = co_await host.network().connect(listener.local_endpoint(), Transport::plain(),
                                                  deadline_after(host, 10s));
    EXPECT_TRUE(client) << describe(client.error());
    auto server = co_await listener.accept(deadline_after(host, 10s));
    EXPECT_TRUE(server) << describe(server.error());
    co_return Pair{std::move(*client), std::move(*server)};
}

Task<std::string> read_to_end(Host& host, ByteStream& stream) {
    std::string text;
    std::string chunk(1000, '\0');
    for (;;) {
        const Result<std::size_t> count = co_await stream.read_some(
            std::as_writable_bytes(std::span(chunk)), deadline_after(host, 30s));
        EXPECT_TRUE(count) << describe(count.error());
        if (!count || *count == 0) co_return text;
        text.append(chunk, 0, *count);
    }
}

Task<> send_and_finish(Host& host, ByteStream& stream, std::string text) {
    const Result<void> sent = co_await write_all(stream, bytes_of(text), deadline_after(host, 30s));
    EXPECT_TRUE(sent) << describe(sent.error());
    stream.shutdown_send();
}

TEST_P(NetworkContract, BytesArriveWholeAndInOrderInBothDirectionsAtOnce) {
    run([](Host& host) -> Task<> {
        const auto listener = listen(host);
        Pair pair = co_await connected_pair(host, *listener);
        EXPECT_EQ(pair.client->remote_endpoint(), listener->local_endpoint());
        EXPECT_EQ(pair.client->local_endpoint(), pair.server->remote_endpoint());
        // More than any socket buffer holds, so that both sides block in the middle.
        std::string large(3'000'000, ' ');
        for (std::size_t i = 0; i < large.size(); ++i)
            large[i] = static_cast<char>('a' + i * i % 23);
        TaskGroup tasks(host);
        tasks.spawn(send_and_finish(host, *pair.client, large));
        tasks.spawn(send_and_finish(host, *pair.server, large));
        const std::string at_server = co_await read_to_end(host, *pair.server);
        const std::string at_client = co_await read_to_end(host, *pair.client);
        EXPECT_TRUE(at_server == large);
        EXPECT_TRUE(at_client == large);
        co_await tasks.join();
    });
}

TEST_P(NetworkContract, NobodyListeningIsRefusedDefinitely) {
    run([](Host& host) -> Task<> {
        const auto listener = listen(host);
        const Endpoint endpoint = listener->local_endpoint();
        listener->close();
        const auto refused = co_await host.network().connect(endpoint, Transport::plain(),
                                                             deadline_after(host, 10s));
        EXPECT_FALSE(refused);
        if (refused) co_return;
        EXPECT_EQ(refused.error().code, ErrorCode::connection_refused);
        EXPECT_EQ(refused.error().certainty, host::Certainty::definite);
    });
}

TEST_P(NetworkContract, TwoListenersCannotShareAnEndpoint) {
    run([](Host& host) -> Task<> {
        const auto listener = listen(host);
        const auto second = host.network().listen(listener->local_endpoint(), Transport::plain());
        EXPECT_FALSE(second);
        if (!second) {
            EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
        }
        co_return;
    });
}

TEST_P(NetworkContract, AClosedListenersPortIsFreeAgain) {
    run([](Host& host) -> Task<> {
        auto listener = listen(host);
        const Endpoint endpoint = listener->local_endpoint();
        // A connection that lingers must not hold the port.
        Pair pair = co_await connected_pair(host, *listener);
        listener->close();
        pair.server->close();
        const auto again = host.network().listen(endpoint, Transport::plain());
        EXPECT_TRUE(again) << describe(again.error());
    });
}

TEST_P(NetworkContract, ADeadlineEndsAReadAndLeavesTheStreamOpen) {
    run([](Host& host) -> Task<> {
        const auto listener = listen(host);
        Pair pair = co_await connected_pair(host, *listener);
        std::string buffer(10, '\0');
        const auto writable = std::as_writable_bytes(std::span(buffer));
        for (int i = 0; i < 3; ++i) {
            const auto late = co_await pair.client->read_some(writable, deadline_after(host, 1ms));
            EXPECT_FALSE(late);
            if (!late) {
                EXPECT_EQ(late.error().code, ErrorCode::deadline_exceeded);
            }
        }
        const auto sent =
            co_await write_all(*pair.server, bytes_of("hello"), deadline_after(host, 10s));
        EXPECT_TRUE(sent);
        const auto received =
            co_await read_exactly(*pair.client, writable.first(5), deadline_after(host, 10s));
        EXPECT_TRUE(received);
        EXPECT_EQ(buffer.substr(0, 5), "hello");
    });
}

TEST_P(NetworkContract, ADeadlineOfOneDirectionDoesNotDisturbTheOther) {
    run([](Host& host) -> Task<> {
        const auto listener = listen(host);
        Pair pair = co_await connected_pair(host, *listener);
        TaskGroup tasks(host);
        // A write that cannot go on until the far side reads.
        tasks.spawn(send_and_finish(host, *pair.client, std::string(3'000'000, 'x')));
        std::string buffer(10, '\0');
        for (int i = 0; i < 5; ++i) {
            const auto late = co_await pair.client->read_some(
                std::as_writable_bytes(std::span(buffer)), deadline_after(host, 1ms));
            EXPECT_FALSE(late);
        }
        const std::string received = co_await read_to_end(host, *pair.server);
        EXPECT_EQ(received.size(), 3'000'000u);
        co_await tasks.join();
    });
}

TEST_P(NetworkContract, ADeadlineEndsAnAccept) {
    run([](Host& host) -> Task<> {
        const auto listener = listen(host);
        const auto late = co_await listener->accept(deadline_after(host, 1ms));
        EXPECT_FALSE(late);
        if (!late) {
            EXPECT_EQ(late.error().code, ErrorCode::deadline_exceeded);
        }
        Pair pair = co_await connected_pair(host, *listener);
        EXPECT_TRUE(pair.server);
    });
}

Task<> expect_read_closed(ByteStream& stream, bool& ended) {
    std::string buffer(10, '\0');
    const auto count =
        co_await stream.read_some(std::as_writable_bytes(std::span(buffer)), Deadline::never());
    EXPECT_FALSE(count);
    if (!count) {
        EXPECT_EQ(count.error().code, ErrorCode::closed);
    }
    ended = true;
}

TEST_P(NetworkContract, CloseEndsTheReadUnderWayAndThePeerReadsTheEnd) {
    run([](Host& host) -> Task<> {
        const auto listener = listen(host);
        Pair pair = co_await connected_pair(host, *listener);
        bool ended = false;
        TaskGroup tasks(host);
        tasks.spawn(expect_read_closed(*pair.client, ended));
        co_await sleep_for(host, 5ms);
        EXPECT_FALSE(ended);
        pair.client->close();
        EXPECT_FALSE(ended) << "close() must not resume the reader inside the call";
        pair.client->close();
        co_await tasks.join();
        EXPECT_TRUE(ended);
        const std::string rest = co_await read_to_end(host, *pair.server);
        EXPECT_EQ(rest, "");
        const auto write =
            co_await pair.client->write_some(bytes_of("x"), deadline_after(host, 1s));
        EXPECT_FALSE(write);
        if (!write) {
            EXPECT_EQ(write.error().code, ErrorCode::closed);
        }
    });
}

Task<> expect_accept_closed(Listener& listener, bool& ended) {
    const auto accepted = co_await listener.accept(Deadline::never());
    EXPECT_FALSE(accepted);
    if (!accepted) {
        EXPECT_EQ(accepted.error().code, ErrorCode::closed);
    }
    ended = true;
}

TEST_P(NetworkContract, CloseEndsTheAcceptUnderWay) {
    run([](Host& host) -> Task<> {
        const auto listener = listen(host);
        bool ended = false;
        TaskGroup tasks(host);
        tasks.spawn(expect_accept_closed(*listener, ended));
        co_await sleep_for(host, 5ms);
        listener->close();
        co_await tasks.join();
        EXPECT_TRUE(ended);
    });
}

TEST_P(NetworkContract, HalfClosedStreamsStillReceive) {
    run([](Host& host) -> Task<> {
        const auto listener = listen(host);
        Pair pair = co_await connected_pair(host, *listener);
        co_await send_and_finish(host, *pair.client, "question");
        const std::string question = co_await read_to_end(host, *pair.server);
        EXPECT_EQ(question, "question");
        co_await send_and_finish(host, *pair.server, "answer");
        const std::string answer = co_await read_to_end(host, *pair.client);
        EXPECT_EQ(answer, "answer");
    });
}

TEST_P(NetworkContract, WritingToAPeerThatIsGoneIsAReset) {
    run([](Host& host) -> Task<> {
        const auto listener = listen(host);
        Pair pair = co_await connected_pair(host, *listener);
        pair.server->close();
        // The first writes may be taken before the peer's answer arrives.
        ErrorCode code{};
        for (int i = 0; i < 1000; ++i) {
            const auto write =
                co_await pair.client->write_some(bytes_of("x"), deadline_after(host, 10s));
            if (!write) {
                code = write.error().code;
                break;
            }
            co_await sleep_for(host, 1ms);
        }
        EXPECT_EQ(code, ErrorCode::connection_reset);
    });
}

Task<> read_for_ever(ByteStream& stream, int& left) {
    struct Leaving {
        int& counter;
        ~Leaving() { --counter; }
    } leaving{left};
    std::string buffer(10, '\0');
    const auto count =
        co_await stream.read_some(std::as_writable_bytes(std::span(buffer)), Deadline::never());
    ADD_FAILURE() << "a cancelled read leaves by an exception, not with "
                  << (count ? "bytes" : describe(count.error()));
}

TEST_P(NetworkContract, ACancelledReadLeavesAndTheStreamStaysUsable) {
    run([](Host& host) -> Task<> {
        const auto listener = listen(host);
        Pair pair = co_await connected_pair(host, *listener);
        int running = 1;
        TaskGroup tasks(host);
        tasks.spawn(read_for_ever(*pair.client, running));
        co_await sleep_for(host, 5ms);
        co_await tasks.stop();
        EXPECT_EQ(running, 0);
        co_await send_and_finish(host, *pair.server, "still here");
        const std::string text = co_await read_to_end(host, *pair.client);
        EXPECT_EQ(text, "still here");
    });
}

TEST_P(NetworkContract, ANumericAddressResolvesToItself) {
    run([](Host& host) -> Task<> {
        const auto addresses =
            co_await host.network().resolve("127.0.0.1", deadline_after(host, 10s));
        EXPECT_TRUE(addresses);
        if (addresses) {
            EXPECT_EQ(*addresses, std::vector<std::string>{"127.0.0.1"});
        }
    });
}

TEST_P(NetworkContract, AnUnknownNameIsNotFound) {
    run([](Host& host) -> Task<> {
        // RFC 2606 keeps this name unused. Without a name server the answer may be "unavailable".
        const auto addresses =
            co_await host.network().resolve("nowhere.invalid", deadline_after(host, 20s));
        EXPECT_FALSE(addresses);
        if (!addresses) {
            EXPECT_TRUE(addresses.error().code == ErrorCode::not_found ||
                        addresses.error().code == ErrorCode::unavailable)
                << describe(addresses.error());
        }
    });
}

TEST_P(NetworkContract, TlsIsOfferedOrRefusedBeforeAnythingIsSent) {
    run([](Host& host) -> Task<> {
        const auto listener = host.network().listen({"127.0.0.1", 0}, Transport{"atlas.test"});
        if (!listener) {
            EXPECT_EQ(listener.error().code, ErrorCode::unsupported);
        }
        co_return;
    });
}

ATLAS_IN_BOTH_WORLDS(NetworkContract);

}  // namespace
}  // namespace atlas::properties

// What the simulated network adds to the contract of both worlds (properties/contracts): silence,
// resets, machines without power, processes that die.

#include "sim/network/simulated_network.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "sim/cluster/calm.hpp"
#include "sim/cluster/cluster.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::network {
namespace {

using cluster::Cluster;
using cluster::ProcessNumber;
using host::Deadline;
using host::ErrorCode;
using host::Host;
using host::Task;
using host::TimePoint;
using namespace std::chrono_literals;

constexpr std::uint16_t port = 7000;

struct Seen {
    TimePoint at;
    std::string what;
    friend bool operator==(const Seen&, const Seen&) = default;
};
using Log = std::vector<Seen>;

void note(Host& host, Log& log, std::string what) {
    log.push_back({host.clock().now(), std::move(what)});
}

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

Task<> echo_one(Host& host, std::unique_ptr<host::ByteStream> stream, Log& log) {
    std::array<std::byte, 64> buffer;
    for (;;) {
        host::Result<std::size_t> count = co_await stream->read_some(buffer, Deadline::never());
        if (!count) {
            note(host, log, std::string(name(count.error().code)));
            co_return;
        }
        if (*count == 0) {
            note(host, log, "end");
            co_return;
        }
        host::Result<void> written =
            co_await host::write_all(*stream, std::span(buffer).first(*count), Deadline::never());
        if (!written) co_return;
    }
}

Task<> accept_all(Host& host, host::TaskGroup& group, Log& log) {
    auto listener = host.network().listen({"0.0.0.0", port}, host::Transport::plain());
    EXPECT_TRUE(listener.has_value());
    for (;;) {
        auto stream = co_await (*listener)->accept(Deadline::never());
        if (!stream) co_return;
        group.spawn(echo_one(host, std::move(*stream), log));
    }
}

Task<> serve(Host& host, Log& log) {
    co_await host::with_task_group(
        host, [&host, &log](host::TaskGroup& group) { return accept_all(host, group, log); });
}

Task<> ping(Host& host, Log& log, host::Duration interval, host::Duration patience) {
    auto connected = co_await host.network().connect({"10.0.0.1", port}, host::Transport::plain(),
                                                     host::deadline_after(host, patience));
    if (!connected) {
        note(host, log, "connect: " + std::string(name(connected.error().code)));
        co_return;
    }
    host::ByteStream& stream = **connected;
    for (;;) {
        host::Result<void> sent =
            co_await host::write_all(stream, bytes("ping"), Deadline::never());
        std::array<std::byte, 4> buffer;
        host::Result<void> answer =
            co_await host::read_exactly(stream, buffer, host::deadline_after(host, patience));
        note(host, log, answer ? "pong" : std::string(name(answer.error().code)));
        if (!answer && answer.error().code != ErrorCode::deadline_exceeded) co_return;
        if (!answer) co_return;
        co_await host::sleep_for(host, interval);
    }
}

Task<> read_all(Host& host, std::string& text) {
    auto listener = host.network().listen({"0.0.0.0", port + 1}, host::Transport::plain());
    auto stream = co_await (*listener)->accept(Deadline::never());
    for (;;) {
        std::array<std::byte, 64> buffer;
        auto count = co_await (*stream)->read_some(buffer, Deadline::never());
        if (!count || *count == 0) co_return;
        text.append(reinterpret_cast<const char*>(buffer.data()), *count);
    }
}

Task<> write_a_letter_each(Host& host, host::Duration interval) {
    auto stream = co_await host.network().connect({"10.0.0.1", port + 1}, host::Transport::plain(),
                                                  Deadline::never());
    for (char letter = 'a'; letter <= 'z'; ++letter) {
        co_await host::sleep_for(host, interval);
        co_await host::write_all(**stream, bytes({&letter, 1}), Deadline::never());
    }
    co_await host::sleep_for(host, 1h);
}

class Network final : public cluster::CalmNetwork {
  public:
    Network() : CalmNetwork(1ms) {}
    bool loses_in_flight(Link) override { return loses; }
    ConnectFate connect_fate(Link) override { return fate; }
    void connect_failed(Link, ConnectFate, host::ErrorCode) override { ++connects_failed; }
    void delivered(Link, host::Duration, const Flight&) override { ++packets_delivered; }
    void half_close_seen(std::uint64_t end) override { ended.push_back(end); }

    bool loses = false;
    ConnectFate fate = ConnectFate::as_usual;
    std::size_t connects_failed = 0;
    std::size_t packets_delivered = 0;
    std::vector<std::uint64_t> ended;  ///< By half_close, as programs saw it.
};

class SimulatedNetworkTest : public testing::Test {
  protected:
    SimulatedNetworkTest() : kernel(kernel::Seed{3}), cluster(kernel, policy, disk) {
        server_machine = cluster.add_machine("server");
        client_machine = cluster.add_machine("client");
        server = cluster.add_process(server_machine, "server",
                                     [this](Host& host) { return serve(host, server_log); });
    }

    void add_client(host::Duration interval, host::Duration patience) {
        client = cluster.add_process(client_machine, "client", [=, this](Host& host) {
            return ping(host, client_log, interval, patience);
        });
    }

    Link to_server() const { return {client_machine, server_machine}; }
    Link to_client() const { return {server_machine, client_machine}; }

    kernel::Kernel kernel;
    Network policy;
    cluster::CalmDisk disk;
    Cluster cluster;
    MachineNumber server_machine, client_machine;
    ProcessNumber server = 0, client = 0;
    Log server_log, client_log;
};

TEST_F(SimulatedNetworkTest, BytesTakeTheirTimeEachWay) {
    add_client(1h, 1s);
    cluster.start_all();
    kernel.run_until(TimePoint{1s});
    EXPECT_EQ(client_log, (Log{{TimePoint{4ms}, "pong"}}));
}

TEST_F(SimulatedNetworkTest, APartitionIsSilenceAndItsBytesArriveAfterIt) {
    add_client(10ms, 1h);
    cluster.start_all();
    kernel.run_until(TimePoint{5ms});
    cluster.network().set_blocked(to_client(), true);
    kernel.run_until(TimePoint{10s});
    EXPECT_EQ(client_log.size(), 1u) << "the answer cannot come through";
    cluster.network().set_blocked(to_client(), false);
    kernel.run_until(TimePoint{10s + 2ms});
    ASSERT_EQ(client_log.size(), 2u);
    EXPECT_EQ(client_log.back(), (Seen{TimePoint{10s + 1ms}, "pong"}));
}

TEST_F(SimulatedNetworkTest, ConnectingThroughAPartitionTimesOutAndIsNeverRefused) {
    add_client(10ms, 2s);
    cluster.network().set_blocked(to_server(), true);
    cluster.start_all();
    kernel.run_until(TimePoint{1min});
    EXPECT_EQ(client_log, (Log{{TimePoint{2s}, "connect: deadline_exceeded"}}));
}

TEST_F(SimulatedNetworkTest, NobodyListeningIsARefusal) {
    add_client(10ms, 2s);
    cluster.start(client);
    kernel.run_until(TimePoint{1min});
    EXPECT_EQ(client_log, (Log{{TimePoint{2ms}, "connect: connection_refused"}}));
}

TEST_F(SimulatedNetworkTest, AKilledProcessHasItsSocketsClosedByItsMachine) {
    add_client(1h, 1h);
    cluster.start_all();
    kernel.run_until(TimePoint{1s});
    EXPECT_EQ(cluster.network().open_ends(cluster.process(client)), 1u);
    cluster.kill(client);
    kernel.run_until(TimePoint{2s});
    EXPECT_EQ(cluster.network().open_ends(cluster.process(client)), 0u);
    EXPECT_EQ(server_log, (Log{{TimePoint{1s + 1ms}, "end"}}));
}

TEST_F(SimulatedNetworkTest, AMachineWithoutPowerSaysNothingAndResetsOldConnectionsWhenItIsBack) {
    add_client(1s, 1h);
    cluster.start_all();
    kernel.run_until(TimePoint{500ms});
    cluster.power_off(server_machine);
    kernel.run_until(TimePoint{1min});
    EXPECT_EQ(client_log.size(), 1u) << "silence, not an error";
    cluster.power_on(server_machine);
    kernel.run_until(TimePoint{2min});
    ASSERT_EQ(client_log.size(), 2u);
    EXPECT_EQ(client_log.back(), (Seen{TimePoint{1min + 1ms}, "connection_reset"}));
}

TEST_F(SimulatedNetworkTest, AMachineThatLostPowerUnnoticedAnswersTheNextBytesWithAReset) {
    add_client(1min, 1h);
    cluster.start_all();
    kernel.run_until(TimePoint{1s});
    cluster.power_off(server_machine);
    kernel.run_until(TimePoint{2s});
    cluster.power_on(server_machine);
    kernel.run_until(TimePoint{2min});
    ASSERT_EQ(client_log.size(), 2u);
    EXPECT_EQ(client_log.back().what, "connection_reset");
}

TEST_F(SimulatedNetworkTest, BytesKeepTheirOrderWhenALinkOpensInTheirMidst) {
    std::string text;
    const ProcessNumber reader = cluster.add_process(
        server_machine, "reader", [&text](Host& host) { return read_all(host, text); });
    const ProcessNumber writer = cluster.add_process(
        client_machine, "writer", [](Host& host) { return write_a_letter_each(host, 300us); });
    cluster.start(reader);
    cluster.start(writer);
    kernel.run_until(TimePoint{4ms});
    cluster.network().set_blocked(to_server(), true);
    kernel.run_until(TimePoint{6ms});
    // What waited is sent again and takes 1 ms; what is under way arrives before it.
    cluster.network().set_blocked(to_server(), false);
    kernel.run_until(TimePoint{1s});
    EXPECT_EQ(text, "abcdefghijklmnopqrstuvwxyz");
}

class PowerLossTest : public SimulatedNetworkTest, public testing::WithParamInterface<bool> {};

TEST_P(PowerLossTest, WhatIsUnderWayArrivesUnlessItIsLost) {
    policy.loses = GetParam();
    std::string text;
    const ProcessNumber reader = cluster.add_process(
        server_machine, "reader", [&text](Host& host) { return read_all(host, text); });
    const ProcessNumber writer = cluster.add_process(
        client_machine, "writer", [](Host& host) { return write_a_letter_each(host, 10ms); });
    cluster.start(reader);
    cluster.start(writer);
    // Connected after 2 ms, the first letter sent after 12 ms, there after 13 ms.
    kernel.run_until(TimePoint{12ms + 500us});
    cluster.power_off(client_machine);
    kernel.run_until(TimePoint{1s});
    EXPECT_EQ(text, policy.loses ? "" : "a");
}

INSTANTIATE_TEST_SUITE_P(BothWays, PowerLossTest, testing::Bool());

TEST_F(SimulatedNetworkTest, WhatADeadMachineSentIntoAPartitionIsNeverSentAgain) {
    add_client(10ms, 1h);
    cluster.start_all();
    kernel.run_until(TimePoint{5ms});
    cluster.network().set_blocked(to_server(), true);
    kernel.run_until(TimePoint{20ms});
    cluster.power_off(client_machine);
    cluster.network().set_blocked(to_server(), false);
    kernel.run_until(TimePoint{10s});
    // Had the second ping come, its answer would have found nobody: a reset.
    cluster.power_on(client_machine);
    kernel.run_until(TimePoint{10s + 50ms});
    EXPECT_EQ(server_log, Log{});
}

TEST_F(SimulatedNetworkTest, AResetIsSeenAtBothEnds) {
    add_client(1h, 1h);
    cluster.start_all();
    kernel.run_until(TimePoint{2ms + 500us});
    EXPECT_FALSE(cluster.network().reset_connection(client_machine, client_machine, 0).has_value());
    EXPECT_TRUE(cluster.network().reset_connection(server_machine, client_machine, 7).has_value());
    kernel.run_until(TimePoint{1s});
    ASSERT_EQ(client_log.size(), 1u);
    EXPECT_EQ(client_log[0].what, "connection_reset");
    ASSERT_EQ(server_log.size(), 1u);
    EXPECT_EQ(server_log[0].what, "connection_reset");
}

TEST_F(SimulatedNetworkTest, AHalfCloseIsToldOnceAndSeenAtOneEnd) {
    add_client(1h, 1h);
    cluster.start_all();
    kernel.run_until(TimePoint{1s});
    const auto connection = cluster.network().half_close(server_machine, client_machine, 1);
    ASSERT_TRUE(connection);
    EXPECT_FALSE(cluster.network().half_close(server_machine, client_machine, 1))
        << "that end has been told already";
    kernel.run_until(TimePoint{2s});
    EXPECT_EQ(server_log, (Log{{TimePoint{1s}, "end"}}));
    EXPECT_EQ(client_log.size(), 1U);
    EXPECT_EQ(policy.ended, std::vector{*connection});
}

TEST_F(SimulatedNetworkTest, EachEndOfAConnectionCanBeToldAnEndOfItsOwn) {
    add_client(1h, 1h);
    cluster.start_all();
    kernel.run_until(TimePoint{1s});
    const auto client_end = cluster.network().half_close(server_machine, client_machine, 0);
    const auto server_end = cluster.network().half_close(server_machine, client_machine, 1);
    ASSERT_TRUE(client_end && server_end);
    EXPECT_NE(*client_end, *server_end);
}

TEST_F(SimulatedNetworkTest, WhatIsBrokenIsNotBrokenAgain) {
    add_client(1h, 1h);
    cluster.start_all();
    kernel.run_until(TimePoint{2ms + 500us});
    EXPECT_TRUE(cluster.network().reset_connection(server_machine, client_machine, 0));
    EXPECT_FALSE(cluster.network().reset_connection(server_machine, client_machine, 0));
    EXPECT_FALSE(cluster.network().half_close(server_machine, client_machine, 0));
}

TEST_F(SimulatedNetworkTest, ARefusalCountsOnlyWhereSomebodyListens) {
    policy.fate = ConnectFate::refused;
    add_client(10ms, 2s);
    cluster.start(client);
    kernel.run_until(TimePoint{10ms});
    EXPECT_EQ(policy.connects_failed, 0U);
    cluster.start(server);
    cluster.kill(client);
    cluster.start(client);
    kernel.run_until(TimePoint{20ms});
    EXPECT_EQ(client_log, (Log{{TimePoint{2ms}, "connect: connection_refused"},
                               {TimePoint{12ms}, "connect: connection_refused"}}));
    EXPECT_EQ(policy.connects_failed, 1U);
}

TEST_F(SimulatedNetworkTest, AnIgnoredConnectCountsOnlyWhereTheRequestCame) {
    policy.fate = ConnectFate::ignored;
    add_client(10ms, 2s);
    cluster.network().set_blocked(to_server(), true);
    cluster.start_all();
    kernel.run_until(TimePoint{5s});
    EXPECT_EQ(policy.connects_failed, 0U);
    cluster.network().set_blocked(to_server(), false);
    cluster.kill(client);
    cluster.start(client);
    kernel.run_until(TimePoint{10s});
    EXPECT_EQ(client_log, (Log{{TimePoint{2s}, "connect: deadline_exceeded"},
                               {TimePoint{7s}, "connect: deadline_exceeded"}}));
    EXPECT_EQ(policy.connects_failed, 1U);
}

TEST_F(SimulatedNetworkTest, WhatComesToNobodyIsNotDelivered) {
    add_client(1h, 1h);
    cluster.start_all();
    // The request, its acceptance and the ping; the pong finds nobody.
    kernel.run_until(TimePoint{3ms + 500us});
    EXPECT_EQ(policy.packets_delivered, 3U);
    cluster.power_off(client_machine);
    kernel.run_until(TimePoint{5ms});
    EXPECT_EQ(policy.packets_delivered, 3U);
}

TEST_F(SimulatedNetworkTest, APausedProcessStillReceivesButDoesNotAnswer) {
    add_client(10ms, 1h);
    cluster.start_all();
    kernel.run_until(TimePoint{5ms});
    cluster.pause(server);
    kernel.run_until(TimePoint{10s});
    EXPECT_EQ(client_log.size(), 1u);
    cluster.resume(server);
    kernel.run_until(TimePoint{10s + 1ms});
    EXPECT_EQ(client_log.size(), 2u);
}

Task<> fill(Host& host, Log& log, std::size_t& written) {
    auto connected = co_await host.network().connect({"10.0.0.1", port}, host::Transport::plain(),
                                                     Deadline::never());
    const std::vector<std::byte> chunk(4096);
    for (;;) {
        host::Result<std::size_t> count =
            co_await (*connected)->write_some(chunk, host::deadline_after(host, 1s));
        if (!count) {
            note(host, log, std::string(name(count.error().code)));
            co_return;
        }
        written += *count;
    }
}

TEST_F(SimulatedNetworkTest, AWriterWaitsWhenNobodyReads) {
    std::size_t written = 0;
    client = cluster.add_process(client_machine, "client",
                                 [&](Host& host) { return fill(host, client_log, written); });
    cluster.start(server);
    kernel.run_until(TimePoint{1ms});
    cluster.pause(server);
    cluster.start(client);
    kernel.run_until(TimePoint{10s});
    EXPECT_EQ(written, window_bytes);
    ASSERT_EQ(client_log.size(), 1u);
    EXPECT_EQ(client_log[0].what, "deadline_exceeded");
}

Task<> leave_a_listener_behind(Host& host, std::unique_ptr<host::Listener>& kept) {
    auto listener = host.network().listen({"0.0.0.0", port}, host::Transport::plain());
    kept = std::move(*listener);
    co_return;
}

TEST_F(SimulatedNetworkTest, WhatAProgramLeavesBehindIsReported) {
    std::unique_ptr<host::Listener> kept;
    client = cluster.add_process(client_machine, "leaker",
                                 [&](Host& host) { return leave_a_listener_behind(host, kept); });
    cluster.start(client);
    kernel.run_until(TimePoint{1ms});
    EXPECT_EQ(cluster.leftovers(),
              (std::vector<std::string>{"client/leaker#1: 1 connection(s) or listener(s)"}));
    kept->close();
}

// Sends so many bytes at once, and notes when the answering end has read them all.
Task<> send_bytes(Host& host, std::string to, std::size_t size) {
    auto stream = co_await host.network().connect({std::move(to), port}, {}, Deadline::never());
    const std::vector<std::byte> payload(size);
    host::Result<void> written = co_await host::write_all(**stream, payload, Deadline::never());
    EXPECT_TRUE(written);
    co_await host::sleep_for(host, 100s);
}

Task<> read_bytes(Host& host, std::size_t size, Log& log) {
    auto listener = host.network().listen({"0.0.0.0", port}, {});
    auto stream = co_await (*listener)->accept(Deadline::never());
    std::vector<std::byte> buffer(size);
    for (std::size_t read = 0; read < size;) {
        host::Result<std::size_t> count =
            co_await (*stream)->read_some(std::span(buffer).subspan(read), Deadline::never());
        if (!count) co_return;
        read += *count;
    }
    note(host, log, "all read");
}

TEST(LinkConditions, BytesTakeTheTimeThatANarrowLinkGivesThem) {
    for (const host::Duration per_kibibyte : {0s, 1s, 4s}) {
        kernel::Kernel kernel{kernel::Seed{1}};
        cluster::CalmNetwork network;
        cluster::CalmDisk disk;
        Cluster cluster(kernel, network, disk);
        const MachineNumber reader = cluster.add_machine("reader");
        const MachineNumber writer = cluster.add_machine("writer");
        Log log;
        cluster.add_process(reader, "reader",
                            [&log](Host& host) { return read_bytes(host, 8152, log); });
        const std::string to = cluster.network().address_of(reader);
        cluster.add_process(writer, "writer",
                            [to](Host& host) { return send_bytes(host, to, 8152); });
        cluster.network().set_condition({writer, reader}, {.time_per_kibibyte = per_kibibyte});
        cluster.start_all();
        kernel.run_until(TimePoint{60s});
        ASSERT_EQ(log.size(), 1U);
        // One packet with its header is 8192 bytes; the connection request before it has 40.
        EXPECT_GE(log[0].at.since_epoch, per_kibibyte * 8);
        EXPECT_LE(log[0].at.since_epoch, per_kibibyte * 8 + 1s);
    }
}

}  // namespace
}  // namespace atlas::sim::network

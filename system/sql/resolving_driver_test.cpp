#include "system/sql/resolving_driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "system/sql/fake_driver.hpp"

namespace atlas::sql {
namespace {

using host::Host;
using host::Task;
using namespace std::chrono_literals;

Task<> connect_to(Host& host, FakeServer& server, std::string name, std::string& address,
                  std::string& error) {
    auto fake = std::make_unique<FakeDriver>(host, server);
    const FakeDriver& inner = *fake;
    ResolvingDriver driver(host, std::move(fake));
    const host::Context context{.deadline = host::deadline_after(host, 1s)};
    ConnectionTarget target;
    target.endpoint = {std::move(name), 5432};
    const auto connection = co_await driver.connect(context, target);
    if (!connection) {
        EXPECT_EQ(connection.error().kind, ErrorKind::cannot_connect);
        error = connection.error().message;
        co_return;
    }
    address = inner.last_target.endpoint.address;
}

TEST(ResolvingDriver, ConnectsToTheAddressOfTheName) {
    FakeServer server;
    std::string address;
    std::string error;
    sim::cluster::run_calmly(
        [&](Host& host) { return connect_to(host, server, "localhost", address, error); });
    EXPECT_EQ(address, "10.0.0.1");
    EXPECT_EQ(error, "");
}

TEST(ResolvingDriver, ANameThatDoesNotResolveIsNoConnection) {
    FakeServer server;
    std::string address;
    std::string error;
    sim::cluster::run_calmly(
        [&](Host& host) { return connect_to(host, server, "nowhere", address, error); });
    EXPECT_EQ(address, "");
    EXPECT_THAT(error, testing::HasSubstr("name nowhere does not resolve"));
    EXPECT_TRUE(server.asked.empty());
}

/// Every name has two addresses.
class TwoAddresses final : public host::Network {
  public:
    Task<host::Result<std::unique_ptr<host::ByteStream>>> connect(host::Endpoint, host::Transport,
                                                                  host::Deadline) override {
        co_return host::failure(host::ErrorCode::unsupported);
    }
    host::Result<std::unique_ptr<host::Listener>> listen(host::Endpoint, host::Transport) override {
        return host::failure(host::ErrorCode::unsupported);
    }
    Task<host::Result<std::vector<std::string>>> resolve(std::string, host::Deadline) override {
        co_return std::vector<std::string>{"10.0.0.1", "10.0.0.2"};
    }
};

enum class First : std::uint8_t { refuses, hangs, answers_no };

/// At the second address a server takes the connection after `latency`; nobody is at the first.
class HalfDeadDriver final : public Driver {
  public:
    HalfDeadDriver(Host& host, FakeServer& server, First first)
        : host_(host), server_(server), first_(first) {}

    Task<Result<std::unique_ptr<Connection>>> connect(host::Context context,
                                                      ConnectionTarget target) override {
        asked.push_back(target.endpoint.address);
        if (target.endpoint.address == "10.0.0.1") {
            if (first_ == First::hangs) {
                co_await host::sleep_until(host_, context.deadline.point());
                co_return std::unexpected(Error{.kind = ErrorKind::deadline_exceeded});
            }
            co_return std::unexpected(Error{
                .kind = first_ == First::refuses ? ErrorKind::cannot_connect : ErrorKind::server});
        }
        FakeDriver second(host_, server_);
        co_return co_await second.connect(context, std::move(target));
    }

    std::vector<std::string> asked;

  private:
    Host& host_;
    FakeServer& server_;
    First first_;
};

struct Connected {
    std::vector<std::string> asked;
    std::optional<ErrorKind> error;
    host::Duration took{};
};

Connected connect_with_two_seconds(First first, host::Duration latency_of_second) {
    FakeServer server;
    server.latency = latency_of_second;
    Connected connected;
    const auto program = [&](Host& host) -> Task<> {
        TwoAddresses network;
        auto inner = std::make_unique<HalfDeadDriver>(host, server, first);
        const HalfDeadDriver& addresses = *inner;
        ResolvingDriver driver(host.clock(), network, std::move(inner));
        const host::TimePoint began = host.clock().now();
        ConnectionTarget target;
        target.endpoint = {"database", 5432};
        const auto connection =
            co_await driver.connect({.deadline = host::deadline_after(host, 2s)}, target);
        if (!connection) connected.error = connection.error().kind;
        connected.took = host.clock().now() - began;
        connected.asked = addresses.asked;
    };
    sim::cluster::run_calmly(program);
    return connected;
}

TEST(ResolvingDriver, TheSecondAddressTakesOverFromOneThatRefuses) {
    // It has all the time that is left.
    const Connected connected = connect_with_two_seconds(First::refuses, 1900ms);
    EXPECT_EQ(connected.asked, (std::vector<std::string>{"10.0.0.1", "10.0.0.2"}));
    EXPECT_EQ(connected.error, std::nullopt);
    EXPECT_EQ(connected.took, 1900ms);
}

TEST(ResolvingDriver, AnAddressInABlackHoleLeavesTheNextItsShareOfTheTime) {
    const Connected connected = connect_with_two_seconds(First::hangs, 900ms);
    EXPECT_EQ(connected.asked, (std::vector<std::string>{"10.0.0.1", "10.0.0.2"}));
    EXPECT_EQ(connected.error, std::nullopt);
    EXPECT_EQ(connected.took, 1900ms);
    const Connected late = connect_with_two_seconds(First::hangs, 1100ms);
    EXPECT_EQ(late.error, ErrorKind::deadline_exceeded);
    EXPECT_EQ(late.took, 2s);
}

TEST(ResolvingDriver, WhereAServerAnsweredNoOtherIsAsked) {
    const Connected connected = connect_with_two_seconds(First::answers_no, 1ms);
    EXPECT_EQ(connected.asked, std::vector<std::string>{"10.0.0.1"});
    EXPECT_EQ(connected.error, ErrorKind::server);
}

}  // namespace
}  // namespace atlas::sql

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

}  // namespace
}  // namespace atlas::sql

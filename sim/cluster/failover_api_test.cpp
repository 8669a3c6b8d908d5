// An API node on three databases with agents: it finds the primary, and another one when that is
// gone; what it has answered is there afterwards.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "sim/cluster/failover_cluster_fixture.hpp"
#include "sim/sql_client/driver.hpp"
#include "system/http/client_connection.hpp"
#include "system/sql/primary_driver.hpp"

namespace atlas::sim::cluster {
namespace {

using host::Host;
using host::Task;
using namespace std::chrono_literals;

class FailoverOfAnApiNode : public testing::Test {
  protected:
    FailoverOfAnApiNode() {
        Cluster& world = cluster.cluster();
        const auto api = world.add_machine("api");
        endpoint = {world.network().address_of(api), api_port};
        node = world.add_process(api, "atlas-server",
                                 api_node_program([this](Host& host) { return parts(host); }));
        user = world.add_process(world.add_machine("user"), "user",
                                 [this](Host& host) { return create_users(host); });
    }

    ApiNodeParts parts(Host& host) {
        std::vector<host::Endpoint> servers;
        for (int number = 0; number < FailoverCluster::nodes; ++number) {
            const auto machine = cluster.machine(number);
            servers.push_back({cluster.cluster().network().address_of(machine), postgres_port});
        }
        ApiNodeParts made;
        made.driver = std::make_unique<sql::PrimaryDriver>(
            host, std::make_unique<sql_client::Driver>(host), std::move(servers));
        made.options.listen = {"0.0.0.0", api_port};
        made.options.argon2 = {.memory_kib = 8, .iterations = 1};
        return made;
    }

    Task<host::Result<http::Response>> exchange(Host& host, http::Request request) {
        const host::Deadline deadline = host::deadline_after(host, 10s);
        auto stream = co_await host.network().connect(endpoint, {}, deadline);
        if (!stream) co_return std::unexpected(stream.error());
        http::ClientConnection connection(*std::move(stream), {});
        request.headers.set("Host", host::to_string(endpoint));
        auto response = co_await connection.exchange(std::move(request), deadline);
        co_return response;
    }

    /// One after the other, each with the same key until it is answered.
    Task<> create_users(Host& host) {
        while (true) {
            http::Request request;
            request.method = "POST";
            request.target = "/v1/users";
            request.headers.add("Content-Type", "application/json");
            request.headers.add("Idempotency-Key", fmt::format("user-{}", created));
            request.body = fmt::format(
                R"({{"email":"u{}@example.com","display_name":"U","password":"correct horse"}})",
                created);
            const auto response = co_await exchange(host, std::move(request));
            if (response && response->status == 201) ++created;
            co_await host::sleep_for(host, 100ms);
        }
    }

    kernel::Kernel kernel{kernel::Seed{5}};
    CalmNetwork network;
    CalmDisk disk;
    int created = 0;
    host::Endpoint endpoint;
    FailoverCluster cluster{kernel, network, disk};
    ProcessNumber node{};
    ProcessNumber user{};
};

TEST_F(FailoverOfAnApiNode, goes_on_with_the_new_primary) {
    ASSERT_TRUE(cluster.settle());
    cluster.cluster().start(node);
    cluster.cluster().start(user);
    cluster.let_pass(10s);
    const int before = created;
    EXPECT_GT(before, 10);
    const int old = cluster.primary();
    cluster.cluster().power_off(cluster.machine(old));
    cluster.let_pass(40s);
    EXPECT_GT(created, before + 50);
    EXPECT_NE(cluster.primary(), old);
    cluster.cluster().kill(user);
    EXPECT_GE(cluster.count_rows("users"), created);
    EXPECT_LE(cluster.count_rows("users"), created + 1) << "each once";
}

}  // namespace
}  // namespace atlas::sim::cluster

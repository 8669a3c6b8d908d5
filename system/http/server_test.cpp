// The times of the server, exactly: in a calm simulated world, where they cost nothing. What a peer
// on the wire sees of the rest is in properties/contracts, in both worlds.

#include "system/http/server.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sim/cluster/calm.hpp"
#include "system/http/server_fixture.hpp"

namespace atlas::http {
namespace {

using host::Host;
using host::Task;
using namespace std::chrono_literals;

void run(Scenario scenario) {
    const sim::cluster::CalmRun outcome =
        sim::cluster::run_calmly([&](Host& host) { return serve_and_run(host, {}, scenario); });
    EXPECT_TRUE(outcome.finished);
    EXPECT_EQ(outcome.leftovers, std::vector<std::string>{});
}

TEST(HttpServer, GivesARequestOnlySoMuchTimeToArrive) {
    run([](EchoServer& at) -> Task<> {
        Peer peer(at);
        co_await peer.connect();
        const host::TimePoint start = at.host().clock().now();
        const Response response = co_await peer.exchange("GET / HT");
        EXPECT_EQ(response.status, 408);
        EXPECT_EQ(type_of(response), "request-timeout");
        const host::Duration took = at.host().clock().now() - start;
        EXPECT_GE(took, 10s);
        EXPECT_LT(took, 11s);
    });
}

TEST(HttpServer, ClosesAConnectionThatStaysIdle) {
    run([](EchoServer& at) -> Task<> {
        Peer peer(at);
        co_await peer.connect();
        const host::TimePoint start = at.host().clock().now();
        const bool closed = co_await peer.is_closed_by_server();
        EXPECT_TRUE(closed);
        EXPECT_GE(at.host().clock().now() - start, 60s);
        EXPECT_EQ(at.server().connections(), 0u);
    });
}

TEST(HttpServer, GivesEveryRequestADeadlineThatTheClientMayShorten) {
    run([](EchoServer& at) -> Task<> {
        Peer peer(at);
        co_await peer.connect();
        const Response usual = co_await peer.exchange(get("/deadline"));
        const Response shorter =
            co_await peer.exchange(get("/deadline", "Atlas-Timeout-Ms: 250\r\n"));
        const Response longer =
            co_await peer.exchange(get("/deadline", "Atlas-Timeout-Ms: 4000000\r\n"));
        EXPECT_EQ(usual.body, "10000");
        EXPECT_EQ(shorter.body, "250");
        EXPECT_EQ(longer.body, "10000");
        for (const char* bad : {"0", "-1", "1.5", "abc", "", "99999999999"}) {
            const Response response = co_await peer.exchange(
                get("/deadline", "Atlas-Timeout-Ms: " + std::string{bad} + "\r\n"));
            EXPECT_EQ(response.status, 400) << bad;
        }
    });
}

}  // namespace
}  // namespace atlas::http

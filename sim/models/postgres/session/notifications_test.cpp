// LISTEN and NOTIFY between sessions, without the wire.

#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "sim/models/postgres/server.hpp"
#include "sim/models/postgres/testing/client.hpp"

namespace atlas::sim::models::postgres {
namespace {

using host::Task;
using testing::Client;

Task<> run_body(host::Host& host, const std::function<Task<>(Server&)>& body) {
    auto server = co_await Server::open(host, {}, "postgres");
    if (!server) co_return;
    co_await body(**server);
    co_await (*server)->shutdown();
}

void with_server(const std::function<Task<>(Server&)>& body) {
    const cluster::CalmRun run =
        cluster::run_calmly([&](host::Host& host) { return run_body(host, body); });
    EXPECT_TRUE(run.finished);
}

// "ch:payload ch:payload"
std::string heard(Client& client) {
    std::string text;
    for (const Notification& notification : client.session().take_notifications())
        text += (text.empty() ? "" : " ") + notification.channel + ":" + notification.payload;
    return text;
}

TEST(Notifications, come_with_the_commit_each_once_and_in_order) {
    with_server([](Server& server) -> Task<> {
        Client one(server);
        Client two(server);
        co_await two.query("LISTEN ch");
        EXPECT_EQ(
            co_await one.query("BEGIN; NOTIFY ch, 'a'; NOTIFY ch; NOTIFY ch, 'a'; "
                               "SAVEPOINT s; NOTIFY ch, 'not this'; ROLLBACK TO s; "
                               "SELECT pg_notify('ch', 'b'); NOTIFY other, 'c'"),
            "BEGIN\nNOTIFY\nNOTIFY\nNOTIFY\nSAVEPOINT\nNOTIFY\nROLLBACK\n() SELECT 1\nNOTIFY");
        EXPECT_EQ(heard(two), "");
        co_await one.query("COMMIT");
        EXPECT_EQ(heard(two), "ch:a ch: ch:b");
        co_await one.query("BEGIN; NOTIFY ch, 'never'; ROLLBACK");
        EXPECT_EQ(heard(two), "");
    });
}

TEST(Notifications, wait_for_the_end_of_the_listeners_own_transaction) {
    with_server([](Server& server) -> Task<> {
        Client one(server);
        Client two(server);
        int called = 0;
        two.session().on_notification([&] { ++called; });
        co_await two.query("LISTEN ch");
        co_await two.query("BEGIN");
        co_await one.query("NOTIFY ch, 'x'");
        EXPECT_EQ(called, 1);
        EXPECT_EQ(heard(two), "");
        co_await two.query("COMMIT");
        EXPECT_EQ(heard(two), "ch:x");
    });
}

TEST(Notifications, listening_begins_and_ends_with_a_commit) {
    with_server([](Server& server) -> Task<> {
        Client client(server);
        co_await client.query("BEGIN; LISTEN ch; NOTIFY ch, 'own'; COMMIT");
        EXPECT_EQ(heard(client), "ch:own");
        co_await client.query("BEGIN; UNLISTEN ch; ROLLBACK; NOTIFY ch, 'still'");
        EXPECT_EQ(heard(client), "ch:still");
        co_await client.query("UNLISTEN ch");
        co_await client.query("NOTIFY ch, 'gone'");
        EXPECT_EQ(heard(client), "");
        co_await client.query("LISTEN a; LISTEN b; UNLISTEN *; NOTIFY a; NOTIFY b");
        EXPECT_EQ(heard(client), "");
        co_await client.query("LISTEN a");
        co_await client.query("DISCARD ALL");
        co_await client.query("NOTIFY a");
        EXPECT_EQ(heard(client), "");
    });
}

TEST(Notifications, have_limits) {
    with_server([](Server& server) -> Task<> {
        Client client(server);
        co_await client.query("LISTEN ch");
        EXPECT_EQ(co_await client.query("NOTIFY ch, '" + std::string(8000, 'x') + "'"),
                  "22023 payload string too long");
        EXPECT_EQ(co_await client.query("NOTIFY ch, '" + std::string(7999, 'x') + "'"), "NOTIFY");
        EXPECT_EQ(heard(client).size(), 3 + 7999U);
        EXPECT_EQ(co_await client.query("SELECT pg_notify('', 'x')"),
                  "22023 channel name cannot be empty");
        EXPECT_EQ(co_await client.query("SELECT pg_notify('" + std::string(64, 'c') + "', '')"),
                  "22023 channel name too long");
    });
}

}  // namespace
}  // namespace atlas::sim::models::postgres

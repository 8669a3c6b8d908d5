// A session that is in the way of a follower's replay loses its statement, or, if its client is
// silent, its connection; and a mark that came too late harms no later statement.

#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "sim/models/postgres/session/backend_session.hpp"
#include "sim/models/postgres/testing/client.hpp"

namespace atlas::sim::models::postgres {
namespace {

using host::Task;

Task<> execute_half(Session& session) {
    const auto parsed = co_await session.parse("", "SELECT 1", {});
    EXPECT_TRUE(parsed.has_value());
    EXPECT_TRUE(session.bind("", "", {}).has_value());
    const auto executed = co_await session.execute("", 0);
    EXPECT_TRUE(executed.has_value());
}

Task<> run(host::Host& host) {
    auto opened = co_await Server::open(host, {}, "postgres");
    EXPECT_TRUE(opened.has_value());
    if (!opened) co_return;
    const std::unique_ptr<Server> server = *std::move(opened);
    {
        testing::Client client(*server);
        auto& session = static_cast<BackendSession&>(client.session());
        // Between two messages that the server has already.
        co_await execute_half(session);
        session.cancel_for_recovery();
        EXPECT_FALSE(session.termination().has_value());
        const auto synced = co_await session.sync(false);
        EXPECT_TRUE(synced.has_value());
        const std::string later = co_await client.query("SELECT pg_sleep(1)");
        EXPECT_EQ(later, "() SELECT 1");
        // Between Execute and a Sync that may never come.
        co_await execute_half(session);
        session.set_waiting_for_client(true);
        session.cancel_for_recovery();
        EXPECT_TRUE(session.termination().has_value());
        if (session.termination()) EXPECT_EQ(session.termination()->sqlstate, "40001");
    }
    co_await server->shutdown();
}

TEST(RecoveryConflict, ends_the_connection_of_a_client_that_is_silent) {
    EXPECT_TRUE(cluster::run_calmly(run).finished);
}

}  // namespace
}  // namespace atlas::sim::models::postgres

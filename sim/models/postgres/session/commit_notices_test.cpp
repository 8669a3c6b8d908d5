// A commit whose wait for a standby is cut short, by the extended protocol: the client is told of
// it with the answer to Sync, and only then.

#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "sim/models/postgres/session/backend_session.hpp"
#include "sim/models/postgres/testing/client.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::models::postgres {
namespace {

using host::Task;
using namespace std::chrono_literals;

Task<> cancel_soon(host::Host& host, Session& session) {
    co_await host::sleep_for(host, 1s);
    session.cancel();
}

Task<> terminate_soon(host::Host& host, BackendSession& session) {
    co_await host::sleep_for(host, 1s);
    session.terminate(std::move(interrupted(Interrupt::terminate)).release());
}

// Rows and tags that could be taken for a confirmation do not come.
Task<> insert_and_be_terminated(host::Host& host, BackendSession& session) {
    std::vector<std::string> tags;
    const auto body = [&](host::TaskGroup& tasks) -> Task<> {
        tasks.spawn(terminate_soon(host, session));
        const auto outcome = co_await session.simple_query(
            "SELECT 1; INSERT INTO t VALUES (2)",
            [&](StatementResult result) { tags.push_back(result.command_tag); });
        EXPECT_FALSE(outcome.has_value());
        if (!outcome) {
            EXPECT_EQ(outcome.error().severity, "WARNING");
            EXPECT_EQ(outcome.error().sqlstate, "57P01");
        }
    };
    co_await host::with_task_group(host, body);
    EXPECT_EQ(tags, std::vector<std::string>{"SELECT 1"});
    EXPECT_TRUE(session.termination().has_value());
}

Task<> insert_and_sync(host::Host& host, Session& session, std::vector<ServerMessage>& told) {
    const auto parsed = co_await session.parse("", "INSERT INTO t VALUES (1)", {});
    EXPECT_TRUE(parsed.has_value());
    EXPECT_TRUE(session.bind("", "", {}).has_value());
    const auto executed = co_await session.execute("", 0);
    EXPECT_TRUE(executed.has_value());
    const auto body = [&](host::TaskGroup& tasks) -> Task<> {
        tasks.spawn(cancel_soon(host, session));
        const auto synced = co_await session.sync(false);
        EXPECT_TRUE(synced.has_value());
        if (synced) told = *synced;
    };
    co_await host::with_task_group(host, body);
}

Task<> run(host::Host& host) {
    ServerSettings settings;
    settings.synchronous_standby_names = "nobody";
    auto opened = co_await Server::open(host, settings, "postgres");
    EXPECT_TRUE(opened.has_value());
    if (!opened) co_return;
    const std::unique_ptr<Server> server = *std::move(opened);
    {
        testing::Client client(*server);
        co_await client.query("SET synchronous_commit = local; CREATE TABLE t (id int)");
        co_await client.query("SET synchronous_commit = on");
        std::vector<ServerMessage> told;
        co_await insert_and_sync(host, client.session(), told);
        EXPECT_EQ(told.size(), 1);
        if (!told.empty()) {
            EXPECT_EQ(told[0].severity, "WARNING");
            EXPECT_EQ(told[0].message,
                      "canceling wait for synchronous replication due to user request");
        }
        std::size_t later = 0;
        co_await client.session().simple_query(
            "SELECT id FROM t", [&](StatementResult result) { later += result.notices.size(); });
        EXPECT_EQ(later, 0);
        co_await insert_and_be_terminated(host, static_cast<BackendSession&>(client.session()));
    }
    co_await server->shutdown();
}

TEST(CommitNotices, come_with_the_answer_to_sync) {
    const cluster::CalmRun calm = cluster::run_calmly(run);
    EXPECT_TRUE(calm.finished);
}

}  // namespace
}  // namespace atlas::sim::models::postgres

#include "system/sql/read_fence.hpp"

#include <gtest/gtest.h>

#include <array>

#include "sim/cluster/calm.hpp"
#include "system/host/task_group.hpp"
#include "system/sql/fake_driver.hpp"
#include "system/sql/transaction.hpp"

namespace atlas::sql {
namespace {

using host::Host;
using host::Task;
using namespace std::chrono_literals;

constexpr Statement look{"users_select", "SELECT 1"};

/// A primary on timeline 3. Its log grows with each fence.
class ReadFenceTest : public testing::Test {
  protected:
    ReadFenceTest() {
        server.latency = 10ms;
        server.answer = [this](const std::string& asked, const Parameters&) {
            QueryResult result;
            if (asked == "execute server_run")
                result.rows = {{started, "000000030000000000000001"}};
            if (asked == "execute read_fence")
                result.rows = {{"0/" + std::to_string(++fences), "1"}};
            return Result<QueryResult>(std::move(result));
        };
    }

    void run(std::function<Task<>(Host&, Database&)> body) {
        const auto outcome = sim::cluster::run_calmly([&](Host& host) -> Task<> {
            FakeDriver driver(host, server);
            Pool pool(host, driver, {.target = {}, .size = 4});
            Topology topology(host, pool, driver, {});
            Database database{host, pool, {}, host.random("retry")};
            database.topology = &topology;
            co_await body(host, database);
            pool.close();
        });
        EXPECT_TRUE(outcome.finished);
    }

    static host::Context context(Host& host, host::Duration time = 3s) {
        return {.deadline = host::deadline_after(host, time)};
    }

    FakeServer server;
    std::string started = "10:00";
    int fences = 0;
};

Task<> raise_after(Host& host, ReadFence& fence, host::Duration pause, host::Duration time,
                   std::vector<Result<RaisedFence>>& raised) {
    co_await host::sleep_for(host, pause);
    Result<RaisedFence> one = co_await fence.raise({.deadline = host::deadline_after(host, time)});
    raised.push_back(std::move(one));
}

TEST_F(ReadFenceTest, IsSharedByAllWhoCameBeforeItBegan) {
    run([this](Host& host, Database& database) -> Task<> {
        std::vector<Result<RaisedFence>> raised;
        const auto all = [&](host::TaskGroup& tasks) -> Task<> {
            for (int i = 0; i < 50; ++i)
                tasks.spawn(raise_after(host, database.topology->fence, 1ms * (i > 0), 3s, raised));
            co_return;
        };
        co_await host::with_task_group(host, all);
        EXPECT_EQ(raised.size(), 50U);
        for (std::size_t i = 0; i < raised.size(); ++i) {
            EXPECT_TRUE(raised[i]);
            EXPECT_EQ(raised[i]->position, (LogPosition{3, i == 0 ? 1U : 2U})) << i;
        }
        EXPECT_EQ(fences, 2) << "one for the first, and one for the 49 who came meanwhile";
        EXPECT_EQ(database.topology->fence.confirmed(), (LogPosition{3, 2}));
    });
}

TEST_F(ReadFenceTest, IsRaisedAgainForThoseWhoWereNotInTheHurryOfItsLeader) {
    run([this](Host& host, Database& database) -> Task<> {
        std::vector<Result<RaisedFence>> raised;
        const auto all = [&](host::TaskGroup& tasks) -> Task<> {
            ReadFence& fence = database.topology->fence;
            tasks.spawn(raise_after(host, fence, 0ms, 3s, raised));
            tasks.spawn(raise_after(host, fence, 1ms, 60ms, raised));  // Leads the second round.
            tasks.spawn(raise_after(host, fence, 2ms, 3s, raised));
            co_await host::sleep_for(host, 45ms);
            server.latency = 200ms;
        };
        co_await host::with_task_group(host, all);
        EXPECT_EQ(raised.size(), 3U);
        EXPECT_TRUE(raised[0]);
        EXPECT_FALSE(raised[1]);
        EXPECT_TRUE(raised[2]);
    });
}

TEST_F(ReadFenceTest, GivesItsPlaceUpWhenItsLeaderIsCancelled) {
    run([](Host& host, Database& database) -> Task<> {
        std::vector<Result<RaisedFence>> raised;
        host::TaskGroup leader(host);
        leader.spawn(raise_after(host, database.topology->fence, 0ms, 3s, raised));
        co_await host::sleep_for(host, 5ms);
        co_await leader.stop();
        co_await raise_after(host, database.topology->fence, 0ms, 3s, raised);
        EXPECT_EQ(raised.size(), 1U);
        EXPECT_TRUE(raised.front());
    });
}

TEST_F(ReadFenceTest, MovesTheSessionToWhereItStands) {
    run([](Host& host, Database& database) -> Task<> {
        Session session{.seen = {2, 900}};
        const auto rows = co_await run_read({database, &session}, context(host), look, {});
        EXPECT_TRUE(rows);
        EXPECT_EQ(session.seen, (LogPosition{3, 1}));
    });
}

Task<> read_once(Host& host, Database& database, Result<QueryResult>& outcome) {
    Session session;
    outcome = co_await run_read({database, &session}, {.deadline = host::deadline_after(host, 3s)},
                                look, {});
}

// Two connections to what are two servers, and one fence: it is raised on one of them.
TEST_F(ReadFenceTest, DoesNotHoldForWhatAnotherPrimaryShowed) {
    run([this](Host& host, Database& database) -> Task<> {
        const auto by_number = server.answer;
        server.answer = [this, by_number](const std::string& asked, const Parameters& parameters) {
            Result<QueryResult> result = by_number(asked, parameters);
            if (asked == "execute server_run") started = "10:01";
            return result;
        };
        std::array<Result<QueryResult>, 2> outcomes;
        const auto both = [&](host::TaskGroup& tasks) -> Task<> {
            for (Result<QueryResult>& outcome : outcomes)
                tasks.spawn(read_once(host, database, outcome));
            co_return;
        };
        co_await host::with_task_group(host, both);
        EXPECT_TRUE(outcomes[0] && outcomes[1]);
        EXPECT_EQ(server.count("connect"), 2U);
        EXPECT_EQ(server.count("execute users_select"), 3U) << "one was read again";
    });
}

TEST_F(ReadFenceTest, IsRaisedAgainAfterALostConnection) {
    run([this](Host& host, Database& database) -> Task<> {
        server.fail = [this](const std::string& asked) -> std::optional<Error> {
            if (asked != "execute read_fence" || started != "10:00") return std::nullopt;
            started = "10:01";
            return Error{.kind = ErrorKind::connection_lost};
        };
        Result<QueryResult> outcome = QueryResult{};
        co_await read_once(host, database, outcome);
        EXPECT_TRUE(outcome.has_value());
        EXPECT_EQ(server.count("execute users_select"), 2U);
    });
}

TEST_F(ReadFenceTest, IsNotRaisedWithoutASession) {
    run([this](Host& host, Database& database) -> Task<> {
        const auto rows = co_await run_read(database, context(host), look, {});
        EXPECT_TRUE(rows);
        EXPECT_EQ(fences, 0);
    });
}

TEST_F(ReadFenceTest, StandsBehindWhatATransactionTellsThatChangedNothing) {
    run([this](Host& host, Database& database) -> Task<> {
        Session session;
        const auto refused = co_await run_transaction<int>(
            {database, &session}, context(host), [](Transaction& transaction) -> Task<Result<int>> {
                (void)co_await transaction.execute(look, {});
                transaction.give_up();
                co_return 7;
            });
        EXPECT_TRUE(refused);
        EXPECT_EQ(fences, 1);
        EXPECT_EQ(session.seen, (LogPosition{3, 1}));
    });
}

TEST_F(ReadFenceTest, IsNotWaitedForByAnEventualReadOfThePrimary) {
    run([this](Host& host, Database& database) -> Task<> {
        Session session{.consistency = Consistency::eventual};
        const auto rows = co_await run_read({database, &session}, context(host), look, {});
        EXPECT_TRUE(rows);
        EXPECT_EQ(fences, 0);
        EXPECT_EQ(session.seen, LogPosition{});
    });
}

TEST_F(ReadFenceTest, IsNotNeededBehindACommit) {
    run([this](Host& host, Database& database) -> Task<> {
        Session session;
        const auto done = co_await run_transaction<int>(
            {database, &session}, context(host), [](Transaction& transaction) -> Task<Result<int>> {
                (void)co_await transaction.execute(look, {});
                co_return 7;
            });
        EXPECT_TRUE(done);
        EXPECT_EQ(fences, 0);
        EXPECT_EQ(session.seen, beyond_all) << "this server does not say where its log ends";
    });
}

}  // namespace
}  // namespace atlas::sql

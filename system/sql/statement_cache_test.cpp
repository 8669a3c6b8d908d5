#include "system/sql/statement_cache.hpp"

#include <gtest/gtest.h>

#include "sim/kernel/isolated_host.hpp"
#include "system/sql/fake_driver.hpp"

namespace atlas::sql {
namespace {

using host::Task;
using namespace std::chrono_literals;
using Asked = std::vector<std::string>;

constexpr Statement a{"a", "SELECT 1"};
constexpr Statement b{"b", "SELECT 2"};
constexpr Statement c{"c", "SELECT 3"};

/// A cache of two statements, on one connection.
struct World {
    /// The statements in one batch, behind a text.
    BatchResult run(std::vector<Statement> statements) {
        server.asked.clear();
        BatchResult outcome;
        process.tasks().spawn(run_into(std::move(statements), outcome));
        kernel.run_until(kernel.now() + 1h);
        return outcome;
    }

    Task<> run_into(std::vector<Statement> statements, BatchResult& outcome) {
        std::vector<Call> calls;
        for (const Statement& statement : statements)
            calls.push_back({statement, {}});
        std::vector<std::string> texts{"BEGIN"};
        outcome = co_await cache.execute_all(connection, {}, std::move(texts), std::move(calls));
    }

    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    FakeServer server;
    FakeConnection connection{process.host(), server};
    StatementCache cache{2};
};

TEST(StatementCache, PreparesInABatchWhatIsNew) {
    World world;
    const BatchResult first = world.run({a, b, a});
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->size(), 3u);
    EXPECT_EQ(world.server.asked, (Asked{"query BEGIN", "prepare a", "execute a", "prepare b",
                                         "execute b", "execute a"}));
    ASSERT_TRUE(world.run({b, a}).has_value());
    EXPECT_EQ(world.server.asked, (Asked{"query BEGIN", "execute b", "execute a"}));
}

TEST(StatementCache, MakesRoomButNotOfWhatTheBatchNeeds) {
    World world;
    ASSERT_TRUE(world.run({a, b}).has_value());
    ASSERT_TRUE(world.run({a, c}).has_value());
    EXPECT_EQ(world.server.asked,
              (Asked{"deallocate b", "query BEGIN", "execute a", "prepare c", "execute c"}));
    ASSERT_TRUE(world.run({a, b, c}).has_value());
    EXPECT_EQ(world.cache.size(), 3u) << "a batch may need more than there is room for";
    ASSERT_TRUE(world.run({a}).has_value());
    EXPECT_EQ(world.server.asked, (Asked{"query BEGIN", "execute a"}));
}

TEST(StatementCache, KnowsWhatABatchThatFailedHadPrepared) {
    World world;
    world.server.fail = [](const std::string& asked) -> std::optional<Error> {
        if (asked == "execute b") return Error{.kind = ErrorKind::server, .sqlstate = "23505"};
        return std::nullopt;
    };
    const BatchResult failed = world.run({a, b, c});
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().cause.sqlstate, "23505");
    EXPECT_EQ(failed.error().before.size(), 1u) << "results are of the calls alone";
    world.server.fail = nullptr;
    ASSERT_TRUE(world.run({a, b}).has_value());
    EXPECT_EQ(world.server.asked, (Asked{"query BEGIN", "execute a", "execute b"}));
}

}  // namespace
}  // namespace atlas::sql

// Everything that is asked through it is written down, as it ended; and nothing else changes.

#include "properties/history/watched_driver.hpp"

#include <gtest/gtest.h>

#include "sim/kernel/isolated_host.hpp"
#include "system/sql/fake_driver.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using host::Task;

struct World {
    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    sql::FakeServer server;
    bool is_follower = false;
    DatabaseLog log{[this] { return kernel.now().since_epoch; },
                    [this](const host::Endpoint&) { return is_follower; }};
    WatchedDriver driver{std::make_unique<sql::FakeDriver>(process.host(), server), log, "api-1"};

    const DatabaseConversation& run(Task<> body) {
        process.tasks().spawn(std::move(body));
        kernel.run_until(host::TimePoint{1h});
        EXPECT_EQ(process.tasks().size(), 0u);
        return log.conversations().at(0);
    }
};

Task<> ask_all(World& world) {
    host::Context request;
    request.trace_id[3] = 7;
    auto connected = co_await world.driver.connect({}, {});
    sql::Connection& connection = **connected;
    (void)co_await connection.query(request, "BEGIN");
    EXPECT_EQ(connection.transaction_status(), sql::TransactionStatus::in_transaction);
    (void)co_await connection.prepare(request, "some", "SELECT 1");
    (void)co_await connection.execute_prepared(request, "some", {});
    (void)co_await connection.deallocate(request, "some");
}

TEST(WatchedDriver, WritesDownAllThatIsAsked) {
    World world;
    const DatabaseConversation& conversation = world.run(ask_all(world));
    EXPECT_EQ(conversation.node, "api-1");
    EXPECT_EQ(world.server.asked,
              (std::vector<std::string>{"connect", "query BEGIN", "prepare some", "execute some",
                                        "deallocate some"}));
    ASSERT_EQ(conversation.operations.size(), 5u);
    for (std::size_t i = 0; i < 5; ++i) {
        const auto at = host::Duration{1ms} * static_cast<std::int64_t>(i);
        const DatabaseOperation expected{at, at + 1ms, DatabaseAnswer::given, i > 0};
        EXPECT_EQ(conversation.operations[i], expected);
    }
}

Task<> fail_all(World& world) {
    const auto next = [&](sql::ErrorKind kind) {
        world.server.fail = [kind](const std::string&) { return sql::Error{.kind = kind}; };
    };
    next(sql::ErrorKind::cannot_connect);
    auto refused = co_await world.driver.connect({}, {});
    EXPECT_FALSE(refused);
    world.server.fail = {};
    auto connected = co_await world.driver.connect({}, {});
    for (const sql::ErrorKind kind :
         {sql::ErrorKind::server, sql::ErrorKind::connection_lost, sql::ErrorKind::protocol,
          sql::ErrorKind::deadline_exceeded}) {
        next(kind);
        sql::Result<sql::QueryResult> result = co_await (*connected)->query({}, "SELECT 1");
        EXPECT_EQ(result.error().kind, kind);
    }
    EXPECT_FALSE((*connected)->is_usable());
}

TEST(WatchedDriver, TellsAnswersFromNone) {
    World world;
    std::vector<DatabaseAnswer> answers;
    for (const DatabaseOperation& operation : world.run(fail_all(world)).operations)
        answers.push_back(operation.answer);
    using enum DatabaseAnswer;
    EXPECT_EQ(answers, (std::vector{none, given, given, none, none, out_of_time}));
}

Task<> read_at_each_level(World& world) {
    auto connected = co_await world.driver.connect({}, {});
    const auto ask = [&](std::uint8_t request, const char* statement) {
        host::Context context;
        context.trace_id[0] = request;
        return (*connected)->execute_prepared(context, statement, {});
    };
    (void)co_await ask(1, "users_select");
    world.is_follower = true;
    (void)co_await ask(0, "server_look");  // The node's own.
    (void)co_await ask(2, "users_select");
    (void)co_await ask(3, "server_look");
    (void)co_await ask(3, "users_select");
    (void)co_await ask(3, "server_look");
    (void)co_await ask(4, "users_select");
    world.server.fail = [](const std::string&) {
        return sql::Error{.kind = sql::ErrorKind::server};
    };
    (void)co_await ask(5, "users_select");
}

TEST(WatchedDriver, CountsTheReadsThatAFollowerAnswers) {
    World world;
    (void)world.run(read_at_each_level(world));
    EXPECT_EQ(world.log.follower_reads(), (FollowerReads{.session = 1, .eventual = 2}));
}

Task<http::Response> answer(host::Context, http::Request request) {
    co_return http::Response{200, {}, request.target};
}

Task<> serve(World& world) {
    const http::Handler handler = world.driver.watch(answer);
    co_await host::sleep_for(world.process.host(), 3s);
    const http::Response response = co_await handler({}, {"GET", "/livez", {}, {}});
    EXPECT_EQ(response.body, "/livez");
}

TEST(WatchedDriver, WritesDownTheRequests) {
    World world;
    EXPECT_EQ(world.run(serve(world)).requests, std::vector<host::Duration>{3s});
}

}  // namespace
}  // namespace atlas::properties

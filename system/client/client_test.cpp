// When the client tries again, and what it sends: against a server that answers as the test says.

#include "system/client/client.hpp"

#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "system/api/idempotency_key.hpp"
#include "system/host/task_group.hpp"
#include "system/http/problem.hpp"
#include "system/http/server.hpp"

namespace atlas::client {
namespace {

using host::Host;
using host::Task;
using namespace std::chrono_literals;

const host::Endpoint here{"127.0.0.1", 8080};
const host::Endpoint nobody{"127.0.0.1", 8081};

http::Response not_now(std::optional<std::chrono::seconds> retry_after) {
    return http::to_response({.type = http::problems::not_started, .retry_after = retry_after}, {});
}

http::Response alive() {
    return {200, {{"Content-Type", "application/json"}}, R"({"status":"alive"})"};
}

/// A server whose first answers are those, and which is alive from then on.
struct World {
    World(Host& the_host, ClientOptions options)
        : host(the_host), client(the_host, std::move(options)) {}

    Task<http::Response> answer(http::Request request) {
        asked.push_back(std::move(request));
        if (asked.size() <= answers.size()) co_return answers[asked.size() - 1];
        co_return alive();
    }

    Task<> serve() {
        auto listener = host.network().listen(here, {});
        EXPECT_TRUE(listener);
        if (listener) co_await server.serve(std::move(*listener));
    }

    Host& host;
    std::vector<http::Response> answers;
    std::vector<http::Request> asked;
    Client client;
    http::Server server{
        host,
        [this](host::Context, http::Request request) { return answer(std::move(request)); },
        {}};
};

using Scenario = Task<> (*)(World&);

Task<> serve_and_run(Host& host, Scenario scenario, ClientOptions options) {
    World world(host, std::move(options));
    host::TaskGroup group(host);
    group.spawn(world.serve());
    co_await host::sleep_for(host, 1ms);
    co_await scenario(world);
    world.client.close();
    co_await world.server.drain(host::deadline_after(host, 1s));
    co_await group.stop();
}

void run(Scenario scenario, ClientOptions options = {}) {
    if (options.endpoints.empty()) options.endpoints = {here};
    const auto program = [&](Host& host) { return serve_and_run(host, scenario, options); };
    EXPECT_TRUE(sim::cluster::run_calmly(program).finished);
}

TEST(Client, WaitsForAsLongAsTheServerAsks) {
    run([](World& w) -> Task<> {
        w.answers = {not_now(2s), not_now({})};
        const host::TimePoint began = w.host.clock().now();
        const auto alive = co_await w.client.livez({});
        EXPECT_TRUE(alive);
        EXPECT_EQ(w.asked.size(), 3u);
        EXPECT_GE(w.host.clock().now() - began, 2s);
        EXPECT_LE(w.host.clock().now() - began, 2200ms);
    });
}

TEST(Client, DoesNotWaitForWhatComesTooLate) {
    run([](World& w) -> Task<> {
        w.answers = {not_now(2s)};
        const host::TimePoint began = w.host.clock().now();
        const auto alive = co_await w.client.livez({.deadline = host::deadline_after(w.host, 1s)});
        EXPECT_FALSE(alive);
        if (!alive) EXPECT_EQ(alive.error().retry_after, 2s);
        EXPECT_LT(w.host.clock().now() - began, 100ms);
    });
}

TEST(Client, TriesNothingAgainWhileMostCallsFail) {
    run(
        [](World& w) -> Task<> {
            w.answers.assign(12, not_now({}));
            for (int call = 0; call < 10; ++call) {
                const auto alive = co_await w.client.livez({});
                EXPECT_FALSE(alive);
            }
            // Four tokens: one failure leaves more than half of them, the next does not.
            EXPECT_EQ(w.asked.size(), 11u);
        },
        {.endpoints = {}, .retry_budget = {.tokens = 4}});
}

TEST(Client, GoesOnToTheNextServerForAsLongAsOneIsDown) {
    run(
        [](World& w) -> Task<> {
            for (int call = 0; call < 500; ++call) {
                const auto alive = co_await w.client.livez({});
                EXPECT_TRUE(alive) << call;
            }
            EXPECT_EQ(w.asked.size(), 500u);
        },
        {.endpoints = {here, nobody}, .retry_budget = {.tokens = 4}});
}

TEST(Client, WhatOneServerAsksForDelaysNoOther) {
    run(
        [](World& w) -> Task<> {
            w.answers = {not_now(2s)};
            const host::Deadline soon = host::deadline_after(w.host, 1s);
            const auto alive = co_await w.client.livez({.deadline = soon});
            EXPECT_FALSE(alive);
            // The last that was asked is the one where nobody listens.
            if (!alive) EXPECT_EQ(alive.error().retry_after, std::nullopt);
        },
        {.endpoints = {here, nobody}});
}

TEST(Client, SendsAnyPrintableKeyAsItIs) {
    run([](World& w) -> Task<> {
        for (std::string key : {R"(plain)", R"(a "key")", R"(back\slash)", R"(\")", R"(")"}) {
            (void)co_await w.client.create_user({}, {"a@b.c", "A", "12345678", key});
            const auto read =
                api::parse_idempotency_key(w.asked.back().headers.get("Idempotency-Key"));
            EXPECT_EQ(read, key);
        }
    });
}

}  // namespace
}  // namespace atlas::client

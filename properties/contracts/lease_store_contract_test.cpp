// The lease store as its users see it, over its client, in both worlds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/contracts/both_worlds.hpp"
#include "system/host/task_group.hpp"
#include "system/http/client_connection.hpp"
#include "system/lease_store/client.hpp"
#include "system/lease_store/server.hpp"

namespace atlas::properties {
namespace {

using host::ErrorCode;
using host::Host;
using host::Task;
using lease_store::Client;
using testing::HasSubstr;
using namespace std::chrono_literals;

class LeaseStoreContract : public BothWorlds {
  protected:
    using Conversation = std::function<Task<>(Host&, host::Endpoint)>;

    /// A store with a client; then the store is stopped.
    void with_store(const Conversation& conversation) {
        run([&](Host& host) { return serve(host, conversation); });
    }

    static Task<> serve(Host& host, const Conversation& conversation) {
        host::TaskGroup tasks(host);
        host::Event listening(host);
        host::Endpoint endpoint;
        tasks.spawn(run_store(host, listening, endpoint));
        co_await listening.wait();
        co_await conversation(host, endpoint);
        co_await tasks.stop();
    }

    static Task<> run_store(Host& host, host::Event& listening, host::Endpoint& endpoint) {
        const host::Result<void> served = co_await lease_store::run_lease_store(
            host, {.listen = {"127.0.0.1", 0}, .on_listening = [&](const host::Endpoint& where) {
                       endpoint = where;
                       listening.set();
                   }});
        EXPECT_TRUE(served);
    }
};

host::Context within(Host& host, host::Duration time = 5s) {
    return {.deadline = host::deadline_after(host, time)};
}

TEST_P(LeaseStoreContract, ComparesAndSets) {
    with_store([](Host& host, host::Endpoint endpoint) -> Task<> {
        Client client(host, endpoint);
        const auto first =
            co_await client.put(within(host), {.key = "leader", .value = "a", .if_revision = 0});
        EXPECT_TRUE(first);
        const auto second =
            co_await client.put(within(host), {.key = "leader", .value = "b", .if_revision = 0});
        EXPECT_FALSE(second);
        EXPECT_EQ(second.error().code, ErrorCode::conflict);
        EXPECT_EQ(second.error().certainty, host::Certainty::definite);
        EXPECT_THAT(second.error().detail, HasSubstr("revision 1, not 0"));
        const auto third =
            co_await client.put(within(host), {.key = "leader", .value = "b", .if_revision = 1});
        EXPECT_TRUE(third);
        EXPECT_EQ(third->created, 1U);
        const auto all = co_await client.list(within(host), "lea");
        EXPECT_TRUE(all);
        EXPECT_EQ(all->all().size(), 1U);
        EXPECT_EQ(*all->find("leader"), *third);
        const auto none = co_await client.list(within(host), "member/");
        EXPECT_TRUE(none && none->all().empty());
        EXPECT_EQ(none->revision(), 2U);
        const auto kept = co_await client.remove(within(host), {.key = "leader", .if_revision = 1});
        EXPECT_EQ(kept.error().code, ErrorCode::conflict);
        const auto gone = co_await client.remove(within(host), {.key = "leader", .if_revision = 2});
        EXPECT_TRUE(gone);
        const auto again = co_await client.remove(within(host), {.key = "leader"});
        EXPECT_EQ(again.error().code, ErrorCode::not_found);
    });
}

TEST_P(LeaseStoreContract, ALeaseEndsUnlessItIsRenewed) {
    with_store([](Host& host, host::Endpoint endpoint) -> Task<> {
        Client client(host, endpoint);
        const auto taken = co_await client.put(
            within(host), {.key = "lease", .value = "a", .time_to_live = 400ms});
        EXPECT_TRUE(taken);
        (void)co_await client.put(within(host), {.key = "kept", .value = "for ever"});
        std::uint64_t revision = taken->revision;
        for (int i = 0; i < 4; ++i) {
            co_await host::sleep_for(host, 150ms);
            const auto renewed = co_await client.put(
                within(host),
                {.key = "lease", .value = "a", .if_revision = revision, .time_to_live = 400ms});
            EXPECT_TRUE(renewed) << renewed.error().detail;
            EXPECT_EQ(renewed->created, taken->created);
            revision = renewed->revision;
        }
        co_await host::sleep_for(host, 1s);
        const auto all = co_await client.list(within(host), "");
        EXPECT_EQ(all->find("lease"), nullptr);
        EXPECT_NE(all->find("kept"), nullptr);
        const auto late = co_await client.put(
            within(host), {.key = "lease", .value = "a", .if_revision = revision});
        EXPECT_EQ(late.error().code, ErrorCode::conflict) << "who comes too late is told so";
    });
}

TEST_P(LeaseStoreContract, RefusesWhatItDoesNotKnow) {
    with_store([](Host& host, host::Endpoint endpoint) -> Task<> {
        auto stream = co_await host.network().connect(endpoint, {}, host::Deadline::never());
        http::ClientConnection connection(*std::move(stream), {});
        const auto status = [&](std::string method, std::string target,
                                std::string body) -> Task<std::string> {
            http::Request request{.method = std::move(method),
                                  .target = std::move(target),
                                  .headers = {{"Host", "h"}},
                                  .body = std::move(body)};
            const auto response =
                co_await connection.exchange(std::move(request), host::deadline_after(host, 5s));
            co_return response ? std::to_string(response->status) + " " + response->body
                               : host::describe(response.error());
        };
        const auto expect = [&](std::string method, std::string target, std::string body,
                                std::string_view shown) -> Task<> {
            const std::string got = co_await status(method, target, body);
            EXPECT_THAT(got, HasSubstr(shown)) << method << " " << target << " " << body;
            EXPECT_EQ(got.substr(0, 3), shown.substr(0, 3)) << got;
        };
        const std::string key = "/v1/keys/k";
        for (const std::string body : {"", "{", "[]", "{}", R"({"value":1})"})
            co_await expect("PUT", key, body, "400");
        co_await expect("PUT", key, R"({"value":"v","color":1})", "400");
        co_await expect("PUT", key, R"({"value":"v","if_revision":-1})", "400");
        co_await expect("PUT", key, R"({"value":"v","time_to_live_ms":99999999999999})", "400");
        co_await expect("PUT", "/v1/keys/", R"({"value":"v"})", "400");
        co_await expect("DELETE", key + "?revision=1", "", "400");
        co_await expect("DELETE", key + "?if_revision=x", "", "400");
        co_await expect("GET", "/v1/keys?suffix=a", "", "400");
        co_await expect("POST", "/v1/keys", "{}", "405");
        co_await expect("GET", key, "", "405");
        co_await expect("GET", "/", "", "404");
    });
}

ATLAS_IN_BOTH_WORLDS(LeaseStoreContract);

}  // namespace
}  // namespace atlas::properties

// The lease store as its users see it, over its client, in both worlds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

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
        const auto taken =
            co_await client.put(within(host), {.key = "lease", .value = "a", .time_to_live = 2s});
        EXPECT_TRUE(taken);
        (void)co_await client.put(within(host), {.key = "kept", .value = "for ever"});
        std::uint64_t revision = taken->revision;
        for (int i = 0; i < 4; ++i) {
            co_await host::sleep_for(host, 600ms);
            const auto renewed = co_await client.put(
                within(host),
                {.key = "lease", .value = "a", .if_revision = revision, .time_to_live = 2s});
            EXPECT_TRUE(renewed) << renewed.error().detail;
            EXPECT_EQ(renewed->created, taken->created);
            revision = renewed->revision;
        }
        // A lease may end late (its end has to reach the disk first), but end it does.
        const auto at_last = host::deadline_after(host, 1min);
        auto all = co_await client.list(within(host), "");
        while (all && all->find("lease") != nullptr && !at_last.passed(host.clock().now())) {
            co_await host::sleep_for(host, 50ms);
            all = co_await client.list(within(host), "");
        }
        EXPECT_TRUE(all) << all.error().detail;
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
        co_await expect("PUT", key + "?if_revision=7", R"({"value":"v"})", "400");
        co_await expect("PUT", key, R"({"value":"v","if_revision":0,"if_revision":1})", "400");
        co_await expect("DELETE", key, R"({"if_revision":1})", "400");
        co_await expect("DELETE", key + "?revision=1", "", "400");
        co_await expect("DELETE", key + "?if_revision=x", "", "400");
        co_await expect("GET", "/v1/keys?suffix=a", "", "400");
        co_await expect("POST", "/v1/keys", "{}", "405");
        co_await expect("GET", key, "", "405");
        co_await expect("GET", "/", "", "404");
    });
}

TEST_P(LeaseStoreContract, WhoTakesALeaseOverHasAGreaterToken) {
    with_store([](Host& host, host::Endpoint endpoint) -> Task<> {
        Client client(host, endpoint);
        const auto first = co_await client.put(
            within(host), {.key = "lease", .value = "a", .if_revision = 0, .time_to_live = 5s});
        EXPECT_TRUE(first);
        const auto second = co_await client.put(
            within(host),
            {.key = "lease", .value = "b", .if_revision = first->revision, .time_to_live = 5s});
        EXPECT_TRUE(second);
        EXPECT_GT(second->created, first->created);
    });
}

TEST_P(LeaseStoreContract, SaysWhenThereIsNoRoom) {
    with_store([](Host& host, host::Endpoint endpoint) -> Task<> {
        Client client(host, endpoint);
        const std::string value(lease_store::Limits::value_bytes, 'v');
        host::Result<lease_store::Entry> put;
        for (int i = 0; i < 64; ++i) {
            put = co_await client.put(within(host), {.key = std::to_string(i), .value = value});
            if (!put) break;
        }
        EXPECT_FALSE(put);
        EXPECT_EQ(put.error().code, ErrorCode::resource_exhausted);
        EXPECT_EQ(put.error().certainty, host::Certainty::definite);
        const auto all = co_await client.list(within(host), "");
        EXPECT_TRUE(all && all->all().size() == 63U);
    });
}

struct Served {
    host::Endpoint endpoint = {"127.0.0.1", 0};
    std::string directory = "lease_store";
};

/// Serves from there until it is cancelled; the second time at the same endpoint.
Task<> serve_from(Host& host, Served& where, host::Event& listening) {
    const host::Result<void> served = co_await lease_store::run_lease_store(
        host, {.listen = where.endpoint,
               .directory = where.directory,
               .on_listening = [&](const host::Endpoint& endpoint) {
                   where.endpoint = endpoint;
                   listening.set();
               }});
    EXPECT_TRUE(served);
}

Task<> with_server(Host& host, Served& where, const std::function<Task<>()>& body) {
    host::TaskGroup tasks(host);
    host::Event listening(host);
    tasks.spawn(serve_from(host, where, listening));
    co_await listening.wait();
    co_await body();
    co_await tasks.stop();
}

class LeaseStoreRestart : public BothWorlds {};

TEST_P(LeaseStoreRestart, AClientKnowsItsStoreAgain) {
    run([](Host& host) -> Task<> {
        Served where;
        std::optional<Client> client;
        const auto first = [&]() -> Task<> {
            client.emplace(host, where.endpoint);
            const auto put = co_await client->put(within(host), {.key = "k", .value = "v"});
            EXPECT_TRUE(put);
        };
        co_await with_server(host, where, first);
        // The connection it has kept is dead by now; a listing does not fail for that.
        const auto again = [&]() -> Task<> {
            const auto all = co_await client->list(within(host), "");
            EXPECT_TRUE(all && all->find("k") != nullptr);
        };
        co_await with_server(host, where, again);
        where.directory = "another_disk";
        const auto on_another = [&]() -> Task<> {
            const auto all = co_await client->list(within(host), "");
            EXPECT_EQ(all.error().code, ErrorCode::data_corrupted);
            const auto put = co_await client->put(within(host), {.key = "k", .value = "w"});
            EXPECT_EQ(put.error().code, ErrorCode::data_corrupted);
            EXPECT_EQ(put.error().certainty, host::Certainty::definite);
            Client stranger(host, where.endpoint);
            const auto empty = co_await stranger.list(within(host), "");
            EXPECT_TRUE(empty && empty->all().empty()) << "and has changed nothing";
        };
        co_await with_server(host, where, on_another);
    });
}

Task<host::Result<std::string>> read_whole(Host& host, std::string path) {
    auto file = co_await host.disk().open(path, host::OpenMode::read_only);
    if (!file) co_return std::unexpected(file.error());
    std::string text(100'000, ' ');
    const auto count =
        co_await host::read_up_to(**file, 0, std::as_writable_bytes(std::span(text)));
    if (!count) co_return std::unexpected(count.error());
    text.resize(*count);
    co_return text;
}

Task<> write_whole(Host& host, std::string path, std::string text) {
    auto file = co_await host.disk().open(path, host::OpenMode::create_or_open);
    EXPECT_TRUE(file);
    const auto cut = co_await (*file)->truncate(0);
    EXPECT_TRUE(cut);
    const auto written = co_await host::write_all_at(**file, 0, std::as_bytes(std::span(text)));
    EXPECT_TRUE(written);
}

TEST_P(LeaseStoreRestart, AClientNoticesABackup) {
    run([](Host& host) -> Task<> {
        Served where;
        std::optional<Client> client;
        const std::string path = where.directory + "/entries";
        std::string backup;
        const auto before = [&]() -> Task<> {
            client.emplace(host, where.endpoint);
            const auto first = co_await client->put(within(host), {.key = "k", .value = "1"});
            EXPECT_TRUE(first);
            const auto read = co_await read_whole(host, path);
            EXPECT_TRUE(read);
            backup = read.value_or("");
            const auto second = co_await client->put(within(host), {.key = "k", .value = "2"});
            EXPECT_TRUE(second);
        };
        co_await with_server(host, where, before);
        co_await write_whole(host, path, backup);
        const auto after = [&]() -> Task<> {
            const auto all = co_await client->list(within(host), "");
            EXPECT_EQ(all.error().code, ErrorCode::data_corrupted);
        };
        co_await with_server(host, where, after);
    });
}

ATLAS_IN_BOTH_WORLDS(LeaseStoreRestart);
ATLAS_IN_BOTH_WORLDS(LeaseStoreContract);

}  // namespace
}  // namespace atlas::properties

// The API from outside, the same on every target: in simulation, on the embedded database, on a
// real PostgreSQL, and on two nodes of it that know nothing of each other.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <set>

#include "properties/contracts/atlas_target_fixture.hpp"

namespace atlas::properties {
namespace {

using host::Task;
using http::Request;
using http::Response;
using testing::HasSubstr;
using Json = nlohmann::json;

Request registration(const std::string& email, const std::string& key) {
    const Json body{
        {"email", email}, {"display_name", "Ann"}, {"password", "correct horse battery staple"}};
    return {"POST",
            "/v1/users",
            {{"Content-Type", "application/json"}, {"Idempotency-Key", '"' + key + '"'}},
            body.dump()};
}

Request change(const std::string& path, const Json& patch, const std::string& if_match) {
    Request request{
        "PATCH", path, {{"Content-Type", "application/merge-patch+json"}}, patch.dump()};
    if (!if_match.empty()) request.headers.add("If-Match", if_match);
    return request;
}

Request removal(const std::string& path, const std::string& if_match) {
    return {"DELETE", path, {{"If-Match", if_match}}, {}};
}

Json json_of(const Response& response) {
    return Json::parse(response.body, nullptr, false);
}

// "/v1/users/ID" of a new user.
Task<std::string> register_user(ApiClient& api, std::string email) {
    const Response made = co_await api.send(registration(email, "key of " + email));
    EXPECT_EQ(made.status, 201) << made.body;
    co_return std::string(made.headers.get("Location"));
}

class Api : public testing::TestWithParam<AtlasTarget> {
  protected:
    void run(const ApiScenario& scenario) { run_on(GetParam(), scenario); }
};

TEST_P(Api, RegistersReadsAndRefusesTheSameEmailTwice) {
    run([](ApiClient& api) -> Task<> {
        const Response made = co_await api.send(registration("Ann@example.com", "a"));
        EXPECT_EQ(made.status, 201) << made.body;
        EXPECT_EQ(made.headers.get("ETag"), "\"1\"");
        const std::string path(made.headers.get("Location"));
        const Response read = co_await api.send({"GET", path, {}, {}});
        EXPECT_EQ(read.status, 200);
        EXPECT_EQ(read.body, made.body);
        const Response taken = co_await api.send(registration("ann@EXAMPLE.com", "b"));
        EXPECT_EQ(taken.status, 409);
        EXPECT_THAT(std::string(taken.headers.get("Content-Type")),
                    HasSubstr("application/problem+json"));
        const Response wrong = co_await api.send(registration("no address", "c"));
        EXPECT_EQ(wrong.status, 400) << wrong.body;
        EXPECT_THAT(wrong.body, HasSubstr("/email"));
    });
}

TEST_P(Api, GivesARepeatedRegistrationTheSameAnswer) {
    run([](ApiClient& api) -> Task<> {
        const Response first = co_await api.send(registration("ann@example.com", "one"));
        const Response again = co_await api.send(registration("ann@example.com", "one"));
        EXPECT_EQ(first.status, 201) << first.body;
        EXPECT_EQ(again.status, 201);
        EXPECT_EQ(again.body, first.body);
        EXPECT_EQ(again.headers.get("Location"), first.headers.get("Location"));
        const Response other = co_await api.send(registration("bob@example.com", "one"));
        EXPECT_EQ(other.status, 422) << other.body;
        Request without = registration("cid@example.com", "");
        without.headers.remove("Idempotency-Key");
        const Response refused = co_await api.send(without);
        EXPECT_EQ(refused.status, 400) << refused.body;
    });
}

TEST_P(Api, ChangesAUserOnlyAtTheVersionThatIsNamed) {
    run([](ApiClient& api) -> Task<> {
        const std::string path = co_await register_user(api, "ann@example.com");
        co_await register_user(api, "bob@example.com");
        const Json anna{{"display_name", "Anna"}};
        const Response changed = co_await api.send(change(path, anna, "\"1\""));
        EXPECT_EQ(changed.status, 200) << changed.body;
        EXPECT_EQ(json_of(changed)["display_name"], "Anna");
        EXPECT_EQ(changed.headers.get("ETag"), "\"2\"");
        const Response outdated = co_await api.send(change(path, anna, "\"1\""));
        EXPECT_EQ(outdated.status, 412);
        const Response unconditional = co_await api.send(change(path, anna, ""));
        EXPECT_EQ(unconditional.status, 428);
        const Response taken =
            co_await api.send(change(path, {{"email", "BOB@example.com"}}, "\"2\""));
        EXPECT_EQ(taken.status, 409) << taken.body;
        const Response moved =
            co_await api.send(change(path, {{"email", "ann@example.org"}}, "\"2\""));
        EXPECT_EQ(moved.status, 200) << moved.body;
        co_await register_user(api, "ann@example.com");
    });
}

TEST_P(Api, DeletesAUserAndFreesTheEmail) {
    run([](ApiClient& api) -> Task<> {
        const std::string path = co_await register_user(api, "ann@example.com");
        const Response outdated = co_await api.send(removal(path, "\"7\""));
        EXPECT_EQ(outdated.status, 412);
        const Response deleted = co_await api.send(removal(path, "\"1\""));
        EXPECT_EQ(deleted.status, 204) << deleted.body;
        const Response gone = co_await api.send({"GET", path, {}, {}});
        EXPECT_EQ(gone.status, 404);
        const Response anew = co_await api.send(registration("ann@example.com", "another key"));
        EXPECT_EQ(anew.status, 201) << anew.body;
        EXPECT_NE(anew.headers.get("Location"), path);
    });
}

TEST_P(Api, ListsEveryUserOnceAPageAtATime) {
    run([](ApiClient& api) -> Task<> {
        std::set<std::string> registered;
        for (int i = 0; i < 7; ++i) {
            const std::string path =
                co_await register_user(api, "user-" + std::to_string(i) + "@example.com");
            registered.insert(path.substr(path.rfind('/') + 1));
        }
        std::vector<std::string> listed;
        std::string target = "/v1/users?limit=3";
        for (int pages = 0; pages < 5 && !target.empty(); ++pages) {
            const Response page = co_await api.send({"GET", target, {}, {}});
            EXPECT_EQ(page.status, 200) << page.body;
            const Json json = json_of(page);
            for (const Json& user : json["users"]) {
                listed.push_back(user["id"].get<std::string>());
            }
            const Json& next = json["next_cursor"];
            target = next.is_null() ? "" : "/v1/users?limit=3&cursor=" + next.get<std::string>();
        }
        EXPECT_EQ(listed.size(), registered.size());
        EXPECT_EQ(std::set<std::string>(listed.begin(), listed.end()), registered);
        const Response wrong = co_await api.send({"GET", "/v1/users?cursor=nonsense", {}, {}});
        EXPECT_EQ(wrong.status, 400) << wrong.body;
    });
}

TEST_P(Api, SaysHowItIs) {
    run([](ApiClient& api) -> Task<> {
        const Response started = co_await api.send({"GET", "/startupz", {}, {}});
        EXPECT_EQ(started.status, 200);
        const Response ready = co_await api.send({"GET", "/readyz", {}, {}});
        EXPECT_EQ(ready.status, 200);
        const Response health = co_await api.send({"GET", "/health", {}, {}});
        EXPECT_EQ(health.status, 200);
        EXPECT_EQ(json_of(health)["status"], "healthy") << health.body;
        const Response document = co_await api.send({"GET", "/openapi.json", {}, {}});
        EXPECT_EQ(json_of(document)["openapi"], "3.1.0");
        const Response nowhere = co_await api.send({"GET", "/v1/nowhere", {}, {}});
        EXPECT_EQ(nowhere.status, 404);
    });
}

std::string target_name(const testing::TestParamInfo<AtlasTarget>& info) {
    switch (info.param) {
        case AtlasTarget::simulated:
            return "simulated";
        case AtlasTarget::embedded:
            return "embedded";
        case AtlasTarget::postgres:
            return "against_postgres";
        case AtlasTarget::two_nodes_on_postgres:
            return "two_nodes_against_postgres";
    }
    return "unknown";
}

INSTANTIATE_TEST_SUITE_P(Targets, Api,
                         testing::Values(AtlasTarget::simulated, AtlasTarget::embedded,
                                         AtlasTarget::postgres, AtlasTarget::two_nodes_on_postgres),
                         target_name);

TEST(EmbeddedDatabase, LosesNothingAcknowledgedWhenItsProcessIsKilled) {
    const ScratchDirectory directory;
    std::vector<std::string> paths;
    for (int life = 0; life < 4; ++life) {
        ServerProcess server(ServerProcess::embedded_in(directory.path()));
        run_on_servers({server.endpoint()}, [&](ApiClient& api) -> Task<> {
            for (const std::string& path : paths) {
                const Response read = co_await api.send({"GET", path, {}, {}});
                EXPECT_EQ(read.status, 200) << path << " after " << life << " kills: " << read.body;
            }
            for (int i = 0; i < 5; ++i) {
                paths.push_back(co_await register_user(
                    api, "user-" + std::to_string(paths.size()) + "@example.com"));
            }
        });
        const ProgramOutput ended = server.end(SIGKILL);
        EXPECT_EQ(ended.exit_code, -1);
    }
}

TEST(EmbeddedDatabase, HasItsDirectoryForItselfAndLetsItGoAtTheEnd) {
    const ScratchDirectory directory;
    const auto flags = ServerProcess::embedded_in(directory.path());
    const ApiScenario ready = [](ApiClient& api) -> Task<> {
        const Response response = co_await api.send({"GET", "/readyz", {}, {}});
        EXPECT_EQ(response.status, 200);
    };
    ServerProcess first(flags);
    run_on_servers({first.endpoint()}, ready);
    const ProgramOutput refused = ServerProcess(flags).end(0);
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.text, HasSubstr("the embedded database cannot be opened"));
    EXPECT_EQ(first.end(SIGTERM).exit_code, 0);
    ServerProcess third(flags);
    run_on_servers({third.endpoint()}, ready);
    EXPECT_EQ(third.end(SIGTERM).exit_code, 0);
}

TEST(EmbeddedDatabase, LetsPsqlLookIntoIt) {
    const ScratchDirectory directory;
    ServerProcess server(ServerProcess::embedded_in(directory.path()));
    run_on_servers({server.endpoint()}, [](ApiClient& api) -> Task<> {
        co_await register_user(api, "seen@example.com");
    });
    const std::string said = server.program().output();
    const std::size_t begin = said.find("postgresql://atlas@127.0.0.1:");
    ASSERT_NE(begin, said.npos) << said;
    const std::string url = said.substr(begin, said.find_first_of("\" \n", begin) - begin);
    const ProgramOutput seen = run_program(
        {"/usr/lib/postgresql/15/bin/psql", "-X", "-At", "-c", "SELECT email FROM users", url});
    EXPECT_EQ(seen.exit_code, 0);
    EXPECT_EQ(seen.text, "seen@example.com\n");
    EXPECT_EQ(server.end(SIGTERM).exit_code, 0);
}

TEST(EmbeddedDatabase, IsRefusedBesideAnother) {
    const ScratchDirectory directory;
    auto flags = ServerProcess::embedded_in(directory.path() / "new");
    flags.insert(flags.end(), {"--database-url", "postgresql://atlas@127.0.0.1:1/atlas"});
    const ProgramOutput refused = ServerProcess(flags).end(0);
    EXPECT_EQ(refused.exit_code, 78);
    EXPECT_THAT(refused.text, HasSubstr("expects one of the two"));
    EXPECT_FALSE(std::filesystem::exists(directory.path() / "new"));
    ::setenv("ATLAS_DATABASE_URL_FILE", "/nowhere", 1);
    const ProgramOutput by_file =
        ServerProcess(ServerProcess::embedded_in(directory.path() / "new")).end(0);
    ::unsetenv("ATLAS_DATABASE_URL_FILE");
    EXPECT_EQ(by_file.exit_code, 78);
    EXPECT_FALSE(std::filesystem::exists(directory.path() / "new"));
}

}  // namespace
}  // namespace atlas::properties

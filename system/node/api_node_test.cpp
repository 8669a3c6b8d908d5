// A whole API node and its client over the simulated network; behind it a database that is a map.
// What PostgreSQL makes of the SQL is the contract tests' business.

#include "system/node/api_node.hpp"

#include <gtest/gtest.h>

#include <map>

#include "sim/cluster/calm.hpp"
#include "system/client/client.hpp"
#include "system/host/task_group.hpp"
#include "system/http/client_connection.hpp"
#include "system/reliability/request_fingerprint.hpp"
#include "system/sql/fake_driver.hpp"

namespace atlas::node {
namespace {

using client::FailureKind;
using host::Host;
using host::Task;
using sql::Parameters;
using sql::QueryResult;
using sql::Value;
using namespace std::chrono_literals;

const host::Endpoint here{"127.0.0.1", 8080};

/// Whether an array in PostgreSQL's text format, such as {1,2}, has that number.
bool contains(const std::string& array, const std::string& number) {
    const std::string numbers = ',' + array.substr(1, array.size() - 2) + ',';
    return numbers.find(',' + number + ',') != std::string::npos;
}

/// Answers the statements of store/users.cpp and store/migrations.cpp.
class FakeUsers {
  public:
    std::map<std::string, std::vector<Value>> rows;  ///< By id: the columns that are selected.
    std::map<std::string, std::string> emails;       ///< By folded e-mail: whose it is.
    std::map<std::string, std::vector<Value>> keys;  ///< Fingerprint, status, headers, body.
    std::vector<std::string> migrations;
    std::string last_password_hash;

    sql::Result<QueryResult> answer(const std::string& asked, const Parameters& parameters) {
        QueryResult result;
        if (asked == "execute schema_migrations_select") {
            for (const std::string& version : migrations)
                result.rows.push_back({version});
        } else if (asked == "execute schema_migrations_insert") {
            migrations.push_back(*parameters.at(0));
        } else if (asked == "execute users_insert") {
            return insert(parameters);
        } else if (asked == "execute users_select") {
            if (const auto row = rows.find(*parameters.at(0)); row != rows.end()) {
                result.rows.push_back(row->second);
            }
        } else if (asked == "execute idempotency_keys_bound" ||
                   asked.starts_with("execute idempotency_keys_lock")) {
            return result;
        } else if (asked == "execute idempotency_keys_delete") {
            result.command_tag = "DELETE 0";
        } else if (asked.starts_with("execute idempotency_keys")) {
            return answer_about_key(asked, parameters);
        } else if (asked == "execute users_list") {
            for (auto row = rows.upper_bound(*parameters.at(0)); row != rows.end(); ++row) {
                if (result.rows.size() == std::stoull(*parameters.at(1))) break;
                result.rows.push_back(row->second);
            }
        } else if (asked.starts_with("execute users_")) {
            return update(asked, parameters);
        }
        return result;
    }

  private:
    static std::unexpected<sql::Error> taken() {
        return std::unexpected(sql::Error{.kind = sql::ErrorKind::server,
                                          .sqlstate = "23505",
                                          .constraint = "users_live_email_folded_key"});
    }

    /// Nothing of it is undone by a rollback: a key is there from its first insert on.
    QueryResult answer_about_key(const std::string& asked, const Parameters& p) {
        QueryResult result;
        if (asked == "execute idempotency_keys_insert") {
            const bool is_new = keys.try_emplace(*p.at(0), std::vector<Value>{p.at(1)}).second;
            result.command_tag = is_new ? "INSERT 0 1" : "INSERT 0 0";
        } else if (asked == "execute idempotency_keys_update") {
            std::vector<Value>& row = keys.at(*p.at(0));
            row.insert(row.end(), p.begin() + 1, p.end());
        } else if (const auto row = keys.find(*p.at(0)); row != keys.end()) {
            result.rows.push_back(row->second);
        }
        return result;
    }

    void free_email_of(const std::string& id) {
        std::erase_if(emails, [&](const auto& entry) { return entry.second == id; });
    }

    sql::Result<QueryResult> update(const std::string& asked, const Parameters& p) {
        QueryResult result;
        const auto found = rows.find(*p.at(0));
        if (found == rows.end()) return result;
        std::vector<Value>& row = found->second;
        if (asked.ends_with("_version") && !contains(*p.back(), *row.at(3))) return result;
        if (asked.starts_with("execute users_change")) {
            if (p.at(3) && emails.contains(*p[3]) && emails[*p[3]] != *p[0]) return taken();
            if (p[3]) free_email_of(*p[0]);
            if (p[3]) emails[*p[3]] = *p[0];
            if (p[2]) row.at(1) = p[2];
            if (p.at(4)) row.at(2) = p[4];
        }
        row.at(3) = std::to_string(std::stoi(*row[3]) + 1);
        row.at(5) = p.at(1);
        result.rows.push_back(row);
        if (asked.starts_with("execute users_delete")) {
            free_email_of(*p[0]);
            rows.erase(found);
        }
        return result;
    }

    sql::Result<QueryResult> insert(const Parameters& p) {
        QueryResult result;
        result.command_tag = emails.contains(*p.at(2)) ? "INSERT 0 0" : "INSERT 0 1";
        if (emails.contains(*p[2])) return result;
        emails[*p[2]] = *p[0];
        last_password_hash = *p[4];
        rows[*p[0]] = {p[0], p[1], p[3], p[5], p[6], p[7]};
        return result;
    }
};

struct World {
    explicit World(Host& the_host) : host(the_host), driver(the_host, server) {
        server.answer = [this](const std::string& asked, const Parameters& parameters) {
            return users.answer(asked, parameters);
        };
    }

    Host& host;
    FakeUsers users;
    sql::FakeServer server;
    sql::FakeDriver driver;
    client::Client client{host, {.endpoints = {here}, .retry = {.max_attempts = 1}}};
};

using Scenario = Task<> (*)(World&);

Task<> serve(Host& host, sql::Driver& driver, ApiNodeOptions options) {
    const host::Result<void> served = co_await run_api_node(host, driver, options);
    EXPECT_TRUE(served);
}

ApiNodeOptions cheap_options() {
    return {.listen = here, .argon2 = {.memory_kib = 8, .iterations = 1}};
}

Task<> serve_and_run(Host& host, Scenario scenario, ApiNodeOptions options) {
    World world(host);
    host::TaskGroup group(host);
    group.spawn(serve(host, world.driver, options));
    co_await host::sleep_for(host, 1s);
    co_await scenario(world);
    world.client.close();
    co_await group.stop();
}

void run(Scenario scenario, ApiNodeOptions options = cheap_options()) {
    const sim::cluster::CalmRun outcome = sim::cluster::run_calmly(
        [&](Host& host) { return serve_and_run(host, scenario, options); });
    EXPECT_TRUE(outcome.finished);
    EXPECT_EQ(outcome.leftovers, std::vector<std::string>{});
}

template <typename T>
FailureKind kind(const client::Outcome<T>& outcome) {
    EXPECT_FALSE(outcome.has_value());
    return outcome ? FailureKind::contract_violated : outcome.error().kind;
}

/// One request by hand: for what the typed client never sends.
Task<http::Response> raw(World& world, http::Request request) {
    auto stream = co_await world.host.network().connect(here, {}, host::Deadline::never());
    http::ClientConnection connection(std::move(*stream), {});
    request.headers.set("Host", "h");
    const host::Result<http::Response> response =
        co_await connection.exchange(std::move(request), host::deadline_after(world.host, 10s));
    EXPECT_TRUE(response);
    co_return response ? *response : http::Response{0, {}, {}};
}

TEST(ApiNode, RegistersShowsAndRenames) {
    run([](World& w) -> Task<> {
        const auto created =
            co_await w.client.create_user({}, {"Ada@Example.com", "Ad\u00e4", "correct horse"});
        EXPECT_TRUE(created);
        if (!created) co_return;
        EXPECT_EQ(created->email, "Ada@Example.com");
        EXPECT_EQ(created->version, 1);
        EXPECT_EQ(created->id[14], '7');
        EXPECT_TRUE(w.users.emails.contains("ada@example.com"));
        EXPECT_TRUE(w.users.last_password_hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));

        const auto shown = co_await w.client.get_user({}, created->id);
        EXPECT_TRUE(shown);
        if (shown) EXPECT_EQ(*shown, *created);

        const auto renamed = co_await w.client.patch_user({}, created->id, {{}, "Countess"}, 1);
        EXPECT_TRUE(renamed);
        if (!renamed) co_return;
        EXPECT_EQ(renamed->display_name, "Countess");
        EXPECT_EQ(renamed->version, 2);
        EXPECT_EQ(renamed->created_at, created->created_at);
    });
}

TEST(ApiNode, ChangesTheEmailUnlessItIsTaken) {
    run([](World& w) -> Task<> {
        const auto ada = co_await w.client.create_user({}, {"ada@b.c", "Ada", "12345678"});
        const auto bob = co_await w.client.create_user({}, {"bob@b.c", "Bob", "12345678"});
        EXPECT_TRUE(ada && bob);
        if (!ada || !bob) co_return;
        const auto taken = co_await w.client.patch_user({}, ada->id, {"BOB@b.c", "Eve"}, 1);
        EXPECT_EQ(kind(taken), FailureKind::email_taken);
        const auto changed = co_await w.client.patch_user({}, ada->id, {"Ada@B.c", {}}, 1);
        EXPECT_TRUE(changed);
        if (!changed) co_return;
        EXPECT_EQ(changed->email, "Ada@B.c");
        EXPECT_EQ(changed->display_name, "Ada");
        EXPECT_EQ(changed->version, 2);
        const auto invalid = co_await w.client.patch_user({}, ada->id, {"ada", {}}, 2);
        EXPECT_EQ(kind(invalid), FailureKind::rejected);
        EXPECT_EQ(invalid.error().pointers, std::vector<std::string>{"/email"});
    });
}

TEST(ApiNode, ForgetsOldKeysEveryQuarterOfAnHour) {
    run([](World& w) -> Task<> {
        const auto forgets = [&w] { return w.server.count("execute idempotency_keys_bound"); };
        co_await host::sleep_for(w.host, 4min);
        EXPECT_EQ(forgets(), 0);
        co_await host::sleep_for(w.host, 12min);
        EXPECT_GE(forgets(), 1);
        co_await host::sleep_for(w.host, 31min);
        EXPECT_GE(forgets(), 3);
    });
}

TEST(ApiNode, DeletesAUserAndFreesItsEmail) {
    run([](World& w) -> Task<> {
        const auto created = co_await w.client.create_user({}, {"a@b.c", "A", "12345678"});
        EXPECT_TRUE(created);
        if (!created) co_return;
        const auto unconditional = co_await w.client.delete_user({}, created->id, {});
        EXPECT_EQ(kind(unconditional), FailureKind::rejected);
        EXPECT_EQ(unconditional.error().status, 428);
        const auto stale = co_await w.client.delete_user({}, created->id, 2);
        EXPECT_EQ(kind(stale), FailureKind::version_mismatch);
        const auto deleted = co_await w.client.delete_user({}, created->id, 1);
        EXPECT_TRUE(deleted);
        const auto shown = co_await w.client.get_user({}, created->id);
        EXPECT_EQ(kind(shown), FailureKind::not_found);
        const auto again = co_await w.client.delete_user({}, created->id, 2);
        EXPECT_EQ(kind(again), FailureKind::not_found);
        const auto next = co_await w.client.create_user({}, {"A@b.c", "B", "12345678"});
        EXPECT_TRUE(next);
    });
}

TEST(ApiNode, ListsTheUsersPageByPage) {
    run([](World& w) -> Task<> {
        std::vector<std::string> ids;
        for (int i = 0; i < 5; ++i) {
            const std::string email = "u" + std::to_string(i) + "@b.c";
            const auto created = co_await w.client.create_user({}, {email, "A", "12345678"});
            EXPECT_TRUE(created);
            if (created) ids.push_back(created->id);
        }
        std::vector<std::string> listed;
        std::optional<std::string> cursor;
        for (int pages = 1; pages <= 3; ++pages) {
            const auto page = co_await w.client.list_users({}, 2, cursor);
            EXPECT_TRUE(page);
            if (!page) co_return;
            for (const client::User& user : page->users)
                listed.push_back(user.id);
            cursor = page->next_cursor;
            EXPECT_EQ(cursor.has_value(), pages < 3);
        }
        EXPECT_EQ(listed, ids);
        const auto whole = co_await w.client.list_users({}, 5, {});
        EXPECT_TRUE(whole && whole->users.size() == 5 && !whole->next_cursor);
        const auto too_many = co_await w.client.list_users({}, 101, {});
        EXPECT_EQ(kind(too_many), FailureKind::rejected);
        const auto strange = co_await w.client.list_users({}, 1, "page 2");
        EXPECT_EQ(kind(strange), FailureKind::rejected);
    });
}

TEST(ApiNode, SaysNoInItsContractsWords) {
    run([](World& w) -> Task<> {
        const auto created = co_await w.client.create_user({}, {"a@b.c", "A", "12345678"});
        EXPECT_TRUE(created);
        if (!created) co_return;
        const auto taken = co_await w.client.create_user({}, {"A@B.C", "B", "12345678"});
        EXPECT_EQ(kind(taken), FailureKind::email_taken);
        EXPECT_EQ(taken.error().pointers, std::vector<std::string>{"/email"});
        const auto invalid = co_await w.client.create_user({}, {"a", "", "1"});
        EXPECT_EQ(kind(invalid), FailureKind::rejected);
        EXPECT_EQ(invalid.error().pointers,
                  (std::vector<std::string>{"/email", "/display_name", "/password"}));
        const auto stale = co_await w.client.patch_user({}, created->id, {{}, "B"}, 2);
        EXPECT_EQ(kind(stale), FailureKind::version_mismatch);
        const auto unconditional = co_await w.client.patch_user({}, created->id, {{}, "B"}, {});
        EXPECT_EQ(kind(unconditional), FailureKind::rejected);
        EXPECT_EQ(unconditional.error().status, 428);
        const std::string nobody = "00000000-0000-7000-8000-000000000000";
        const auto absent = co_await w.client.get_user({}, nobody);
        EXPECT_EQ(kind(absent), FailureKind::not_found);
        const auto absent_patch = co_await w.client.patch_user({}, nobody, {{}, "B"}, 1);
        EXPECT_EQ(kind(absent_patch), FailureKind::not_found);
        const auto odd = co_await w.client.get_user({}, "../a b\r\n");
        EXPECT_EQ(kind(odd), FailureKind::not_found);
    });
}

TEST(ApiNode, TellsAnUnknownOutcomeFromOneThatDidNotStart) {
    run([](World& w) -> Task<> {
        bool lost_it = false;
        w.server.fail = [&](const std::string& asked) -> std::optional<sql::Error> {
            lost_it |= asked == "query COMMIT";
            if (!lost_it) return {};
            return sql::Error{.kind = asked == "connect" ? sql::ErrorKind::cannot_connect
                                                         : sql::ErrorKind::connection_lost};
        };
        const auto lost = co_await w.client.create_user({}, {"a@b.c", "A", "12345678"});
        EXPECT_EQ(kind(lost), FailureKind::outcome_unknown);
        EXPECT_EQ(lost.error().certainty, host::Certainty::indefinite);

        w.server.fail = [](const std::string&) -> std::optional<sql::Error> {
            return sql::Error{.kind = sql::ErrorKind::cannot_connect};
        };
        const auto refused = co_await w.client.create_user({}, {"a@b.d", "A", "12345678"});
        EXPECT_EQ(kind(refused), FailureKind::not_started);
        EXPECT_EQ(refused.error().certainty, host::Certainty::definite);
        EXPECT_EQ(refused.error().status, 503);
        const auto unread = co_await w.client.get_user({}, "00000000-0000-7000-8000-000000000000");
        EXPECT_EQ(kind(unread), FailureKind::not_started);
        const auto alive = co_await w.client.livez({});
        EXPECT_TRUE(alive);
    });
}

TEST(ApiNode, ResolvesALostCommitByRunningTheSameKeyAgain) {
    run([](World& w) -> Task<> {
        int commits = 0;
        w.server.fail = [&](const std::string& asked) -> std::optional<sql::Error> {
            if (asked != "query COMMIT" || ++commits > 1) return {};
            return sql::Error{.kind = sql::ErrorKind::connection_lost};
        };
        const auto created = co_await w.client.create_user({}, {"a@b.c", "A", "12345678"});
        EXPECT_TRUE(created);
        EXPECT_EQ(w.users.rows.size(), 1u);
        if (created) EXPECT_TRUE(w.users.rows.contains(created->id));
    });
}

TEST(ApiNode, AnswersARepeatedRequestAsBefore) {
    run([](World& w) -> Task<> {
        const auto post = [&](std::string key, std::string email) {
            return raw(
                w, {"POST",
                    "/v1/users",
                    {{"Content-Type", "application/json"}, {"Idempotency-Key", key}},
                    R"({"email":")" + email + R"(","display_name":"A","password":"12345678"})"});
        };
        const http::Response first = co_await post("one", "a@b.c");
        EXPECT_EQ(first.status, 201);
        const http::Response again = co_await post("\"one\"", "a@b.c");
        EXPECT_EQ(again.status, 201);
        EXPECT_EQ(again.body, first.body);
        for (const char* name : {"ETag", "Location", "Content-Type", "Cache-Control"})
            EXPECT_EQ(again.headers.get(name), first.headers.get(name)) << name;
        EXPECT_EQ(w.users.rows.size(), 1u);
        const http::Response other = co_await post("one", "d@e.f");
        EXPECT_EQ(other.status, 422);
        const http::Response taken = co_await post("two", "A@B.C");
        EXPECT_EQ(taken.status, 409);
        w.users.emails.clear();
        const http::Response still_taken = co_await post("two", "A@B.C");
        EXPECT_EQ(still_taken.body, taken.body) << "an outcome is kept, whatever came later";
        const http::Response malformed = co_await post("a b", "d@e.f");
        EXPECT_EQ(malformed.status, 400);
        const http::Response without =
            co_await raw(w, {"POST", "/v1/users", {{"Content-Type", "application/json"}}, "{}"});
        EXPECT_EQ(without.status, 400);
        EXPECT_NE(without.body.find("idempotency-key-missing"), std::string::npos);
    });
}

TEST(ApiNode, KnowsTheKeysOfTheSecretBefore) {
    const auto scenario = [](World& w) -> Task<> {
        const std::string body = R"({"email":"a@b.c","display_name":"A","password":"12345678"})";
        const std::string fingerprint =
            reliability::request_fingerprint("the one before", "POST", "/v1/users", body);
        w.users.keys["one"] = {fingerprint, "201", "", "{}"};
        const http::Response again =
            co_await raw(w, {"POST",
                             "/v1/users",
                             {{"Content-Type", "application/json"}, {"Idempotency-Key", "one"}},
                             body});
        EXPECT_EQ(again.status, 201);
        EXPECT_TRUE(w.users.rows.empty());
    };
    ApiNodeOptions options = cheap_options();
    options.idempotency_secret = "the one of today";
    options.idempotency_previous_secret = "the one before";
    run(scenario, options);
}

TEST(ApiNode, SaysThatARequestOfTheKeyIsUnderWay) {
    run([](World& w) -> Task<> {
        w.server.fail = [](const std::string& asked) -> std::optional<sql::Error> {
            if (asked != "execute idempotency_keys_insert") return {};
            return sql::Error{.kind = sql::ErrorKind::server, .sqlstate = "55P03"};
        };
        const http::Response busy =
            co_await raw(w, {"POST",
                             "/v1/users",
                             {{"Content-Type", "application/json"}, {"Idempotency-Key", "one"}},
                             R"({"email":"a@b.c","display_name":"A","password":"12345678"})"});
        EXPECT_EQ(busy.status, 409);
        EXPECT_EQ(busy.headers.get("Retry-After"), "1");
        const auto unknown = co_await w.client.create_user({}, {"a@b.c", "A", "12345678"});
        EXPECT_EQ(kind(unknown), FailureKind::in_progress);
        EXPECT_EQ(unknown.error().certainty, host::Certainty::indefinite);
    });
}

TEST(ApiNode, IsAliveHoweverLoadedItIs) {
    ApiNodeOptions options = cheap_options();
    options.http.requests_in_flight = 0;
    run(
        [](World& w) -> Task<> {
            const auto alive = co_await w.client.livez({});
            EXPECT_TRUE(alive);
            const auto shed =
                co_await w.client.get_user({}, "00000000-0000-7000-8000-000000000000");
            EXPECT_EQ(kind(shed), FailureKind::not_started);
            for (const char* path : {"/livez", "/startupz", "/readyz", "/health"}) {
                const http::Response asked = co_await raw(w, {"GET", path, {}, {}});
                EXPECT_EQ(asked.status, 200) << path;
            }
            // Nobody needs it while there is trouble.
            const http::Response description = co_await raw(w, {"GET", "/openapi.json", {}, {}});
            EXPECT_EQ(description.status, 503);
        },
        options);
}

TEST(ApiNode, AStatementThatPostgresqlRefusesIsAnInternalError) {
    run([](World& w) -> Task<> {
        w.server.fail = [](const std::string& asked) -> std::optional<sql::Error> {
            if (asked != "execute users_select") return {};
            return sql::Error{.kind = sql::ErrorKind::server, .sqlstate = "42703"};
        };
        const auto broken = co_await w.client.get_user({}, "00000000-0000-7000-8000-000000000000");
        EXPECT_EQ(kind(broken), FailureKind::contract_violated);
        EXPECT_EQ(broken.error().status, 500);
    });
}

TEST(ApiNode, EveryRequestEndsAtItsDeadline) {
    run([](World& w) -> Task<> {
        w.server.latency = 1h;
        const host::TimePoint start = w.host.clock().now();
        const auto outcome =
            co_await w.client.get_user({.deadline = host::deadline_after(w.host, 700ms)},
                                       "00000000-0000-7000-8000-000000000000");
        EXPECT_FALSE(outcome);
        EXPECT_LE(w.host.clock().now() - start, 700ms);
    });
}

TEST(ApiNode, IsAliveBeforeItsDatabaseIs) {
    const sim::cluster::CalmRun outcome = sim::cluster::run_calmly([](Host& host) -> Task<> {
        World world(host);
        world.server.fail = [](const std::string&) {
            return sql::Error{.kind = sql::ErrorKind::cannot_connect};
        };
        host::TaskGroup group(host);
        group.spawn(serve(host, world.driver, cheap_options()));
        co_await host::sleep_for(host, 30s);
        const auto alive = co_await world.client.livez({});
        EXPECT_TRUE(alive);
        const auto early = co_await world.client.create_user({}, {"a@b.c", "A", "12345678"});
        EXPECT_EQ(kind(early), FailureKind::not_started);
        world.server.fail = {};
        co_await host::sleep_for(host, 5s);
        EXPECT_EQ(world.users.migrations.size(), store::built_in_migrations().size());
        const auto created = co_await world.client.create_user({}, {"a@b.c", "A", "12345678"});
        EXPECT_TRUE(created);
        co_await group.stop();
    });
    EXPECT_TRUE(outcome.finished);
}

TEST(ApiNode, RoutesAndNegotiates) {
    run([](World& w) -> Task<> {
        const http::Headers json{{"Content-Type", "application/json"}, {"Idempotency-Key", "k"}};
        const http::Headers patch{{"Content-Type", "application/merge-patch+json; charset=utf-8"},
                                  {"If-Match", "*"}};
        const auto created = co_await w.client.create_user({}, {"a@b.c", "A", "12345678"});
        const std::string user = "/v1/users/" + created->id;

        const http::Response nowhere = co_await raw(w, {"GET", "/v2", {}, {}});
        EXPECT_EQ(nowhere.status, 404);
        const http::Response method = co_await raw(w, {"PUT", user, json, "{}"});
        EXPECT_EQ(method.status, 405);
        EXPECT_EQ(method.headers.get("Allow"), "GET, HEAD, PATCH, DELETE");
        const http::Response media = co_await raw(w, {"PATCH", user, json, "{}"});
        EXPECT_EQ(media.status, 415);
        const http::Response plain = co_await raw(w, {"POST", "/v1/users", {}, "{}"});
        EXPECT_EQ(plain.status, 415);
        const http::Response broken = co_await raw(w, {"POST", "/v1/users", json, "{"});
        EXPECT_EQ(broken.status, 400);
        EXPECT_EQ(broken.headers.get("Content-Type"), "application/problem+json");
        const http::Response any =
            co_await raw(w, {"PATCH", user, patch, R"({"display_name":"B"})"});
        EXPECT_EQ(any.status, 200);
        EXPECT_EQ(any.headers.get("ETag"), "\"2\"");
        const http::Response nothing = co_await raw(w, {"PATCH", user, patch, "{}"});
        EXPECT_EQ(nothing.headers.get("ETag"), "\"2\"");
        http::Headers weak = patch;
        weak.set("If-Match", "W/\"2\"");
        const http::Response mismatch =
            co_await raw(w, {"PATCH", user, weak, R"({"display_name":"C"})"});
        EXPECT_EQ(mismatch.status, 412);
        weak.set("If-Match", "\"7\", \"2\"");
        const http::Response one_of =
            co_await raw(w, {"PATCH", user, weak, R"({"display_name":"C"})"});
        EXPECT_EQ(one_of.headers.get("ETag"), "\"3\"");
    });
}

TEST(ApiNode, SaysWhetherItHasStartedIsReadyAndIsHealthy) {
    const sim::cluster::CalmRun outcome = sim::cluster::run_calmly([](Host& host) -> Task<> {
        World world(host);
        world.server.fail = [](const std::string&) {
            return sql::Error{.kind = sql::ErrorKind::cannot_connect};
        };
        host::TaskGroup group(host);
        group.spawn(serve(host, world.driver, cheap_options()));
        co_await host::sleep_for(host, 30s);
        for (const char* path : {"/startupz", "/readyz", "/health"}) {
            const http::Response no = co_await raw(world, {"GET", path, {}, {}});
            EXPECT_EQ(no.status, 503) << path;
        }
        world.server.fail = {};
        co_await host::sleep_for(host, 10s);
        for (const char* path : {"/startupz", "/readyz", "/health"}) {
            const http::Response yes = co_await raw(world, {"GET", path, {}, {}});
            EXPECT_EQ(yes.status, 200) << path;
            if (std::string_view{path} != "/health") continue;
            EXPECT_TRUE(yes.body.starts_with(
                R"({"status":"healthy","dependencies":[{"name":"postgresql","status":"healthy",)"))
                << yes.body;
            EXPECT_TRUE(yes.body.ends_with(R"(,"error":null}]})")) << yes.body;
        }
        co_await group.stop();
    });
    EXPECT_TRUE(outcome.finished);
}

TEST(ApiNode, TakesOverTheTraceOfItsCaller) {
    run([](World& w) -> Task<> {
        host::Context context;
        context.trace_id.fill(0xab);
        const http::Response response = co_await raw(
            w, {"GET",
                "/nowhere",
                {{"traceparent", "00-abababababababababababababababab-0000000000000001-01"}},
                {}});
        EXPECT_NE(response.body.find(R"("trace_id":"abababababababababababababababab")"),
                  std::string::npos);
    });
}

TEST(ApiNode, HasOnlySoManyConnectionsToTheDatabase) {
    run([](World& w) -> Task<> {
        w.server.latency = 100ms;
        const auto get = [](World& world) -> Task<> {
            (void)co_await world.client.get_user({}, "00000000-0000-7000-8000-000000000000");
        };
        host::TaskGroup group(w.host);
        for (int i = 0; i < 100; ++i)
            group.spawn(get(w));
        co_await group.join();
        EXPECT_EQ(w.server.most_open, 8u);
    });
}

}  // namespace
}  // namespace atlas::node

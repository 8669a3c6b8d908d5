// Each sabotage does what its sentence says, counts it, and leaves the rest alone. That they are
// found is shown in workloads/user_workload_test.cpp, and by atlas-sim on its seeds.

#include "properties/sabotage/sabotage.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "properties/sabotage/cached_get.hpp"
#include "properties/sabotage/commit_acknowledged_early.hpp"
#include "properties/sabotage/commit_cancelled_at_deadline.hpp"
#include "properties/sabotage/email_folded_in_check_only.hpp"
#include "properties/sabotage/email_never_freed.hpp"
#include "properties/sabotage/folded_email_shown.hpp"
#include "properties/sabotage/idempotency_key_stripped.hpp"
#include "properties/sabotage/if_match_rewritten.hpp"
#include "properties/sabotage/lease_leaked_on_cancel.hpp"
#include "properties/sabotage/listing_by_offset.hpp"
#include "properties/sabotage/no_jitter_no_budget.hpp"
#include "properties/sabotage/primary_not_fenced.hpp"
#include "properties/sabotage/rename_without_directory_sync.hpp"
#include "properties/sabotage/retry_of_indefinite_commit.hpp"
#include "properties/sabotage/rewritten_query.hpp"
#include "properties/sabotage/session_timeouts_unset.hpp"
#include "properties/sabotage/unavailable_as_500.hpp"
#include "properties/sabotage/unique_index_dropped.hpp"
#include "sim/cluster/calm.hpp"
#include "system/api/cursor.hpp"
#include "system/host/host.hpp"
#include "system/sql/fake_driver.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using host::Host;
using host::Task;

void run(const std::function<Task<>(Host&)>& body) {
    const sim::cluster::CalmRun outcome = sim::cluster::run_calmly(body);
    EXPECT_TRUE(outcome.finished);
    EXPECT_EQ(outcome.leftovers, std::vector<std::string>{});
}

TEST(Sabotages, AreNamedOnceEach) {
    for (const SabotageDescription& each : all_sabotages()) {
        EXPECT_EQ(find_sabotage(each.name), &each);
        EXPECT_TRUE(each.sentence.ends_with('.'));
        EXPECT_NE(each.sabotage, Sabotage::none);
    }
    EXPECT_EQ(find_sabotage("none"), nullptr);
}

TEST(UniqueIndexDropped, TakesTheIndexOutOfTheMigrations) {
    SabotageLedger ledger;
    const auto sabotaged = without_unique_index(store::built_in_migrations(), ledger);
    ASSERT_TRUE(sabotaged.has_value()) << host::describe(sabotaged.error());
    EXPECT_EQ(sabotaged->size(), store::built_in_migrations().size());
    for (const store::Migration& migration : *sabotaged) {
        // The one without a condition, of the first migration, is dropped by a later one.
        EXPECT_EQ(migration.text.find("WHERE deleted_at IS NULL"), std::string::npos);
    }
    EXPECT_NE(*sabotaged, store::built_in_migrations());
    EXPECT_EQ(ledger.acted, 1U);
}

TEST(UniqueIndexDropped, RefusesMigrationsItDoesNotKnow) {
    SabotageLedger ledger;
    const auto sabotaged =
        without_unique_index({{1, "other", "CREATE TABLE t (i int);\n"}}, ledger);
    ASSERT_FALSE(sabotaged.has_value());
    EXPECT_EQ(sabotaged.error().code, host::ErrorCode::not_found);
    EXPECT_EQ(ledger.acted, 0U);
}

TEST(EmailNeverFreed, PutsDeletedUsersIntoTheIndex) {
    SabotageLedger ledger;
    const auto sabotaged = with_emails_never_freed(store::built_in_migrations(), ledger);
    ASSERT_TRUE(sabotaged.has_value()) << host::describe(sabotaged.error());
    std::string indexes;
    for (const store::Migration& migration : *sabotaged)
        indexes += migration.text;
    EXPECT_EQ(indexes.find("WHERE deleted_at IS NULL"), std::string::npos);
    const std::size_t last = indexes.rfind("users_live_email_folded_key");
    EXPECT_EQ(indexes.substr(last, indexes.find('\n', last) - last),
              "users_live_email_folded_key ON users (email_folded);");
    EXPECT_EQ(ledger.acted, 1U);
}

Task<http::Response> always(http::Response response) {
    co_return response;
}

Task<> show_users(Host&, SabotageLedger& ledger) {
    const auto shown = [&ledger](http::Response response) {
        return folded_email_shown(
            [response](host::Context, http::Request) { return always(response); }, ledger)(
            {}, {"GET", "/v1/users/1", {}, {}});
    };
    const http::Response user = co_await shown({200, {}, R"({"email":"A@x.example"})"});
    EXPECT_EQ(user.body, R"({"email":"A@x.example","email_folded":"a@x.example"})");
    EXPECT_EQ(ledger.acted, 1U);
    const http::Response page = co_await shown({200, {}, R"({"users":[]})"});
    EXPECT_EQ(page.body, R"({"users":[]})");
    const http::Response none = co_await shown({404, {}, ""});
    EXPECT_EQ(none.body, "");
    EXPECT_EQ(ledger.acted, 1U);
}

TEST(FoldedEmailShown, AddsAMemberToUsersAlone) {
    SabotageLedger ledger;
    run([&](Host& host) { return show_users(host, ledger); });
}

Task<> be_unavailable(Host&, SabotageLedger& ledger) {
    const auto status_of = [&ledger](std::string target, int status) -> Task<int> {
        const http::Handler handler = unavailable_as_500(
            [status](host::Context, http::Request) { return always({status, {}, {}}); }, ledger);
        const http::Response response = co_await handler({}, {"GET", std::move(target), {}, {}});
        co_return response.status;
    };
    int status = co_await status_of("/v1/users", 503);
    EXPECT_EQ(status, 500);
    EXPECT_EQ(ledger.acted, 1U);
    status = co_await status_of("/v1/users", 200);
    EXPECT_EQ(status, 200);
    status = co_await status_of("/readyz", 503);
    EXPECT_EQ(status, 503);
    EXPECT_EQ(ledger.acted, 1U);
}

TEST(UnavailableAs500, ChangesThatStatusAlone) {
    SabotageLedger ledger;
    run([&](Host& host) { return be_unavailable(host, ledger); });
}

/// Answers with the If-Match it was sent.
Task<http::Response> echo_if_match(host::Context, http::Request request) {
    co_return http::Response{200, {}, std::string(request.headers.get("If-Match"))};
}

Task<> send_versions(Host&, SabotageLedger& ledger) {
    const http::Handler handler = if_match_rewritten(echo_if_match, ledger);
    const http::Response rewritten =
        co_await handler({}, {"PATCH", "/v1/users/1", {{"If-Match", "\"7\""}}, {}});
    EXPECT_EQ(rewritten.body, "*");
    EXPECT_EQ(ledger.acted, 1U);
    const http::Response without = co_await handler({}, {"PATCH", "/v1/users/1", {}, {}});
    EXPECT_EQ(without.body, "");
    const http::Response any =
        co_await handler({}, {"PATCH", "/v1/users/1", {{"If-Match", "*"}}, {}});
    EXPECT_EQ(any.body, "*");
    EXPECT_EQ(ledger.acted, 1U);
}

TEST(IfMatchRewritten, DropsTheConditionAlone) {
    SabotageLedger ledger;
    run([&](Host& host) { return send_versions(host, ledger); });
}

Task<http::Response> echo_key(host::Context, http::Request request) {
    co_return http::Response{200, {}, std::string(request.headers.get("Idempotency-Key"))};
}

Task<> send_keys(Host& host, SabotageLedger& ledger) {
    const http::Handler handler = idempotency_key_stripped(echo_key, host, ledger);
    const http::Request keyed{"POST", "/v1/users", {{"Idempotency-Key", "mine"}}, {}};
    const http::Response first = co_await handler({}, keyed);
    const http::Response second = co_await handler({}, keyed);
    EXPECT_NE(first.body, "mine");
    EXPECT_NE(first.body, second.body);
    EXPECT_EQ(ledger.acted, 2U);
    const http::Response without = co_await handler({}, {"GET", "/v1/users/1", {}, {}});
    EXPECT_EQ(without.body, "");
    EXPECT_EQ(ledger.acted, 2U);
}

TEST(IdempotencyKeyStripped, GivesEachRequestAnother) {
    SabotageLedger ledger;
    run([&](Host& host) { return send_keys(host, ledger); });
}

Task<http::Response> count_calls(int& calls, int status) {
    co_return http::Response{status, {}, std::to_string(++calls)};
}

Task<> read_often(Host& host, SabotageLedger& ledger) {
    int calls = 0;
    int status = 404;
    const http::Handler handler = cached_get(
        [&](host::Context, http::Request) { return count_calls(calls, status); }, host, ledger);
    const auto ask = [&](std::string method, std::string target) {
        return handler({}, {std::move(method), std::move(target), {}, {}});
    };
    http::Response response = co_await ask("GET", "/v1/users/1");
    EXPECT_EQ(response.body, "1");
    status = 200;
    response = co_await ask("GET", "/v1/users/1");
    EXPECT_EQ(response.body, "2") << "only answers that there is a user are kept";
    response = co_await ask("GET", "/v1/users/1");
    EXPECT_EQ(response.body, "2");
    EXPECT_EQ(ledger.acted, 1U);
    response = co_await ask("GET", "/v1/users/2");
    EXPECT_EQ(response.body, "3");
    response = co_await ask("PATCH", "/v1/users/1");
    EXPECT_EQ(response.body, "4");
    response = co_await ask("GET", "/livez");
    EXPECT_EQ(response.body, "5");
    co_await host::sleep_for(host, 3s);
    response = co_await ask("GET", "/v1/users/1");
    EXPECT_EQ(response.body, "6") << "after two seconds it asks again";
    EXPECT_EQ(ledger.acted, 1U);
}

TEST(CachedGet, AnswersUsersFromTheCacheForAWhile) {
    SabotageLedger ledger;
    run([&](Host& host) { return read_often(host, ledger); });
}

Task<> commit_and_go_on(Host& host, SabotageLedger& ledger) {
    sql::FakeServer server;
    server.latency = 10ms;
    sql::FakeDriver inner(host, server);
    EarlyCommitDriver driver(host, inner, ledger);
    {
        sql::Result<std::unique_ptr<sql::Connection>> connected = co_await driver.connect({}, {});
        sql::Connection& connection = **connected;
        sql::Result<sql::QueryResult> result = co_await connection.query({}, "BEGIN");
        EXPECT_EQ(ledger.acted, 0U);
        const host::TimePoint before = host.clock().now();
        result = co_await connection.query({}, "COMMIT");
        EXPECT_EQ(result->command_tag, "COMMIT");
        EXPECT_EQ(host.clock().now(), before) << "acknowledged before the server could answer";
        EXPECT_EQ(connection.transaction_status(), sql::TransactionStatus::idle);
        EXPECT_EQ(ledger.acted, 1U);
        result = co_await connection.query({}, "SELECT 1");
        EXPECT_TRUE(result.has_value());
        EXPECT_EQ(host.clock().now(), before + 20ms) << "one statement at a time";
        // The commit is lost, and nobody hears of it.
        result = co_await connection.query({}, "BEGIN");
        server.fail = [](const std::string&) {
            return sql::Error{.kind = sql::ErrorKind::connection_lost};
        };
        result = co_await connection.query({}, "COMMIT");
        EXPECT_TRUE(result.has_value());
        co_await host::sleep_for(host, 1s);
        EXPECT_FALSE(connection.is_usable());
        EXPECT_EQ(ledger.acted, 2U);
    }
    co_await driver.stop();
}

TEST(CommitAcknowledgedEarly, AnswersBeforeTheServer) {
    SabotageLedger ledger;
    run([&](Host& host) { return commit_and_go_on(host, ledger); });
}

Task<> drop_while_committing(Host& host, SabotageLedger& ledger) {
    sql::FakeServer server;
    server.latency = 1h;
    sql::FakeDriver inner(host, server);
    EarlyCommitDriver driver(host, inner, ledger);
    {
        sql::Result<std::unique_ptr<sql::Connection>> connected = co_await driver.connect({}, {});
        sql::Result<sql::QueryResult> result = co_await (*connected)->query({}, "COMMIT");
        EXPECT_TRUE(result.has_value());
    }
    co_await driver.stop();
    EXPECT_EQ(server.open, 0U);
}

TEST(CommitAcknowledgedEarly, CanBeStoppedInTheMiddle) {
    SabotageLedger ledger;
    const sim::cluster::CalmRun outcome = sim::cluster::run_calmly(
        [&](Host& host) { return drop_while_committing(host, ledger); }, sim::kernel::Seed{1}, 3h);
    EXPECT_TRUE(outcome.finished);
}

Task<> connect_often(Host& host, SabotageLedger& ledger) {
    sql::FakeServer server;
    server.fail = [](const std::string&) {
        return sql::Error{.kind = sql::ErrorKind::cannot_connect};
    };
    sql::FakeDriver inner(host, server);
    HastyDriver driver(host, inner, ledger);
    for (const host::Duration pause : {0ms, 4ms, 5ms, 0ms}) {
        co_await host::sleep_for(host, pause);
        const auto refused = co_await driver.connect({}, {});
        EXPECT_FALSE(refused);
    }
    server.fail = {};
    const auto connected = co_await driver.connect({}, {});
    EXPECT_TRUE(connected);
}

TEST(NoJitterNoBudget, CountsWhatIsTriedAgainAtOnce) {
    SabotageLedger ledger;
    run([&](Host& host) { return connect_often(host, ledger); });
    EXPECT_EQ(ledger.acted, 3U);
}

TEST(NoJitterNoBudget, LeavesOtherOptionsAlone) {
    const node::ApiNodeOptions options =
        without_jitter_and_budget({.database = {.target = {}, .size = 3}});
    EXPECT_EQ(options.database.size, 3U);
    EXPECT_EQ(options.retry.cap, 1ms);
    EXPECT_EQ(options.database.reconnect.cap, 1ms);
}

Task<> be_late(Host& host, sql::Connection& connection, bool& came_back) {
    const host::Context context{.deadline = host::deadline_after(host, 1s)};
    (void)co_await connection.query(context, "SELECT 1");
    came_back = true;
}

Task<> be_on_time_and_late(Host& host, SabotageLedger& ledger) {
    sql::FakeServer server;
    sql::FakeDriver inner(host, server);
    LeakingDriver driver(host, inner, ledger);
    const auto connected = co_await driver.connect({}, {});
    bool came_back = false;
    co_await be_late(host, **connected, came_back);
    EXPECT_TRUE(came_back) << "it was not late";
    EXPECT_EQ(ledger.acted, 0U);
    server.latency = 2s;
    came_back = false;
    host::TaskGroup tasks(host);
    tasks.spawn(be_late(host, **connected, came_back));
    co_await host::sleep_for(host, 1min);
    EXPECT_FALSE(came_back);
    EXPECT_EQ(ledger.acted, 1U);
    co_await tasks.stop();
    EXPECT_FALSE(came_back) << "a stop ends it all the same";
}

TEST(PoolLeaseLeakedOnCancel, NeverComesBackOnceItIsLate) {
    SabotageLedger ledger;
    run([&](Host& host) { return be_on_time_and_late(host, ledger); });
}

using Connected = sql::Result<std::unique_ptr<sql::Connection>>;

Task<> list_pages(Host& host, SabotageLedger& ledger) {
    sql::FakeServer server;
    std::vector<sql::Parameters> sent;
    server.answer = [&](const std::string&, const sql::Parameters& parameters) {
        sent.push_back(parameters);
        return sql::QueryResult{};
    };
    sql::FakeDriver inner(host, server);
    DecoratedDriver driver(inner, listing_by_offset(ledger));
    const Connected connected = co_await driver.connect({}, {});
    const std::string nil = "00000000-0000-0000-0000-000000000000";
    (void)co_await (*connected)->execute_prepared({}, "users_list", {nil, "3"});
    EXPECT_EQ(ledger.acted, 0U) << "a first page is as it should be";
    http::Handler page =
        cursors_by_offset([](host::Context, http::Request) -> Task<http::Response> {
            co_return http::Response{200, {}, R"({"users":[{},{}],"next_cursor":"x"})"};
        });
    const http::Response first = co_await page({}, {"GET", "/v1/users?limit=2", {}, {}});
    const auto cursor = nlohmann::json::parse(first.body)["next_cursor"].get<std::string>();
    const std::string after = domain::to_string(api::parse_cursor(cursor).value());
    (void)co_await (*connected)->execute_prepared({}, "users_list", {after, "3"});
    EXPECT_EQ(ledger.acted, 1U);
    EXPECT_EQ(sent, (std::vector<sql::Parameters>{{"0", "3"}, {"2", "3"}}));
    const http::Response second =
        co_await page({}, {"GET", "/v1/users?limit=2&cursor=" + cursor, {}, {}});
    const auto next = nlohmann::json::parse(second.body)["next_cursor"].get<std::string>();
    EXPECT_EQ(domain::to_string(api::parse_cursor(next).value()),
              "00000000-0000-0000-0000-000000000004");
}

TEST(ListingByOffset, CountsRowsInPlaceOfIds) {
    SabotageLedger ledger;
    run([&](Host& host) { return list_pages(host, ledger); });
}

Task<> insert_users(Host& host, SabotageLedger& ledger) {
    sql::FakeServer server;
    std::vector<sql::Parameters> sent;
    bool is_taken = false;
    server.answer = [&](const std::string&, const sql::Parameters& parameters) {
        if (!parameters.empty()) sent.push_back(parameters);
        sql::QueryResult result;
        result.command_tag = "INSERT 0 1";
        if (is_taken) result.rows.push_back({"id"});
        return result;
    };
    sql::FakeDriver inner(host, server);
    DecoratedDriver driver(inner, email_folded_in_check_only(ledger));
    const Connected connected = co_await driver.connect({}, {});
    const sql::Parameters ann{"1", "Ann@x.example", "ann@x.example", "Ann"};
    sql::Result<sql::QueryResult> inserted =
        co_await (*connected)->execute_prepared({}, "users_insert", ann);
    EXPECT_EQ(inserted->affected_rows(), 1U);
    EXPECT_EQ(sent, (std::vector<sql::Parameters>{{"ann@x.example"},
                                                  {"1", "Ann@x.example", "Ann@x.example", "Ann"}}));
    EXPECT_EQ(ledger.acted, 1U);
    is_taken = true;
    inserted = co_await (*connected)->execute_prepared({}, "users_insert", ann);
    EXPECT_EQ(inserted->affected_rows(), 0U);
    EXPECT_EQ(ledger.acted, 1U);
}

TEST(EmailFoldedInCheckOnly, StoresWhatItDidNotLookFor) {
    SabotageLedger ledger;
    run([&](Host& host) { return insert_users(host, ledger); });
}

Task<> lose_commits(Host& host, SabotageLedger& ledger) {
    sql::FakeServer server;
    sql::FakeDriver inner(host, server);
    DecoratedDriver driver(inner, retry_of_indefinite_commit(ledger));
    const auto outcome_of = [&](std::string text, sql::Error error) -> Task<sql::Error> {
        server.fail = {};
        const Connected connected = co_await driver.connect({}, {});
        server.fail = [&error](const std::string&) { return error; };
        const sql::Result<sql::QueryResult> result = co_await (*connected)->query({}, text);
        co_return result.error();
    };
    sql::Error told = co_await outcome_of("COMMIT", {.kind = sql::ErrorKind::connection_lost});
    EXPECT_EQ(told.sqlstate, "40001");
    EXPECT_EQ(told.certainty(), host::Certainty::definite);
    EXPECT_EQ(ledger.acted, 1U);
    told = co_await outcome_of("SELECT 1", {.kind = sql::ErrorKind::connection_lost});
    EXPECT_EQ(told.kind, sql::ErrorKind::connection_lost);
    told = co_await outcome_of("COMMIT", {.kind = sql::ErrorKind::server, .sqlstate = "23505"});
    EXPECT_EQ(told.sqlstate, "23505");
    EXPECT_EQ(ledger.acted, 1U);
}

TEST(RetryOfIndefiniteCommit, TakesALostOneForRolledBack) {
    SabotageLedger ledger;
    run([&](Host& host) { return lose_commits(host, ledger); });
}

Task<> weaken_statements(Host& host) {
    const std::string begin = "BEGIN ISOLATION LEVEL SERIALIZABLE";
    const std::string take = "SELECT id FROM jobs FOR UPDATE SKIP LOCKED";
    const auto asked_with = [&](Sabotage sabotage) -> Task<std::vector<std::string>> {
        sql::FakeServer server;
        sql::FakeDriver inner(host, server);
        SabotageLedger ledger;
        DecoratedDriver driver(inner, decoration_of_sql_clients(sabotage, ledger));
        {
            const Connected connected = co_await driver.connect({}, {});
            (void)co_await (*connected)->query({}, begin);
            (void)co_await (*connected)->query({}, take);
        }
        EXPECT_EQ(ledger.acted, sabotage == Sabotage::cached_get ? 0U : 1U);
        std::erase(server.asked, "connect");
        co_return server.asked;
    };
    std::vector<std::string> asked = co_await asked_with(Sabotage::serializable_downgraded);
    EXPECT_EQ(asked, (std::vector<std::string>{"query BEGIN ISOLATION LEVEL REPEATABLE READ",
                                               "query " + take}));
    asked = co_await asked_with(Sabotage::skip_locked_removed);
    EXPECT_EQ(asked,
              (std::vector<std::string>{"query " + begin, "query SELECT id FROM jobs FOR UPDATE"}));
    asked = co_await asked_with(Sabotage::cached_get);
    EXPECT_EQ(asked, (std::vector<std::string>{"query " + begin, "query " + take}));
}

TEST(StatementsOfSqlClients, AreWeakenedOneAtATime) {
    run(weaken_statements);
}

Task<> cancel_commits(Host& host, SabotageLedger& ledger) {
    sql::FakeServer server;
    sql::FakeDriver inner(host, server);
    DecoratedDriver driver(inner, commit_cancelled_at_deadline(host, ledger));
    const Connected connected = co_await driver.connect({}, {});
    sql::Result<sql::QueryResult> result = co_await (*connected)->query({}, "COMMIT");
    EXPECT_TRUE(result);
    server.latency = 1s;
    result = co_await (*connected)->query({}, "SELECT 1");
    EXPECT_TRUE(result);
    EXPECT_EQ(ledger.acted, 0U);
    result = co_await (*connected)->query({}, "COMMIT");
    EXPECT_FALSE(result);
    if (!result) EXPECT_EQ(result.error().certainty(), host::Certainty::definite);
    EXPECT_EQ(ledger.acted, 1U);
}

TEST(CommitCancelledAtDeadline, TakesASlowOneForOneThatDidNotHappen) {
    SabotageLedger ledger;
    run([&](Host& host) { return cancel_commits(host, ledger); });
}

TEST(PrimaryNotFenced, LeavesOutTheStopOfAPrimaryAlone) {
    SabotageLedger ledger;
    failover::AgentSettings settings;
    settings.decide = [](const failover::Observation&, const failover::AgentOptions&) {
        return failover::Decision{failover::StopNow{}};
    };
    settings = primary_not_fenced(std::move(settings), ledger);
    failover::Observation seen;
    seen.server.answers = true;
    seen.server.role = failover::Role::follower;
    EXPECT_EQ(settings.decide(seen, {}), failover::Decision{failover::StopNow{}});
    EXPECT_EQ(ledger.acted, 0U);
    seen.server.role = failover::Role::primary;
    EXPECT_EQ(settings.decide(seen, {}), failover::Decision{failover::Wait{}});
    EXPECT_EQ(ledger.acted, 1U);
}

TEST(SessionTimeoutsUnset, LeavesOutTheLimitsAlone) {
    SabotageLedger ledger;
    sql::ConnectionTarget target;
    target.session_settings = {{"statement_timeout", "1"},
                               {"lock_timeout", "2"},
                               {"idle_in_transaction_session_timeout", "3"},
                               {"search_path", "x"}};
    const sql::ConnectionTarget sabotaged = session_timeouts_unset(ledger).target(target);
    ASSERT_EQ(sabotaged.session_settings.size(), 1U);
    EXPECT_EQ(sabotaged.session_settings[0].first, "search_path");
    EXPECT_EQ(ledger.acted, 3U);
}

Task<> install_a_file(Host& host, SabotageLedger& ledger) {
    auto made = co_await host.disk().make_directory("data/other");
    EXPECT_TRUE(made);
    auto synced = co_await host.disk().sync_directory("data");
    EXPECT_TRUE(synced);
    {
        auto file = co_await host.disk().open("data/new", host::OpenMode::create_exclusive);
    }
    auto renamed = co_await host.disk().rename("data/new", "data/current");
    EXPECT_TRUE(renamed);
    EXPECT_EQ(ledger.acted, 0U);
    synced = co_await host.disk().sync_directory("data/other");
    EXPECT_EQ(ledger.acted, 0U);
    synced = co_await host.disk().sync_directory("data");
    EXPECT_TRUE(synced);
    EXPECT_EQ(ledger.acted, 1U);
}

TEST(RenameWithoutDirectorySync, LeavesOutTheSyncAfterARenameAlone) {
    SabotageLedger ledger;
    run(rename_without_directory_sync([&](Host& host) { return install_a_file(host, ledger); },
                                      ledger));
}

}  // namespace
}  // namespace atlas::properties

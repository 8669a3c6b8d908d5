// Requests that take effect once: what system/store says to PostgreSQL about their keys, on all
// four pairs of client and server.

#include <stdexcept>
#include <string>

#include "properties/contracts/sql_port_fixture.hpp"
#include "system/store/idempotency.hpp"
#include "system/store/migrations.hpp"

namespace atlas::properties {
namespace {

using host::Task;
using store::Answer;
using store::KeyedOutcome;
using store::KeyedRequest;

class Idempotency : public SqlPort {};

struct Node {
    explicit Node(SqlCase& c)
        : pool(c.host(), c.driver(), {.target = c.target()}),
          database{c.host(), pool, {}, c.host().random("retry")} {}

    sql::Pool pool;
    sql::Database database;
};

Task<> bring_up_to_date(SqlCase& c, Node& node) {
    const sql::Result<void> done =
        co_await store::migrate(node.database, c.patient(), store::built_in_migrations());
    if (!done) throw std::runtime_error("migrate: " + describe(done.error()));
    SqlCase::Connection connection = co_await c.connect();
    (void)co_await c.run(connection, "CREATE TABLE effects (name text NOT NULL)");
}

/// The effect: a row of that name.
Task<sql::Result<Answer>> leave(sql::Transaction& transaction, std::string name) {
    auto left = co_await transaction.query("INSERT INTO effects VALUES ('" + name + "')");
    if (!left) co_return std::unexpected(std::move(left.error()));
    co_return Answer{201, {{"ETag", "\"1\""}, {"Location", "/v1/" + name}}, "made: " + name};
}

Task<std::string> run_once(SqlCase& c, Node& node, KeyedRequest request, std::string name) {
    const auto work = [&](sql::Transaction& transaction) { return leave(transaction, name); };
    const auto done =
        co_await store::run_keyed(node.database, c.patient(), std::move(request), work);
    if (!done) co_return host::describe(done.error());
    switch (done->outcome) {
        case KeyedOutcome::first:
            co_return "first, " + done->answer.body;
        case KeyedOutcome::repeated:
            co_return "repeated, " + done->answer.body;
        case KeyedOutcome::still_running:
            co_return "still running";
        case KeyedOutcome::other_request:
            co_return "other request";
    }
    co_return "";
}

Task<std::string> count(SqlCase& c, std::string table) {
    SqlCase::Connection connection = co_await c.connect();
    const sql::QueryResult counted = co_await c.run(connection, "SELECT count(*) FROM " + table);
    co_return *counted.rows.at(0).at(0);
}

TEST_P(Idempotency, ARequestTakesEffectOnceAndIsAnsweredAlike) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        const KeyedRequest request{"a \"key\"", "f1"};
        const auto work = [](sql::Transaction& transaction) { return leave(transaction, "x"); };
        const auto first = co_await store::run_keyed(node.database, c.patient(), request, work);
        const auto again = co_await store::run_keyed(node.database, c.patient(), request, work);
        EXPECT_TRUE(first && first->outcome == KeyedOutcome::first);
        EXPECT_TRUE(again && again->outcome == KeyedOutcome::repeated);
        if (first && again) EXPECT_EQ(first->answer, again->answer);
        const std::string other = co_await run_once(c, node, {request.key, "f2"}, "y");
        EXPECT_EQ(other, "other request");
        const std::string second = co_await run_once(c, node, {"another", "f1"}, "z");
        EXPECT_EQ(second, "first, made: z");
        const std::string effects = co_await count(c, "effects");
        EXPECT_EQ(effects, "2");
    });
}

TEST_P(Idempotency, WorkThatFailsLeavesTheKeyFree) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        const std::string broken = co_await run_once(c, node, {"k", "f"}, "it's");
        EXPECT_TRUE(broken.starts_with("invalid_argument")) << broken;
        const std::string right = co_await run_once(c, node, {"k", "f"}, "x");
        EXPECT_EQ(right, "first, made: x");
    });
}

TEST_P(Idempotency, WhileARequestIsUnderWayItsRepetitionIsToldSo) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        SqlCase::Connection other = co_await c.connect();
        (void)co_await c.run(other, "BEGIN");
        (void)co_await c.run(other,
                             "INSERT INTO idempotency_keys (key, fingerprint) VALUES ('k', 'f')");
        const std::string meanwhile = co_await run_once(c, node, {"k", "f"}, "x");
        EXPECT_EQ(meanwhile, "still running");
        (void)co_await c.run(other, "ROLLBACK");
        const std::string after = co_await run_once(c, node, {"k", "f"}, "x");
        EXPECT_EQ(after, "first, made: x");
    });
}

TEST_P(Idempotency, ALockOfTheWholeTableIsNotTakenForTheKeys) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        SqlCase::Connection other = co_await c.connect();
        (void)co_await c.run(other, "BEGIN");
        (void)co_await c.run(other, "LOCK TABLE idempotency_keys IN SHARE MODE");
        const std::string meanwhile = co_await run_once(c, node, {"k", "f"}, "x");
        EXPECT_TRUE(meanwhile.starts_with("deadline_exceeded")) << meanwhile;
        (void)co_await c.run(other, "ROLLBACK");
        const std::string after = co_await run_once(c, node, {"k", "f"}, "x");
        EXPECT_EQ(after, "first, made: x");
    });
}

TEST_P(Idempotency, AKeyIsFoundWhenItsRequestIsCommitted) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        const KeyedRequest request{"k", "f"};
        const auto before = co_await store::find_keyed(node.database, c.patient(), request);
        EXPECT_TRUE(before && !*before);
        SqlCase::Connection other = co_await c.connect();
        (void)co_await c.run(other, "BEGIN");
        (void)co_await c.run(other,
                             "INSERT INTO idempotency_keys (key, fingerprint) VALUES ('k', 'f')");
        const auto running = co_await store::find_keyed(node.database, c.patient(), request);
        EXPECT_TRUE(running && !*running) << "and it is not waited for";
        (void)co_await c.run(other, "ROLLBACK");
        const std::string first = co_await run_once(c, node, request, "x");
        EXPECT_EQ(first, "first, made: x");
        const auto after = co_await store::find_keyed(node.database, c.patient(), request);
        EXPECT_TRUE(after && *after && (**after).outcome == KeyedOutcome::repeated);
        if (after && *after) EXPECT_EQ((**after).answer.body, "made: x");
    });
}

TEST_P(Idempotency, KeysAreForgottenAfterADay) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        SqlCase::Connection connection = co_await c.connect();
        std::string rows;
        for (int i = 0; i < 1500; ++i) {
            rows += (i == 0 ? "('" : ",('") + std::to_string(i) + "', 'f', now() - interval '25 " +
                    "hours' + interval '1 second' * " + std::to_string(i) + ")";
        }
        (void)co_await c.run(
            connection,
            "INSERT INTO idempotency_keys (key, fingerprint, created_at) VALUES " + rows);
        (void)co_await c.run(connection,
                             "INSERT INTO idempotency_keys (key, fingerprint, created_at) VALUES "
                             "('young', 'f', now() - interval '23 hours')");
        std::vector<std::uint64_t> forgotten;
        for (int i = 0; i < 3; ++i) {
            const auto some = co_await store::forget_old_keys(node.database, c.patient());
            EXPECT_TRUE(some);
            if (some) forgotten.push_back(*some);
        }
        EXPECT_EQ(forgotten, (std::vector<std::uint64_t>{1000, 500, 0}));
        const std::string left = co_await count(c, "idempotency_keys");
        EXPECT_EQ(left, "1");
    });
}

ATLAS_ON_EACH_SQL_PAIR(Idempotency);

}  // namespace
}  // namespace atlas::properties

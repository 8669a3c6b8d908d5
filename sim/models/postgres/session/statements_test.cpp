// Statements of one session: results, errors with their fields, transaction blocks, settings, the
// extended protocol. What is expected was compared with PostgreSQL 15.20.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "sim/cluster/calm.hpp"
#include "sim/models/postgres/engine/statement_cache.hpp"
#include "sim/models/postgres/testing/client.hpp"

namespace atlas::sim::models::postgres {
namespace {

using host::Task;
using testing::Client;

using Script = std::function<Task<>(Client&)>;

Task<> run_script(host::Host& host, const Script& script, bool& finished) {
    auto server = co_await Server::open(host, {}, "postgres");
    if (!server) co_return;
    {
        Client client(**server);
        co_await script(client);
    }
    co_await (*server)->shutdown();
    finished = true;
}

void with_client(const Script& script) {
    bool finished = false;
    const cluster::CalmRun run =
        cluster::run_calmly([&](host::Host& host) { return run_script(host, script, finished); });
    EXPECT_TRUE(finished);
    EXPECT_TRUE(run.leftovers.empty());
}

// The results of the statements one after the other, a line each.
std::string results_of(std::vector<std::string> statements) {
    std::string results;
    with_client([&](Client& client) -> Task<> {
        const auto body = [](Client& given, std::vector<std::string>& texts,
                             std::string& lines) -> Task<> {
            for (const std::string& text : texts)
                lines += co_await given.query(text) + "\n";
        };
        return body(client, statements, results);
    });
    return results;
}

TEST(Statements, violations_carry_their_fields) {
    with_client([](Client& client) -> Task<> {
        co_await client.query(
            "CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, version int CHECK "
            "(version > 0)); CREATE UNIQUE INDEX by_email ON users (lower(email)) WHERE id < 100; "
            "INSERT INTO users VALUES (1, 'A', 1)");
        co_await client.query("INSERT INTO users VALUES (2, 'a', 1)");
        EXPECT_EQ(client.last_error()->sqlstate, "23505");
        EXPECT_EQ(client.last_error()->constraint, "by_email");
        EXPECT_EQ(client.last_error()->table, "users");
        EXPECT_EQ(client.last_error()->detail, "Key (lower(email))=(a) already exists.");
        co_await client.query("INSERT INTO users VALUES (2, NULL, 1)");
        EXPECT_EQ(client.last_error()->sqlstate, "23502");
        EXPECT_EQ(client.last_error()->column, "email");
        EXPECT_EQ(client.last_error()->detail, "Failing row contains (2, null, 1).");
        co_await client.query("INSERT INTO users VALUES (2, 'b', 0)");
        EXPECT_EQ(client.last_error()->sqlstate, "23514");
        EXPECT_EQ(client.last_error()->constraint, "users_version_check");
        // Outside the partial index.
        EXPECT_EQ(co_await client.query("INSERT INTO users VALUES (100, 'A', 1)"), "INSERT 0 1");
    });
}

TEST(Statements, error_positions_count_characters) {
    with_client([](Client& client) -> Task<> {
        co_await client.query("SELECT 'äöü', nope");
        EXPECT_EQ(client.last_error()->sqlstate, "42703");
        EXPECT_EQ(client.last_error()->position, 15U);
        co_await client.query("SELECT 'äöü' FROM");
        EXPECT_EQ(client.last_error()->sqlstate, "42601");
        EXPECT_EQ(client.last_error()->position, 18U);
    });
}

TEST(Statements, several_in_one_query_share_an_implicit_transaction) {
    EXPECT_EQ(results_of({"CREATE TABLE t (a int)", "INSERT INTO t VALUES (1); SELECT 1/0",
                          "SELECT * FROM t", "INSERT INTO t VALUES (2); COMMIT; SELECT 1/0",
                          "SELECT * FROM t"}),
              "CREATE TABLE\n"
              "INSERT 0 1\n22012 division by zero\n"
              "SELECT 0\n"
              "INSERT 0 1\nWARNING: there is no transaction in progress; COMMIT\n"
              "22012 division by zero\n"
              "(2) SELECT 1\n");
}

TEST(Statements, definitions_are_undone_with_their_transaction) {
    EXPECT_EQ(
        results_of({"CREATE TABLE t (a int); INSERT INTO t VALUES (1)",
                    "BEGIN; ALTER TABLE t ADD COLUMN b int DEFAULT 5; CREATE UNIQUE INDEX u ON "
                    "t (a); INSERT INTO t VALUES (2)",
                    "SELECT * FROM t ORDER BY a", "ROLLBACK", "SELECT * FROM t",
                    "BEGIN; SAVEPOINT s; DROP TABLE t; ROLLBACK TO s; SELECT * FROM t; COMMIT",
                    "INSERT INTO t VALUES (1); SELECT count(*) FROM t"}),
        "CREATE TABLE\nINSERT 0 1\n"
        "BEGIN\nALTER TABLE\nCREATE INDEX\nINSERT 0 1\n"
        "(1,5)(2,5) SELECT 2\n"
        "ROLLBACK\n"
        "(1) SELECT 1\n"
        "BEGIN\nSAVEPOINT\nDROP TABLE\nROLLBACK\n(1) SELECT 1\nCOMMIT\n"
        "INSERT 0 1\n(2) SELECT 1\n");
}

TEST(Statements, settings_follow_their_transaction) {
    EXPECT_EQ(results_of({"BEGIN; SET LOCAL lock_timeout = '1min'; SHOW lock_timeout; COMMIT",
                          "SHOW lock_timeout", "BEGIN; SET lock_timeout = 90000; ROLLBACK",
                          "SHOW lock_timeout", "BEGIN; SET lock_timeout = '2h'; COMMIT",
                          "SHOW lock_timeout",
                          "SELECT set_config('lock_timeout', '5s', false), "
                          "current_setting('lock_timeout')",
                          "SET lock_timeout = 'x'", "SET nope = 1", "SET fsync = off"}),
              "BEGIN\nSET\n(1min) SHOW\nCOMMIT\n(0) SHOW\nBEGIN\nSET\nROLLBACK\n(0) SHOW\n"
              "BEGIN\nSET\nCOMMIT\n(2h) SHOW\n(5s,5s) SELECT 1\n"
              "22023 invalid value for parameter \"lock_timeout\": \"x\"\n"
              "42704 unrecognized configuration parameter \"nope\"\n"
              "55P02 parameter \"fsync\" cannot be changed now\n");
}

TEST(Statements, what_is_not_covered_is_refused_before_any_effect) {
    EXPECT_EQ(
        results_of({"CREATE TABLE t (a int)",
                    "INSERT INTO t SELECT 1 FROM t TABLESAMPLE SYSTEM (50)",
                    "CREATE TABLE u (a float8)", "SELECT (t).a FROM t", "SELECT count(*) FROM t"}),
        "CREATE TABLE\n"
        "0A000 the PostgreSQL model does not cover RangeTableSample in FROM\n"
        "0A000 the PostgreSQL model does not cover the type float8\n"
        "0A000 the PostgreSQL model does not cover fields, slices and several subscripts\n"
        "(0) SELECT 1\n");
}

TEST(Statements, names_that_postgres_has_and_the_model_lacks_are_refused) {
    with_client([](Client& client) -> Task<> {
        co_await client.query("CREATE TABLE t (a int, s text); INSERT INTO t VALUES (1, 'x')");
        const std::vector<std::string> lacking{
            "SET work_mem = '1MB'",
            "SET LOCAL Work_Mem = '1MB'",
            "SET work_mem TO DEFAULT",
            "RESET work_mem",
            "SHOW work_mem",
            "SHOW sort_mem",  // its old spelling
            "SET my.thing = 'x'",
            "RESET my.thing",
            "SET ROLE atlas",
            "SET SESSION AUTHORIZATION DEFAULT",
            "SET timezone = 'Europe/Berlin'",
            "SET timezone = 'posix/EST5EDT'",
            "SET timezone = '+5:30'",
            "SET client_encoding = 'ISO-8859-1'",
            "SET datestyle = 'German'",
            "SET intervalstyle = 'iso_8601'",
            "SELECT current_setting('work_mem')",
            "SELECT current_setting('work_mem', true)",
            "SELECT set_config('work_mem', '1MB', false)",
            "SELECT set_config('my.thing', 'x', true)",
            "SELECT sqrt(4)",
            "SELECT abs('5')",
            "SELECT pg_typeof(1)",
            "SELECT pg_catalog.pg_typeof(1)",
            "SELECT information_schema._pg_truetypid(NULL, NULL)",
            "SELECT generate_series(1, 3), 1",
            "SELECT make_interval(days => 1)",
            "SELECT concat('a', 1, true)",
            "SELECT concat(VARIADIC '{a}'::text[])",
            "SELECT date_part('epoch', now())",
            "SELECT uuid('00000000-0000-0000-0000-000000000000')",
            "SELECT stddev(a) FROM t",
            "SELECT mode() WITHIN GROUP (ORDER BY a) FROM t",
            "SELECT 2 ^ 3",
            "SELECT 1 << 2",
            "SELECT 'a' ~* 'b'",
            "SELECT ~ 1",
            "SELECT '{1}'::int[] || 2::bigint",
            "SELECT '{}'::jsonb #- '{a}'",
            "SELECT '{}'::jsonb @@ 'true'",
            "SELECT now()::time",
            "SELECT NULL::pg_class",
            "SELECT NULL::t",
            "SELECT NULL::_t",
            "SELECT NULL::t[]",
            "SELECT NULL::information_schema.sql_identifier",
            "SELECT NULL::xml[]",
            "CREATE TABLE u (a money)",
            "CREATE TABLE u (a float8[])",
            "CREATE TABLE u (a text COLLATE \"C\")",
            "CREATE TABLE u (a int) USING heap",
            "CREATE TABLE u (a int) TABLESPACE pg_default",
            "SELECT s COLLATE \"POSIX\" FROM t",
            "CREATE INDEX ON t (s text_pattern_ops)",
            "CREATE INDEX ON t (s varchar_ops)",
            "CREATE INDEX ON t (s COLLATE \"C\")",
            "CREATE INDEX ON t USING hash (a)",
            "SELECT * FROM pg_class",
            "SELECT * FROM pg_catalog.pg_stat_activity",
            "SELECT * FROM information_schema.tables",
            "SELECT * FROM t, pg_class",
            "INSERT INTO pg_class VALUES (1)",
            "TRUNCATE pg_class",
            "DROP TABLE pg_class",
            "DROP TABLE t, information_schema.tables",
            "ALTER TABLE pg_class ADD COLUMN a int"};
        for (const std::string& statement : lacking) {
            const std::string answer = co_await client.query(statement);
            EXPECT_TRUE(answer.starts_with("0A000 the PostgreSQL model does not cover "))
                << statement << ": " << answer;
            EXPECT_EQ(client.session().transaction_state(), TransactionState::idle) << statement;
        }
        for (const std::string& statement : lacking) {
            co_await client.query("BEGIN; UPDATE t SET a = 2; " + statement);
            EXPECT_EQ(client.last_error()->sqlstate, "0A000") << statement;
            EXPECT_EQ(client.session().transaction_state(), TransactionState::failed) << statement;
            EXPECT_EQ(co_await client.query("COMMIT"), "ROLLBACK");
        }
        EXPECT_EQ(co_await client.query("SELECT * FROM t"), "(1,x) SELECT 1");
    });
}

TEST(Statements, a_refused_name_says_what_is_missing) {
    EXPECT_EQ(results_of({"SHOW work_mem", "SELECT sqrt(4)", "SELECT 2 ^ 3", "SELECT NULL::money",
                          "SELECT 'a' COLLATE \"C\"", "TABLE pg_proc", "SET a.b = 1"}),
              "0A000 the PostgreSQL model does not cover the setting work_mem\n"
              "0A000 the PostgreSQL model does not cover the function sqrt(integer)\n"
              "0A000 the PostgreSQL model does not cover the operator integer ^ integer\n"
              "0A000 the PostgreSQL model does not cover the type money\n"
              "0A000 the PostgreSQL model does not cover the collation \"C\"\n"
              "0A000 the PostgreSQL model does not cover the system catalog pg_proc\n"
              "0A000 the PostgreSQL model does not cover the custom setting a.b\n");
}

TEST(Statements, three_valued_logic) {
    EXPECT_EQ(results_of({"SELECT NULL AND false, NULL OR true, NULL AND true, NOT NULL, 1 IN "
                          "(2, NULL), 1 NOT IN (1, NULL), NULL = ANY('{1}'::int[])",
                          "SELECT 1 IS DISTINCT FROM NULL, NULL IS NOT DISTINCT FROM NULL, "
                          "NULLIF(1, 1), COALESCE(NULL, 2), GREATEST(NULL, 1)"}),
              "(f,t,~,~,~,f,~) SELECT 1\n(t,t,~,2,1) SELECT 1\n");
}

TEST(Statements, parameters_get_their_types_from_where_they_stand) {
    with_client([](Client& client) -> Task<> {
        co_await client.query("CREATE TABLE t (id uuid PRIMARY KEY, n bigint, v varchar(3))");
        const std::string id = "00000000-0000-0000-0000-000000000001";
        EXPECT_EQ(co_await client.query(
                      "INSERT INTO t VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING n + $2",
                      {id, "41", "abc"}),
                  "(82) INSERT 0 1");
        EXPECT_EQ(co_await client.query(
                      "UPDATE t SET n = n + 1 WHERE id = $1 AND n = $2 RETURNING n", {id, "41"}),
                  "(42) UPDATE 1");
        EXPECT_EQ(co_await client.query("SELECT n FROM t WHERE id = $1", {"nonsense"}),
                  "22P02 invalid input syntax for type uuid: \"nonsense\"");
        EXPECT_EQ(co_await client.query("INSERT INTO t VALUES ($1, 1, $2)", {id, "abcd"}),
                  "22001 value too long for type character varying(3)");
        EXPECT_EQ(co_await client.query("SELECT $1 || 'x', lower($2)", {"a", "B"}),
                  "(ax,b) SELECT 1");
        EXPECT_EQ(co_await client.query("SELECT $1 IS NULL, $2::int + 1", {"a", "1"}),
                  "(f,2) SELECT 1");
        EXPECT_EQ(co_await client.query("SELECT n = ANY($1) FROM t", {"{1,42}"}), "(t) SELECT 1");
        EXPECT_EQ(co_await client.query("SELECT $1::int, $1::text", {"1"}), "(1,1) SELECT 1");
        EXPECT_EQ(co_await client.query("SELECT 1", {"1"}),
                  "08P01 bind message supplies 1 parameters, but prepared statement \"\" "
                  "requires 0");
    });
}

TEST(Statements, functions_that_wait_stand_alone_or_are_refused) {
    with_client([](Client& client) -> Task<> {
        co_await client.query("CREATE TABLE t (a int, b bool); INSERT INTO t VALUES (1, true)");
        const std::string call = "pg_try_advisory_lock(1)";
        const std::vector<std::string> refused{"INSERT INTO t VALUES (1, {})",
                                               "INSERT INTO t VALUES (1, true) RETURNING {}",
                                               "UPDATE t SET b = {}",
                                               "DELETE FROM t WHERE {}",
                                               "SELECT 1 WHERE {}",
                                               "SELECT coalesce({}, true)",
                                               "SELECT {}::text",
                                               "SELECT count(*), {}",
                                               "SELECT bool_and({})",
                                               "SELECT 1 ORDER BY {}",
                                               "SELECT a FROM t ORDER BY {}",
                                               "CREATE TABLE u (a bool DEFAULT {})"};
        for (const std::string& text : refused) {
            std::string statement = text;
            statement.replace(statement.find("{}"), 2, call);
            const std::string answer = co_await client.query(statement);
            EXPECT_TRUE(answer.starts_with("0A000")) << statement << ": " << answer;
        }
        EXPECT_EQ(co_await client.query("INSERT INTO t SELECT 2, " + call), "INSERT 0 1");
        EXPECT_EQ(co_await client.query("SELECT * FROM t ORDER BY a"), "(1,t)(2,t) SELECT 2");
    });
}

TEST(Statements, a_definition_that_fails_leaves_the_rows_as_they_were) {
    with_client([](Client& client) -> Task<> {
        co_await client.query("CREATE TABLE t (a int CHECK (a > 0)); INSERT INTO t VALUES (1)");
        const std::string fails = "ALTER TABLE t ADD COLUMN b int DEFAULT 5, ADD CHECK (a > 100)";
        co_await client.query(fails);
        EXPECT_EQ(client.last_error()->sqlstate, "23514");
        co_await client.query("UPDATE t SET a = -1");
        EXPECT_EQ(client.last_error()->detail, "Failing row contains (-1).");
        co_await client.query("BEGIN; SAVEPOINT s; " + fails);
        co_await client.query("ROLLBACK TO s; UPDATE t SET a = -2");
        EXPECT_EQ(client.last_error()->detail, "Failing row contains (-2).");
        co_await client.query("ROLLBACK");
        EXPECT_EQ(co_await client.query("ALTER TABLE t ADD COLUMN c int DEFAULT 7; TABLE t"),
                  "ALTER TABLE\n(1,7) SELECT 1");
    });
}

TEST(Statements, casts_to_different_types_are_different_expressions) {
    EXPECT_EQ(results_of({"CREATE TABLE t (a bigint); CREATE UNIQUE INDEX u ON t ((a::int))",
                          "INSERT INTO t VALUES (1) ON CONFLICT ((a::smallint)) DO NOTHING",
                          "INSERT INTO t VALUES (1) ON CONFLICT ((a::int)) DO NOTHING"}),
              "CREATE TABLE\nCREATE INDEX\n"
              "42P10 there is no unique or exclusion constraint matching the ON CONFLICT "
              "specification\n"
              "INSERT 0 1\n");
}

TEST(Statements, insert_from_a_query_gives_literals_the_types_of_the_columns) {
    with_client([](Client& client) -> Task<> {
        co_await client.query("CREATE TABLE t (at timestamptz, n bigint, j jsonb)");
        EXPECT_EQ(co_await client.query("INSERT INTO t SELECT '2020-01-01', '5', '{}' RETURNING *"),
                  "(2020-01-01 00:00:00+00,5,{}) INSERT 0 1");
        EXPECT_EQ(co_await client.query("INSERT INTO t (n) SELECT $1 WHERE $2 RETURNING n + 1",
                                        {"7", "t"}),
                  "(8) INSERT 0 1");
        EXPECT_EQ(co_await client.query("INSERT INTO t (n) SELECT 'x'"),
                  "22P02 invalid input syntax for type bigint: \"x\"");
    });
}

TEST(Statements, numbers_beyond_their_range_and_words_in_any_case) {
    EXPECT_EQ(
        results_of({"SELECT '999999999 weeks'::interval", "SELECT '3000000000 days'::interval",
                    "SELECT '200000000 years'::interval",
                    "SELECT '30000000000000 seconds'::interval",
                    "SELECT '-2147483648 days'::interval, '3000000000 seconds'::interval",
                    "SELECT '{nULL,1}'::int[]", "SELECT - /* 5 /* */ - */ 3, - -- 7 -\n 4",
                    "SELECT pg_sleep(-9223372036854775807)",
                    "SET statement_timeout = 10; SELECT pg_sleep(9223372036854775807)"}),
        "22015 interval field value out of range: \"999999999 weeks\"\n"
        "22015 interval field value out of range: \"3000000000 days\"\n"
        "22008 interval out of range\n"
        "22015 interval field value out of range: \"30000000000000 seconds\"\n"
        "(-2147483648 days,833333:20:00) SELECT 1\n"
        "({NULL,1}) SELECT 1\n(-3,-4) SELECT 1\n"
        "() SELECT 1\n"
        "SET\n57014 canceling statement due to statement timeout\n");
}

TEST(StatementCache, is_bounded_by_the_length_of_its_texts) {
    StatementCache cache(1000, 100);
    for (int i = 0; i < 50; ++i)
        EXPECT_TRUE(cache.parse(fmt::format("SELECT {:010}", i)).has_value());
    EXPECT_EQ(cache.size(), 5U);
    const std::string long_text = "SELECT '" + std::string(100'000, 'x') + "'";
    StatementCache roomy(1000, 1'000'000);
    EXPECT_TRUE(roomy.parse(long_text).has_value());
    EXPECT_EQ(roomy.size(), 0U);
}

TEST(Statements, a_portal_gives_its_rows_in_portions) {
    with_client([](Client& client) -> Task<> {
        co_await client.query("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2), (3)");
        Session& session = client.session();
        const auto parsed = co_await session.parse("s", "SELECT a FROM t ORDER BY a", {});
        EXPECT_TRUE(parsed.has_value());
        EXPECT_TRUE(session.bind("p", "s", {}).has_value());
        const auto first = co_await session.execute("p", 2);
        EXPECT_TRUE(first->suspended);
        EXPECT_EQ(first->result.rows.size(), 2U);
        const auto second = co_await session.execute("p", 2);
        EXPECT_FALSE(second->suspended);
        EXPECT_EQ(second->result.rows.size(), 1U);
        EXPECT_EQ(second->result.command_tag, "SELECT 1");
        co_await session.sync(false);
        // Portals end with their transaction.
        const auto gone = co_await session.execute("p", 0);
        EXPECT_EQ(gone.error().sqlstate, "34000");
        co_await session.sync(true);
    });
}

TEST(Statements, a_prepared_statement_must_keep_its_result) {
    with_client([](Client& client) -> Task<> {
        co_await client.query("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
        Session& session = client.session();
        co_await session.parse("s", "SELECT * FROM t", {});
        co_await session.sync(false);
        co_await client.query("CREATE INDEX ON t (a)");
        EXPECT_TRUE(session.bind("", "s", {}).has_value());
        const auto same = co_await session.execute("", 0);
        EXPECT_EQ(same->result.rows.size(), 1U);
        co_await session.sync(false);
        co_await client.query("ALTER TABLE t ADD COLUMN b int");
        EXPECT_TRUE(session.bind("", "s", {}).has_value());
        const auto changed = co_await session.execute("", 0);
        EXPECT_EQ(changed.error().message, "cached plan must not change result type");
        co_await session.sync(true);
    });
}

TEST(Statements, failed_pipeline_commits_nothing) {
    with_client([](Client& client) -> Task<> {
        co_await client.query("CREATE TABLE t (a int)");
        Session& session = client.session();
        co_await session.parse("", "INSERT INTO t VALUES (1)", {});
        EXPECT_TRUE(session.bind("", "", {}).has_value());
        const auto inserted = co_await session.execute("", 0);
        EXPECT_TRUE(inserted.has_value());
        const auto failed = co_await session.parse("", "SELECT nope", {});
        EXPECT_FALSE(failed.has_value());
        co_await session.sync(true);
        EXPECT_EQ(co_await client.query("SELECT * FROM t"), "SELECT 0");
    });
}

TEST(Statements, only_known_roles_and_databases_may_come_in) {
    with_client([](Client&) -> Task<> { co_return; });
    bool checked = false;
    cluster::run_calmly([&](host::Host& host) -> Task<> {
        const auto body = [](host::Host& inner, bool& done) -> Task<> {
            ServerSettings settings;
            settings.max_connections = 1;
            Server server(inner, settings, "postgres");
            const auto refused = [&](std::string user, std::string database,
                                     std::vector<std::pair<std::string, std::string>> given) {
                const auto session = Session::open(server, user, database, given);
                return session ? "" : session.error().severity + " " + session.error().sqlstate;
            };
            EXPECT_EQ(refused("nobody", "atlas", {}), "FATAL 57P03");
            const auto started = co_await server.start();
            EXPECT_TRUE(started.has_value());
            EXPECT_EQ(refused("nobody", "atlas", {}), "FATAL 28000");
            EXPECT_EQ(refused("atlas", "nowhere", {}), "FATAL 3D000");
            EXPECT_EQ(refused("atlas", "atlas", {{"statement_timeout", "x"}}), "FATAL 22023");
            EXPECT_EQ(refused("atlas", "atlas", {{"nope", "x"}}), "FATAL 42704");
            EXPECT_EQ(refused("atlas", "atlas", {{"work_mem", "1MB"}}), "FATAL 0A000");
            EXPECT_EQ(refused("atlas", "atlas", {{"my.thing", "x"}}), "FATAL 0A000");
            EXPECT_EQ(refused("atlas", "atlas", {{"my.1", "x"}}), "FATAL 42602");
            {
                Client only(server);
                EXPECT_EQ(refused("atlas", "atlas", {}), "FATAL 53300");
            }
            co_await server.shutdown();
            EXPECT_EQ(refused("atlas", "atlas", {}), "FATAL 57P03");
            done = true;
        };
        return body(host, checked);
    });
    EXPECT_TRUE(checked);
}

TEST(Statements, the_last_connections_are_kept_for_superusers) {
    bool checked = false;
    cluster::run_calmly([&](host::Host& host) -> Task<> {
        const auto body = [](host::Host& inner, bool& done) -> Task<> {
            ServerSettings settings;
            settings.max_connections = 5;
            auto server = co_await Server::open(inner, settings, "postgres");
            std::vector<std::unique_ptr<Session>> open;
            const auto told = [&](std::string user) {
                auto session = Session::open(**server, user, "atlas", {});
                if (!session) return session.error().sqlstate + " " + session.error().message;
                open.push_back(*std::move(session));
                return std::string("in");
            };
            EXPECT_EQ(told("atlas"), "in");
            EXPECT_EQ(told("atlas"), "in");
            EXPECT_EQ(told("atlas"),
                      "53300 remaining connection slots are reserved for non-replication "
                      "superuser connections");
            for (int i = 0; i < 3; ++i)
                EXPECT_EQ(told("postgres"), "in");
            for (const char* user : {"atlas", "postgres"})
                EXPECT_EQ(told(user), "53300 sorry, too many clients already");
            open.clear();
            co_await (*server)->shutdown();
            done = true;
        };
        return body(host, checked);
    });
    EXPECT_TRUE(checked);
}

// Random changes to a table with several indexes; a condition that an index serves must find what
// the same condition finds when no index can serve it.
RC_GTEST_PROP(Statements, an_index_finds_what_a_scan_finds, ()) {
    struct Step {
        int kind;
        int key;
        int value;
    };
    const auto steps = *rc::gen::container<std::vector<Step>>(rc::gen::construct<Step>(
        rc::gen::inRange(0, 6), rc::gen::inRange(0, 8), rc::gen::inRange(0, 4)));
    std::string difference;
    with_client([&](Client& client) -> Task<> {
        const auto body = [](Client& given, const std::vector<Step>& list,
                             std::string& wrong) -> Task<> {
            co_await given.query(
                "CREATE TABLE t (k int PRIMARY KEY, v int, w text); CREATE INDEX by_v ON t (v, k); "
                "CREATE UNIQUE INDEX by_w ON t (lower(w)) WHERE v > 1");
            for (const Step& step : list) {
                std::string text;
                switch (step.kind) {
                    case 0:
                    case 1:
                        text = fmt::format(
                            "INSERT INTO t VALUES ({0}, {1}, 'W{1}') ON CONFLICT DO NOTHING",
                            step.key, step.value);
                        break;
                    case 2:
                        text = fmt::format("UPDATE t SET v = {}, w = 'X{}' WHERE k = {}",
                                           step.value, step.key, step.key);
                        break;
                    case 3:
                        text = fmt::format("DELETE FROM t WHERE v = {}", step.value);
                        break;
                    case 4:
                        text = fmt::format(
                            "BEGIN; UPDATE t SET k = k + 10 WHERE k = {}; "
                            "DELETE FROM t WHERE v = {}; ROLLBACK",
                            step.key, step.value);
                        break;
                    default:
                        text = fmt::format(
                            "BEGIN; SAVEPOINT s; UPDATE t SET v = v + 1; ROLLBACK TO "
                            "s; UPDATE t SET v = {} WHERE k = {}; COMMIT",
                            step.value, step.key);
                        break;
                }
                co_await given.query(text);
                // COALESCE keeps every index away.
                const std::vector<std::pair<std::string, std::string>> pairs{
                    {fmt::format("k = {}", step.key), fmt::format("coalesce(k) = {}", step.key)},
                    {fmt::format("v = {}", step.value),
                     fmt::format("coalesce(v) = {}", step.value)},
                    {fmt::format("lower(w) = 'x{}' AND v > 1", step.key),
                     fmt::format("coalesce(lower(w)) = 'x{}' AND v > 1", step.key)}};
                for (const auto& [by_index, by_scan] : pairs) {
                    const std::string found =
                        co_await given.query("SELECT * FROM t WHERE " + by_index + " ORDER BY k");
                    const std::string expected =
                        co_await given.query("SELECT * FROM t WHERE " + by_scan + " ORDER BY k");
                    if (found != expected) wrong = by_index + ": " + found + " / " + expected;
                }
            }
        };
        return body(client, steps, difference);
    });
    RC_LOG() << difference;
    RC_ASSERT(difference.empty());
}

}  // namespace
}  // namespace atlas::sim::models::postgres

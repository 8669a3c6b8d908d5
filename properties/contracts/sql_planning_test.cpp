// What PostgreSQL's planner does with constants: errors of a statement that no row would have
// given, and errors that never come, because a constant makes what gives them irrelevant.

#include <fmt/format.h>

#include "properties/contracts/sql_script_fixture.hpp"
#include "sim/models/postgres/functions/function.hpp"
#include "sim/models/postgres/plan/folding.hpp"

namespace atlas::properties {
namespace {

using host::Task;
namespace model = sim::models::postgres;

class SqlPlanning : public SqlScripts {
  protected:
    void expect_same_answers(const std::string& script) {
        expect_same(
            "1: CREATE TABLE t (id int PRIMARY KEY, x int, s text)\n"
            "1: CREATE TABLE nothing (id int PRIMARY KEY, x int, s text)\n"
            "1: INSERT INTO t VALUES (1, 0, 'a'), (2, 4, '7')\n" +
            script);
    }
};

TEST_P(SqlPlanning, ConstantsAreComputedWhetherOrNotThereIsARow) {
    expect_same_answers(
        "1: SELECT 1 / 0 FROM nothing\n"
        "1: SELECT x + 2147483647 * 2 FROM nothing\n"
        "1: SELECT CASE WHEN id > 0 THEN 1 ELSE 1 / 0 END FROM t\n"
        "1: SELECT coalesce(x, 1 / 0) FROM t\n"
        "1: SELECT x FROM t WHERE id > 0 OR 1 / 0 = 1\n"
        "1: SELECT x FROM nothing WHERE 'x'::text::int = id\n"
        "1: SELECT a.x FROM nothing a JOIN t b ON b.id = a.id + 1 / 0\n"
        "1: SELECT a.x FROM t a LEFT JOIN nothing b ON b.id = a.id AND 1 / 0 = 1\n"
        "1: SELECT count(*) FROM nothing GROUP BY x HAVING count(*) > 1 / 0\n"
        "1: SELECT sum(x / (1 - 1)) FROM nothing\n"
        "1: SELECT sum(1 / 0) FROM nothing\n"
        "1: SELECT x FROM nothing ORDER BY x, 1 / 0\n"
        "1: SELECT x FROM nothing LIMIT 1 / 0\n"
        "1: SELECT x FROM nothing UNION ALL SELECT 1 / 0 FROM nothing\n"
        "1: SELECT x FROM nothing WHERE x IN (SELECT 1 / 0 FROM nothing)\n"
        "1: SELECT (SELECT 1 / 0 FROM nothing) FROM nothing\n"
        "1: SELECT x FROM nothing, generate_series(1, 1 / 0) g\n"
        "1: SELECT row_number() OVER (ORDER BY 1 / 0) FROM nothing\n"
        "1: SELECT ARRAY[1, 1 / 0] FROM nothing\n"
        "1: SELECT 'abc'::char(2)::int FROM nothing\n"
        "1: SELECT x = ANY (ARRAY[1 / 0]) FROM nothing\n"
        "1: SELECT x FROM nothing WHERE x IN (1, 1 / 0)\n"
        "1: SELECT 100000::smallint FROM nothing\n"
        "1: SELECT greatest(x, 1 / 0), nullif(x, 1 / 0) FROM nothing\n");
}

TEST_P(SqlPlanning, ChangesOfRowsArePlannedToo) {
    expect_same_answers(
        "1: INSERT INTO t SELECT 1 / 0, x, s FROM nothing\n"
        "1: INSERT INTO t VALUES (3, 0, 'c'), (4, 1 / 0, 'd')\n"
        "1: INSERT INTO t VALUES (1, 0, 'c') ON CONFLICT (id) DO NOTHING RETURNING 1 / 0\n"
        "1: INSERT INTO t VALUES (9, 0, 'c') ON CONFLICT (id) DO UPDATE SET x = 1 / 0\n"
        "1: INSERT INTO t VALUES (9, 0, 'c') ON CONFLICT (id) DO UPDATE SET x = 1 WHERE 1 / 0 = 1\n"
        "1: UPDATE nothing SET x = 1 / 0\n"
        "1: UPDATE nothing SET x = 1 WHERE id = 1 / 0 RETURNING x\n"
        "1: DELETE FROM nothing WHERE x > 1 / 0\n"
        "1: DELETE FROM nothing RETURNING 1 / 0\n"
        "1: WITH w AS (DELETE FROM nothing WHERE 1 / 0 = 1) SELECT 1\n"
        "1: WITH w AS (INSERT INTO t VALUES (1 / 0)) SELECT 1\n"
        "1: CREATE TABLE d (id int, v int DEFAULT 1 / 0)\n"
        "1: INSERT INTO d SELECT id FROM nothing\n"
        "1: BEGIN READ ONLY\n"
        "1: INSERT INTO t VALUES (1 / 0)\n"
        "1: ROLLBACK\n"
        "1: SELECT * FROM t ORDER BY id\n");
}

TEST_P(SqlPlanning, WhatAConstantMakesIrrelevantIsNotComputed) {
    expect_same_answers(
        "1: SELECT CASE WHEN false THEN 1 / 0 ELSE 2 END, CASE WHEN true THEN 3 ELSE 1 / 0 END\n"
        "1: SELECT CASE WHEN NULL THEN 1 / 0 WHEN id > 0 THEN 5 WHEN true THEN 6 ELSE 1 / 0 END "
        "FROM t\n"
        "1: SELECT CASE 1 WHEN 2 THEN 1 / 0 ELSE 4 END\n"
        "1: SELECT coalesce(NULL, 1, 1 / 0)\n"
        "1: SELECT id FROM t WHERE true OR 1 / 0 = 1 ORDER BY id\n"
        "1: SELECT id FROM t WHERE false AND 1 / 0 = 1\n"
        "1: SELECT id FROM t WHERE 1 / 0 = 1 AND false\n"
        "1: SELECT id FROM t WHERE 1 / x = 1 AND false\n"
        "1: SELECT 1 / x = 1 AND false FROM t\n"
        "1: SELECT 1 / x = 1 OR true FROM t\n"
        "1: SELECT NULL::int + s::int, s::int * NULL FROM t\n"
        "1: SELECT NULL::int + (('{}'::text[])::text)::int\n"
        "1: SELECT nullif(NULL, s::int) FROM t\n"
        "1: SELECT nullif(s::int, NULL) FROM t\n"
        "1: SELECT s::int IN (NULL) FROM t\n"
        "1: SELECT NULL IN (s::int, x) FROM t\n"
        "1: SELECT 1 IN (1, x, s::int) FROM t\n"
        "1: SELECT 1 NOT IN (s::int, 1) FROM t\n"
        "1: SELECT CASE WHEN false THEN (SELECT 1 / 0) END\n"
        "1: SELECT EXISTS (SELECT 1 / 0 FROM t), EXISTS (SELECT 1 FROM t WHERE 1 / 0 = 1)\n"
        "1: SELECT EXISTS (SELECT 1 / 0 FROM t)\n"
        "1: SELECT id FROM (SELECT id, 1 / 0 AS y FROM t) q ORDER BY id\n"
        "1: SELECT y FROM (SELECT id, 1 / 0 AS y FROM nothing) q\n"
        "1: WITH q AS (SELECT 1 / 0 AS y) SELECT 1\n"
        "1: WITH q AS (SELECT id, 1 / 0 AS y FROM t) SELECT id FROM q ORDER BY id\n"
        "1: WITH q AS MATERIALIZED (SELECT id, 1 / 0 AS y FROM nothing) SELECT id FROM q\n"
        "1: SELECT currval('nothing_here'), 1 WHERE false\n"
        "1: SELECT nextval(NULL), current_setting(NULL)\n");
}

TEST_P(SqlPlanning, DefinitionsAreKeptAsTheyAreWritten) {
    expect_same_answers(
        "1: CREATE TABLE d (id int DEFAULT 1 + 1, CHECK (id > 1 + 1 OR 1 / 0 > id))\n"
        "1: SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'd'::regclass\n"
        "1: SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'd'::regclass\n"
        "1: CREATE VIEW v AS SELECT 1 / 0 AS y, id FROM t\n"
        "1: SELECT id FROM v ORDER BY id\n"
        "1: SELECT y FROM v\n"
        "1: CREATE INDEX ON t ((x + (1 + 1))) WHERE id > 1 + 1\n"
        "1: SELECT id FROM t WHERE x + (1 + 1) = 6 AND id > 1 + 1\n"
        "1: SELECT id FROM t WHERE x + 2 = 6\n");
}

TEST_P(SqlPlanning, AFailureWhilePlanningFailsTheTransactionLikeAnyOther) {
    expect_same_answers(
        "1: BEGIN\n"
        "1: SAVEPOINT s\n"
        "1: SELECT 1 / 0 FROM nothing\n"
        "1: SELECT 1\n"
        "1: ROLLBACK TO s\n"
        "1: INSERT INTO t VALUES (5, 5, 'e')\n"
        "1: COMMIT\n"
        "1: SELECT count(*) FROM t; SELECT 1 / 0 FROM nothing; SELECT 2\n");
}

ATLAS_ON_EACH_SQL_CLIENT(SqlPlanning);

class SqlPlanningPort : public SqlPort {};

// To prepare a statement is not to plan it.
TEST_P(SqlPlanningPort, AConstantThatCannotBeComputedFailsTheStatementEachTimeItIsToRun) {
    run([](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        co_await sql.run(connection, "CREATE TABLE nothing (x int)");
        co_await sql.prepare(connection, "broken", "SELECT $1::int FROM nothing WHERE x = 1 / 0");
        for (int times = 0; times < 2; ++times) {
            const auto outcome = co_await connection->execute_prepared(sql.patient(), "broken",
                                                                       sql::Parameters{"1"});
            EXPECT_EQ(outcome ? "" : outcome.error().sqlstate, "22012");
        }
    });
}

ATLAS_ON_EACH_SQL_PAIR(SqlPlanningPort);

// What folding goes by is PostgreSQL's: pg_proc.provolatile and proisstrict.

std::string type_names(const model::Function& function) {
    std::string names;
    for (const model::TypeId type : function.arguments)
        names += fmt::format("{}{}", names.empty() ? "" : ", ", static_cast<std::uint32_t>(type));
    return names;
}

char volatility_letter(model::Volatility volatility) {
    switch (volatility) {
        case model::Volatility::immutable:
            return 'i';
        case model::Volatility::stable:
            return 's';
        case model::Volatility::volatile_:
            return 'v';
    }
    return '?';
}

Task<std::string> asked(SqlCase& sql, SqlCase::Connection& connection, std::string query) {
    const auto result = co_await sql.run(connection, std::move(query));
    co_return result.rows.empty() ? "" : result.rows.front().front().value_or("");
}

// That of these types, or else what all of the name with as many arguments are: those take any
// type.
Task<std::string> of_function(SqlCase& sql, SqlCase::Connection& connection,
                              const model::Function& function) {
    const std::string named = fmt::format(
        "FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = '{}'",
        function.name);
    const char* const wanted = "SELECT string_agg(DISTINCT provolatile::text || proisstrict, ' ') ";
    std::string found =
        co_await asked(sql, connection,
                       fmt::format("{} {} AND proargtypes::text = replace('{}', ',', '')", wanted,
                                   named, type_names(function)));
    if (!found.empty()) co_return found;
    found = co_await asked(
        sql, connection,
        fmt::format("{} {} AND pronargs = {}", wanted, named, function.arguments.size()));
    co_return found;
}

// Empty where an operator of other types is applied: those of arrays take any.
Task<std::string> of_operator(SqlCase& sql, SqlCase::Connection& connection,
                              const model::Function& symbol) {
    const auto oid = [](model::TypeId type) { return static_cast<std::uint32_t>(type); };
    const std::uint32_t left = symbol.arguments.size() == 2 ? oid(symbol.arguments.front()) : 0;
    std::string found = co_await asked(
        sql, connection,
        fmt::format("SELECT provolatile::text || proisstrict FROM pg_operator o JOIN pg_proc p ON "
                    "p.oid = o.oprcode WHERE oprname = '{}' AND oprleft = {} AND oprright = {}",
                    symbol.name, left, oid(symbol.arguments.back())));
    co_return found;
}

void expect_facts(const model::Function& function, const std::string& found) {
    EXPECT_EQ(found, fmt::format("{}{}", volatility_letter(function.volatility),
                                 function.strict ? "true" : "false"))
        << function.name << "(" << type_names(function) << ")";
}

TEST(SqlPlanningFacts, AreThoseOfPostgres_against_postgres) {
    run_sql_case({SqlClient::libpq, SqlServer::postgres}, [](SqlCase& sql) -> Task<> {
        auto connection = co_await sql.connect();
        int compared = 0;
        for (const model::Function& function : model::all_functions()) {
            // It asks for the timeline, which is no argument of it.
            if (function.name == "pg_walfile_name") continue;
            const std::string found = co_await of_function(sql, connection, function);
            // Not a function by that name: its syntax is its own.
            if (found.empty()) continue;
            ++compared;
            expect_facts(function, found);
        }
        EXPECT_GT(compared, 150);
        compared = 0;
        for (const model::Function& symbol : model::all_operators()) {
            const std::string found = co_await of_operator(sql, connection, symbol);
            if (found.empty()) continue;
            ++compared;
            expect_facts(symbol, found);
        }
        EXPECT_GT(compared, 150);
        const auto types = co_await sql.run(
            connection,
            "SELECT t.oid, i.provolatile, o.provolatile FROM pg_type t JOIN pg_proc i ON i.oid = "
            "t.typinput JOIN pg_proc o ON o.oid = t.typoutput WHERE t.typtype = 'b'");
        int types_compared = 0;
        for (const auto& row : types.rows) {
            const auto type = model::type_of_oid(static_cast<std::uint32_t>(std::stoul(*row[0])));
            if (!type) continue;
            ++types_compared;
            const bool immutable = *row[1] == "i" && *row[2] == "i";
            EXPECT_EQ(model::has_immutable_text(*type), immutable) << *row[0];
        }
        EXPECT_GT(types_compared, 20);
    });
}

}  // namespace
}  // namespace atlas::properties

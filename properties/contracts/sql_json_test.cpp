// jsonb made of values, taken apart and changed at a path.

#include <fmt/format.h>

#include "properties/contracts/sql_script_fixture.hpp"

namespace atlas::properties {
namespace {

using SqlJson = SqlScripts;

TEST_P(SqlJson, EveryTypeHasAForm) {
    expect_same(
        "1: CREATE TABLE t (f bool, s smallint, a int, g bigint, n numeric, x text, c char(4), v "
        "varchar(9), nm name, d date, ts timestamp, tz timestamptz, i interval, j json, b jsonb, u "
        "uuid, y bytea, o oid, ia int[], ta text[], ba bool[], ua uuid[])\n"
        "1: INSERT INTO t VALUES (true, -1, 1, 9007199254740993, 1.50, 'é\"x\\y', 'ab', 'vv', "
        "'nam', '2020-02-03', '2020-02-03 04:05:06.5', '2020-02-03 04:05:06.123456+02', '1 day 2 "
        "hours', '{\"b\":1e2, \"a\":[ ], \"b\": 2}', '[1, 2]', "
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\\x01ff', 7, '{1,NULL,3}', '{a,\"b c\"}', "
        "'{t,f}', '{}'), (NULL)\n"
        "1: SELECT to_jsonb(f), to_jsonb(s), to_jsonb(a), to_jsonb(g), to_jsonb(n), to_jsonb(x), "
        "to_jsonb(c), to_jsonb(v), to_jsonb(nm) FROM t\n"
        "1: SELECT to_jsonb(d), to_jsonb(ts), to_jsonb(tz), to_jsonb(i), to_jsonb(j), "
        "to_jsonb(b), to_jsonb(u), to_jsonb(y), to_jsonb(o) FROM t\n"
        "1: SELECT to_jsonb(ia), to_jsonb(ta), to_jsonb(ba), to_jsonb(ua) FROM t\n"
        "1: SELECT to_jsonb('infinity'::timestamp), to_jsonb('-infinity'::date), "
        "to_jsonb('infinity'::timestamptz), to_jsonb('0044-03-15 BC'::date), "
        "to_jsonb('0044-03-15 01:02 BC'::timestamp), to_jsonb('0044-03-15 01:02 BC'::timestamptz), "
        "to_jsonb('0/16'::pg_lsn)\n"
        "1: SELECT to_jsonb('\"\\u0000\"'::json)\n"
        "1: SELECT to_jsonb('\"\\ud800\"'::json)\n"
        "1: SELECT to_jsonb('x')\n"
        "1: SELECT to_jsonb(NULL)\n"
        "1: SELECT to_jsonb(1, 2)\n");
}

TEST_P(SqlJson, IsBuiltOfArgumentsOfAnyTypes) {
    expect_same(
        "1: CREATE TABLE t (a int, x text, ts timestamp)\n"
        "1: INSERT INTO t VALUES (1, 'one', '2020-02-03 04:05:06'), (NULL, NULL, NULL)\n"
        "1: SELECT jsonb_build_object(), jsonb_build_array()\n"
        "1: SELECT jsonb_build_object('a', a, 'bb', NULL, 'c', 'x', 'a', 2, 3, true, 1.50, x, "
        "'2020-02-03'::date, ts) FROM t\n"
        "1: SELECT jsonb_build_array(1, 'a', NULL, 1.5, '{\"a\":1}'::jsonb, ARRAY[true], x, "
        "jsonb_build_array(a, jsonb_build_object('t', ts))) FROM t\n"
        "1: SELECT jsonb_build_object('a', 1) -> 'a', (jsonb_build_object('a', 1) ->> 'a')::int\n"
        "1: SELECT jsonb_build_object('a')\n"
        "1: SELECT jsonb_build_object('a') FROM t WHERE false\n"
        "1: SELECT jsonb_build_object(NULL, 1)\n"
        "1: SELECT jsonb_build_object('a', 1, x, 1) FROM t\n"
        "1: SELECT jsonb_build_object(ARRAY[1], 1)\n"
        "1: SELECT jsonb_build_object('a', 1 / 0)\n"
        "1: SELECT jsonb_build_object('a', nothing)\n");
}

TEST_P(SqlJson, IsBuiltOfSoManyArguments) {
    std::string script;
    for (const std::size_t count : {5, 6, 7, 8, 50, 100, 101}) {
        std::string arguments = "0";
        for (std::size_t i = 1; i < count; ++i)
            arguments += fmt::format(", {}", i);
        script += fmt::format("1: SELECT jsonb_build_array({})\n", arguments);
        script += fmt::format("1: SELECT jsonb_build_object({})\n", arguments);
    }
    expect_same(script);
}

TEST_P(SqlJson, IsShownInDefinitionsAsItWasWritten) {
    expect_same(
        "1: CREATE TABLE t (a int, b jsonb DEFAULT jsonb_build_object('a', 1, 'b', now(), 'c', "
        "NULL, 'd', 'x'::varchar), c jsonb DEFAULT to_jsonb(7), CHECK (jsonb_build_array(a, 'x') "
        "<> "
        "'[]'))\n"
        "1: SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 't'::regclass ORDER "
        "BY adnum\n"
        "1: SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass\n"
        "1: INSERT INTO t (a) VALUES (1) RETURNING b - 'b', c\n"
        "1: CREATE INDEX ON t (to_jsonb(a))\n"
        "1: CREATE VIEW v AS SELECT jsonb_build_object('a', a, 'b', 'x') AS j FROM t\n"
        "1: SELECT j FROM v\n");
}

TEST_P(SqlJson, IsAggregated) {
    expect_same(
        "1: CREATE TABLE t (id int PRIMARY KEY, g int, n numeric, x text)\n"
        "1: INSERT INTO t VALUES (1, 1, 1.0, 'a'), (2, 1, NULL, NULL), (3, 2, 1.00, 'b'), (4, 3, "
        "3, 'a')\n"
        "1: SELECT jsonb_agg(n ORDER BY id), jsonb_agg(x ORDER BY id DESC), jsonb_agg(DISTINCT x), "
        "jsonb_agg(DISTINCT n) FROM t\n"
        "1: SELECT g, jsonb_agg(jsonb_build_object('id', id, 'x', x) ORDER BY id) FROM t GROUP BY "
        "g ORDER BY g\n"
        "1: SELECT jsonb_agg(x) FILTER (WHERE id > 9), jsonb_agg(x) FILTER (WHERE id = 2) FROM t\n"
        "1: SELECT jsonb_agg(x) FROM t WHERE false\n"
        "1: SELECT id, jsonb_agg(x) OVER (ORDER BY id) FROM t ORDER BY id\n"
        "1: SELECT jsonb_agg(ARRAY[id, g] ORDER BY id) -> 1 FROM t\n"
        "1: SELECT jsonb_agg('x')\n"
        "1: SELECT jsonb_agg(NULL)\n"
        "1: SELECT jsonb_agg()\n"
        "1: SELECT jsonb_agg(*) FROM t\n"
        "1: SELECT jsonb_agg(1, 2)\n"
        "1: SELECT jsonb_agg(jsonb_agg(1))\n"
        "1: SELECT jsonb_agg(x::json) FROM (VALUES ('\"\\u0000\"')) AS v (x)\n");
}

TEST_P(SqlJson, ElementsAreRows) {
    expect_same(
        "1: SELECT * FROM jsonb_array_elements('[1, \"a\", null, {\"b\": 2}, [3]]')\n"
        "1: SELECT * FROM jsonb_array_elements_text('[1, \"a\", null, {\"b\": 2}, [3]]')\n"
        "1: SELECT e.value, value FROM jsonb_array_elements('[1]') e\n"
        "1: SELECT v, e.v FROM jsonb_array_elements('[1]') e(v)\n"
        "1: SELECT value, ordinality FROM jsonb_array_elements('[7, 8]') WITH ORDINALITY\n"
        "1: SELECT v, n FROM jsonb_array_elements_text('[7, 8]') WITH ORDINALITY AS e(v, n)\n"
        "1: SELECT jsonb_array_elements('[1, 2]')\n"
        "1: SELECT jsonb_array_elements_text('[\"a\", null]') AS x\n"
        "1: SELECT * FROM jsonb_array_elements('[]')\n"
        "1: SELECT * FROM jsonb_array_elements(NULL)\n"
        "1: SELECT * FROM jsonb_array_elements('1')\n"
        "1: SELECT * FROM jsonb_array_elements('{}')\n"
        "1: SELECT * FROM jsonb_array_elements_text('\"x\"')\n"
        "1: SELECT * FROM jsonb_array_elements_text('{}')\n"
        "1: SELECT * FROM jsonb_array_elements('x')\n"
        "1: SELECT * FROM jsonb_array_elements(1)\n"
        "1: SELECT * FROM jsonb_array_elements('[1]'), jsonb_array_elements('[2]') x(y)\n"
        "1: SELECT * FROM ROWS FROM (jsonb_array_elements('[1]'), generate_series(1, 2))\n"
        "1: SELECT jsonb_array_elements.value FROM jsonb_array_elements('[1]')\n"
        "1: SELECT e.nothing FROM jsonb_array_elements('[1]') e\n"
        "1: CREATE TABLE t (id int PRIMARY KEY, b jsonb)\n"
        "1: INSERT INTO t VALUES (1, '[3, 4]'), (2, '[]'), (3, NULL), (4, '[{\"x\": 5}]')\n"
        "1: SELECT id, value FROM t, jsonb_array_elements(b) ORDER BY 1, value::text\n"
        "1: SELECT id, e FROM t LEFT JOIN jsonb_array_elements_text(b) AS x(e) ON true ORDER BY 1, "
        "2\n"
        "1: SELECT id FROM t WHERE EXISTS (SELECT FROM jsonb_array_elements(b) e WHERE e.value -> "
        "'x' = '5') ORDER BY id\n"
        "1: SELECT jsonb_agg(value::int + 1) FROM jsonb_array_elements('[1, 2]')\n");
}

TEST_P(SqlJson, IsSetAtAPath) {
    std::string script;
    for (const char* arguments : {"'{\"a\": 1}', '{a}', '2'",
                                  "'{\"a\": 1}', '{b}', '2'",
                                  "'{\"a\": 1}', '{b}', '2', false",
                                  "'{\"a\": 1}', '{a}', '2', false",
                                  "'{\"a\": {\"b\": 1}}', '{a,b}', '[1]'",
                                  "'{\"a\": 1}', '{a,b}', '2'",
                                  "'{\"a\": 1}', '{x,b}', '2'",
                                  "'{\"b\": 1, \"aaa\": 2}', '{cc}', '3'",
                                  "'{\"a\": null}', '{a,b}', '3'",
                                  "'{\"a\": []}', '{a,0}', '3'",
                                  "'{\"a\": []}', '{a,0,b}', '3'",
                                  "'{\"a\": {}}', '{a,0,b}', '3'",
                                  "'{}', '{a}', '1', false",
                                  "'[]', '{x}', '1', false",
                                  "'[1,2,3]', '{1}', '9'",
                                  "'[1,2,3]', '{-1}', '9'",
                                  "'[1,2,3]', '{7}', '9'",
                                  "'[1,2,3]', '{-7}', '9'",
                                  "'[1,2,3]', '{3}', '9'",
                                  "'[1,2,3]', '{-3}', '9'",
                                  "'[1,2,3]', '{-4}', '9', false",
                                  "'[1,2,3]', '{7}', '9', false",
                                  "'[]', '{0}', '9'",
                                  "'[]', '{-5}', '9'",
                                  "'[[1],{\"a\":2}]', '{1,b}', '3'",
                                  "'[[1],{\"a\":2}]', '{-2,-1}', '3'",
                                  "'[[1],{\"a\":2}]', '{-2,-5}', '3'",
                                  "'[[1]]', '{4,0}', '3'",
                                  "'[1,2]', '{x}', '9'",
                                  "'[1,[2]]', '{1,x}', '9'",
                                  "'[1,[2]]', '{7,x}', '9'",
                                  "'[1,2]', '{\" 1\"}', '9'",
                                  "'[1,2]', '{+1}', '9'",
                                  "'[1,2]', '{\"1 \"}', '9'",
                                  "'[1,2]', '{\"\"}', '9'",
                                  "'[1,2]', '{-}', '9'",
                                  "'[1,2]', '{99999999999}', '9'",
                                  "'1', '{a}', '9'",
                                  "'1', '{}', '9'",
                                  "'{\"a\":1}', '{}', '9'",
                                  "'{\"a\":1}', '{NULL}', '9'",
                                  "'{\"a\":{}}', '{a,NULL}', '9'",
                                  "'{\"a\":1}', '{a,NULL}', '9'",
                                  "'{\"a\":1}', '{b,NULL}', '9'",
                                  "'[1]', '{NULL}', '9'",
                                  "'{\"a\":1}', '{b}', NULL",
                                  "NULL, '{b}', '1'",
                                  "'{\"a\":1}', '{a}', 'null'",
                                  "'{\"a\":1}', '{a}'",
                                  "'{\"a\":1}', '{a}', '1', NULL",
                                  "'{\"a\":1}', 'a', '1'"})
        script += std::string("1: SELECT jsonb_set(") + arguments + ")\n";
    script +=
        "1: CREATE TABLE t (id int, b jsonb)\n"
        "1: INSERT INTO t VALUES (1, '{\"n\": 1}'), (2, '{}')\n"
        "1: UPDATE t SET b = jsonb_set(b, '{n}', to_jsonb(coalesce((b ->> 'n')::int, 0) + 1)) "
        "RETURNING b\n";
    expect_same(script);
}

ATLAS_ON_EACH_SQL_CLIENT(SqlJson);

}  // namespace
}  // namespace atlas::properties

// What an average is, with as many digits as PostgreSQL gives; and pg_sleep with a fraction.

#include "properties/contracts/sql_script_fixture.hpp"

namespace atlas::properties {
namespace {

using SqlAggregates = SqlScripts;

TEST_P(SqlAggregates, AverageHasTheDigitsOfADivision) {
    expect_same(
        "1: CREATE TABLE t (id int PRIMARY KEY, g int, s smallint, i int, b bigint, n numeric, "
        "m numeric(10, 2))\n"
        "1: INSERT INTO t VALUES (1, 1, 1, 2147483647, 9223372036854775807, 1.5, 1), (2, 1, 2, "
        "2147483647, 9223372036854775807, 0.00001, 2.25), (3, 1, 4, NULL, -1, "
        "123456789012345678901234567890.5, -3), (4, 2, NULL, NULL, NULL, NULL, NULL), (5, 3, -7, "
        "-10, -9223372036854775808, -0.000000000000000000001, 0), (6, 3, 7, 10, 5, 1e20, 0.01)\n"
        "1: SELECT avg(s), avg(i), avg(b), avg(n), avg(m) FROM t\n"
        "1: SELECT g, avg(s), avg(i), avg(b), avg(n), avg(m) FROM t GROUP BY g ORDER BY g\n"
        "1: SELECT avg(s), avg(i), avg(b), avg(n), avg(m) FROM t WHERE false\n"
        "1: SELECT avg(NULL::int), avg(1), avg(1::bigint), avg(1.00), avg(0), avg(0.000)\n"
        "1: SELECT avg(DISTINCT g), avg(g) FILTER (WHERE id > 2), avg(g ORDER BY id) FROM t\n"
        "1: SELECT g FROM t GROUP BY g HAVING avg(s) > 0 ORDER BY avg(s)\n"
        "1: SELECT round(avg(m), 2), avg(m)::int, avg(s + i) FROM t\n"
        "1: SELECT avg(x) FROM generate_series(1, 7) x\n"
        "1: SELECT avg(1 / (id - 1)) FROM t\n"
        "1: SELECT avg(i + 1) FROM t\n");
}

TEST_P(SqlAggregates, AverageAsAWindowCall) {
    expect_same(
        "1: CREATE TABLE t (id int PRIMARY KEY, g int, i int, n numeric)\n"
        "1: INSERT INTO t VALUES (1, 1, 5, 1.0), (2, 1, NULL, 1.2345), (3, 1, 6, 2), (4, 2, 7, "
        "NULL), (5, 2, -1, 0.1)\n"
        "1: SELECT id, avg(i) OVER (ORDER BY id), avg(n) OVER (PARTITION BY g ORDER BY id) FROM t "
        "ORDER BY id\n"
        "1: SELECT id, avg(i) OVER w, avg(n) OVER w FROM t WINDOW w AS (ORDER BY id ROWS BETWEEN 1 "
        "PRECEDING AND CURRENT ROW) ORDER BY id\n"
        "1: SELECT id, avg(n) OVER (ORDER BY id ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING) FROM t "
        "ORDER BY id\n"
        "1: SELECT g, avg(sum(i)) OVER () FROM t GROUP BY g ORDER BY g\n");
}

TEST_P(SqlAggregates, AverageOfWhatHasNone) {
    expect_same(
        "1: SELECT avg('a'::text)\n"
        "1: SELECT avg(true)\n"
        "1: SELECT avg()\n"
        "1: SELECT avg(*) FROM (VALUES (1)) v (x)\n"
        "1: SELECT avg(1, 2)\n"
        "1: SELECT 1 WHERE avg(1) > 0\n"
        "1: SELECT avg(avg(1))\n");
}

TEST_P(SqlAggregates, SleepsForAPartOfASecond) {
    expect_same(
        "1: SELECT pg_sleep(0.05)\n"
        "1: SELECT pg_sleep(-0.5)\n"
        "1: SELECT pg_sleep(0.0)\n"
        "1: BEGIN\n"
        "1: SELECT pg_sleep(0.2)\n"
        "1: SELECT clock_timestamp() - now() >= interval '0.2 s', clock_timestamp() - now() < "
        "interval '1 h'\n"
        "1: SET LOCAL statement_timeout = 50\n"
        "1: SELECT pg_sleep(99.5)\n"
        "1: ROLLBACK\n");
}

ATLAS_ON_EACH_SQL_CLIENT(SqlAggregates);

}  // namespace
}  // namespace atlas::properties

// Corners of queries where a shorter way of running them would show: what is computed and what is
// not, which rows are there, what is refused and in which words.

#include "properties/contracts/sql_script_fixture.hpp"

namespace atlas::properties {
namespace {

class SqlQueryCorners : public SqlScripts {
  protected:
    void expect_same_answers(const std::string& script) {
        expect_same(
            "1: CREATE TABLE t (id int PRIMARY KEY, x int, v int, u_id int)\n"
            "1: CREATE TABLE u (id int PRIMARY KEY, a int, v int)\n"
            "1: CREATE TABLE log (i int PRIMARY KEY)\n"
            "1: CREATE TABLE keyless (id int, x int, v int)\n"
            "1: INSERT INTO t VALUES (1, 0, 5, 1), (2, 4, 6, 2), (3, 5, 7, 9)\n"
            "1: INSERT INTO u VALUES (1, 3, 5), (2, 2, 6)\n"
            "1: INSERT INTO log VALUES (3)\n" +
            script);
    }
};

TEST_P(SqlQueryCorners, ChangesInWithAreDoneWhoeverReadsThem) {
    expect_same_answers(
        "1: WITH w AS (INSERT INTO log VALUES (1)) SELECT 1 UNION ALL SELECT 2\n"
        "1: WITH w AS (INSERT INTO log VALUES (4)) (SELECT 1 UNION SELECT 2) EXCEPT SELECT 2\n"
        "1: WITH w AS (INSERT INTO log VALUES (5)) SELECT 1 INTERSECT SELECT 1 ORDER BY 1\n"
        "1: WITH w AS (INSERT INTO log VALUES (6) RETURNING i) SELECT 1 WHERE false\n"
        "1: SELECT i FROM log ORDER BY i\n"
        "1: WITH w AS (UPDATE t SET v = v + 1 WHERE id = 1 RETURNING v) UPDATE u SET a = 9 WHERE "
        "id = 1 RETURNING (SELECT v FROM w)\n"
        "1: WITH w AS (UPDATE u SET a = a + 1 WHERE id = 2 RETURNING a) INSERT INTO t (id, v) "
        "VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET v = (SELECT a FROM w) RETURNING v\n"
        "1: SELECT * FROM generate_series(1, (SELECT a FROM u WHERE id = 2 FOR UPDATE)) g\n"
        "1: UPDATE t SET (x, v) = (SELECT a, v FROM u WHERE u.id = t.u_id FOR UPDATE)\n"
        "1: SELECT * FROM t ORDER BY id\n");
}

TEST_P(SqlQueryCorners, LateralSeesTheRowFurtherOut) {
    expect_same_answers(
        "1: SELECT s.x, g.z FROM (VALUES (1), (2)) s (x), (VALUES (0)) k (y) LEFT JOIN LATERAL "
        "(SELECT s.x AS z) g ON true ORDER BY 1\n"
        "1: SELECT s.x, g FROM (VALUES (1), (2)) s (x), (VALUES (0)) k (y) LEFT JOIN "
        "generate_series(1, s.x) g ON true ORDER BY 1, 2\n"
        "1: SELECT s.x, k.y, g.z FROM (VALUES (1), (2)) s (x) LEFT JOIN ((VALUES (0)) k (y) JOIN "
        "LATERAL (SELECT s.x AS z) g ON true) ON true ORDER BY 1\n"
        "1: SELECT s.x, g.z FROM (VALUES (1), (2)) s (x), LATERAL (SELECT s.x AS z) g RIGHT JOIN "
        "(VALUES (0)) k (y) ON true ORDER BY 1\n"
        "1: SELECT t.id, q.a FROM t, LATERAL (SELECT a FROM u WHERE u.id = t.u_id) q ORDER BY 1\n"
        "1: SELECT q.id, l.y FROM (SELECT id, x + 1 AS y FROM t) q, LATERAL (SELECT q.y) l (y) "
        "ORDER BY 1\n");
}

TEST_P(SqlQueryCorners, OfAQueryInFromOnlyWhatIsShownIsComputed) {
    expect_same_answers(
        "1: SELECT y FROM (SELECT id, 10 / x AS y FROM t) q WHERE id = 2\n"
        "1: SELECT count(*) FROM (SELECT 10 / x FROM t) q\n"
        "1: WITH q AS (SELECT id, 10 / x AS y FROM t) SELECT y FROM q WHERE id = 2\n"
        "1: WITH q AS MATERIALIZED (SELECT id, 10 / x AS y FROM t) SELECT y FROM q WHERE id = 2\n"
        "1: WITH q AS (SELECT id, 10 / x AS y FROM t) SELECT a.y FROM q a JOIN q b USING (id) "
        "WHERE id = 2\n"
        "1: WITH a AS (SELECT id, 10 / x AS y FROM t), b AS (SELECT id, y + 1 AS z FROM a) SELECT "
        "z FROM b WHERE id = 3\n"
        "1: SELECT q.n, q.y FROM (SELECT y, id AS n FROM (SELECT id, 10 / x AS y FROM t) p) q "
        "WHERE q.n > 1 ORDER BY q.y DESC\n"
        "1: SELECT t.id, q.one, q.a FROM t LEFT JOIN (SELECT 1 AS one, id, a FROM u) q ON q.id = "
        "t.u_id ORDER BY 1\n"
        "1: SELECT t.id, q.a FROM t LEFT JOIN (SELECT id, a FROM u WHERE v = 6) q ON q.id = t.u_id "
        "ORDER BY 1\n"
        "1: SELECT t.id, q.a, q.i FROM t LEFT JOIN (SELECT u.id, a, i FROM u, log WHERE i = a) q "
        "ON q.id = t.u_id ORDER BY 1\n"
        "1: SELECT t.id, q.a, q.i FROM t LEFT JOIN (SELECT u.id, a, i FROM u LEFT JOIN log ON i = "
        "a WHERE v > 5) q ON q.id = t.u_id ORDER BY 1\n"
        "1: SELECT x, count(*), sum(y) FROM (SELECT id % 2 AS x, v AS y FROM t) q GROUP BY x "
        "HAVING sum(y) > 0 ORDER BY x\n"
        "1: SELECT q.v FROM (SELECT * FROM t) q GROUP BY q.id\n"
        "1: SELECT DISTINCT q.a FROM (SELECT x AS a, x AS b FROM t) q ORDER BY q.b\n"
        "1: SELECT id, (SELECT a FROM u WHERE u.id = q.k) FROM (SELECT id, u_id + 0 AS k FROM t) q "
        "ORDER BY id\n"
        "1: SELECT id FROM (SELECT id, v, u_id FROM t) q WHERE EXISTS (SELECT 1 FROM u WHERE u.id "
        "= q.u_id AND EXISTS (SELECT 1 FROM log WHERE i = u.a AND q.v < 6)) ORDER BY id\n"
        "1: SELECT q.id, q.k FROM (SELECT id, (SELECT a FROM u WHERE u.id = t.u_id) AS k FROM t) q "
        "WHERE q.k > 2\n"
        "1: SELECT id FROM t WHERE v IN (SELECT w FROM (SELECT v + 1 AS w, a FROM u) q WHERE q.a < "
        "t.id + 2) ORDER BY id\n"
        "1: SELECT rank() OVER (PARTITION BY q.p ORDER BY q.v), q.id FROM (SELECT id, id % 2 AS p, "
        "v FROM t) q ORDER BY q.id\n"
        "1: UPDATE t SET v = q.s FROM (SELECT id, a + v AS s FROM u) q WHERE q.id = t.u_id "
        "RETURNING t.id, q.s, t.v\n"
        "1: WITH n AS (SELECT id, a FROM u) UPDATE t SET v = n.a FROM n WHERE n.id = t.u_id "
        "RETURNING t.id, t.v\n"
        "1: DELETE FROM t USING (SELECT id, a * 2 AS d FROM u) q WHERE q.id = t.u_id AND q.d > 4 "
        "RETURNING t.id, q.d\n"
        "1: INSERT INTO log SELECT q.k FROM (SELECT id + 10 AS k, a FROM u) q WHERE a = 2 "
        "RETURNING i\n"
        "1: WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM (SELECT n FROM r WHERE n "
        "< 4) q) SELECT q.m FROM (SELECT n * 2 AS m FROM r) q ORDER BY 1\n"
        "1: SELECT q.x::text, q.y FROM (SELECT x::bigint AS x, 'c' AS y FROM t) q ORDER BY 1\n"
        "1: SELECT count(*) FROM (SELECT id FROM t) a FULL JOIN (SELECT id FROM u) b ON a.id = "
        "b.id\n"
        "1: SELECT a.id, b.id, b.two FROM (SELECT id FROM t) a FULL JOIN (SELECT id, 2 AS two FROM "
        "u WHERE a = 3) b ON a.id = b.id ORDER BY 1, 2\n");
}

TEST_P(SqlQueryCorners, OuterJoinsThatAreNone) {
    const std::string join = "1: SELECT t.id, u.id FROM t LEFT JOIN u ON u.id = t.u_id";
    expect_same_answers(
        join + " ORDER BY 1\n" + join + " FOR UPDATE\n" + join +
        " WHERE u.id IS NULL FOR UPDATE\n" + join + " WHERE u.id IS NOT NULL FOR UPDATE\n" + join +
        " WHERE u.a + 1 = 3 FOR UPDATE\n" + join + " WHERE u.a IN (1, 2) FOR UPDATE\n" + join +
        " WHERE NOT (u.a = 1) FOR UPDATE\n" + join + " WHERE u.a = 1 OR u.v = 6 FOR UPDATE\n" +
        join + " WHERE u.a = 1 OR t.v = 2 FOR UPDATE\n" + join +
        " WHERE coalesce(u.a, 1) = 1 FOR UPDATE\n" + join +
        " WHERE (u.a = 2) IS TRUE FOR UPDATE\n" + join +
        " WHERE (u.a = 1) IS NOT TRUE FOR UPDATE\n" + join +
        " WHERE u.a = ANY ('{1,2}') FOR UPDATE\n" + join + " WHERE u.a NOT IN (1, 2) FOR UPDATE\n" +
        join + " WHERE u.a IN (SELECT 2) FOR UPDATE\n" + join +
        " JOIN log c ON c.i = u.a FOR UPDATE\n" + join +
        ", log c WHERE c.i = u.a FOR UPDATE\n"
        "1: SELECT t.id FROM t LEFT JOIN (SELECT * FROM u) q ON q.id = t.u_id FOR UPDATE\n"
        "1: SELECT t.id FROM t LEFT JOIN (SELECT * FROM u) q ON q.id = t.u_id FOR UPDATE OF t\n"
        "1: SELECT t.id FROM t LEFT JOIN (SELECT * FROM u) q ON q.id = t.u_id WHERE q.a = 2 FOR "
        "UPDATE\n"
        "1: SELECT t.id FROM t LEFT JOIN (u LEFT JOIN log c ON c.i = u.a) ON u.id = t.u_id WHERE "
        "c.i = 3 FOR UPDATE\n"
        "1: SELECT t.id FROM t FULL JOIN u ON u.id = t.u_id WHERE t.id = 1 FOR UPDATE\n"
        "1: SELECT t.id FROM t FULL JOIN u ON u.id = t.u_id WHERE t.id = 1 AND u.a > 0 FOR UPDATE\n"
        "1: SELECT count(*) FROM t FULL JOIN u ON true\n"
        "1: SELECT count(*) FROM t FULL JOIN u ON t.x = 1\n"
        "1: SELECT count(*) FROM t FULL JOIN u ON u.a = 1\n"
        "1: SELECT count(*) FROM t FULL JOIN u ON t.id = u.id AND t.x = 4\n"
        "1: SELECT count(*) FROM t FULL JOIN u ON t.x < u.a WHERE t.id = 1\n"
        "1: SELECT count(*) FROM t FULL JOIN u ON t.x = 4 WHERE u.id = 1\n"
        "1: SELECT count(*) FROM t FULL JOIN u ON t.x = 4 WHERE u.id = 1 AND t.id = 1\n"
        "1: SELECT t.id, u.id FROM t RIGHT JOIN u ON u.id = t.u_id AND t.x > 0 WHERE u.a > 0 OR "
        "t.id = 1 ORDER BY 1, 2\n"
        "1: SELECT t.id, u.id FROM t FULL JOIN u ON u.id = t.u_id WHERE t.x >= 0 ORDER BY 1, 2\n");
}

TEST_P(SqlQueryCorners, WhereLocksAreRefused) {
    expect_same_answers(
        "1: (SELECT id FROM t FOR UPDATE) UNION ALL SELECT 1\n"
        "1: SELECT 1 UNION ALL (SELECT id FROM t LIMIT 1 FOR SHARE)\n"
        "1: SELECT 1 UNION SELECT nope FROM t FOR UPDATE\n"
        "1: SELECT * FROM (SELECT id FROM t UNION ALL SELECT 1) q FOR UPDATE\n"
        "1: SELECT * FROM (SELECT x FROM t GROUP BY x) q FOR UPDATE\n"
        "1: SELECT * FROM (SELECT DISTINCT x FROM t) q FOR UPDATE\n"
        "1: SELECT id, count(*) FROM t FOR UPDATE\n"
        "1: SELECT x, v FROM t GROUP BY x FOR UPDATE\n"
        "1: WITH q AS (SELECT * FROM t) SELECT id FROM q WHERE id = 1 FOR UPDATE\n");
}

TEST_P(SqlQueryCorners, TheFirstErrorSpeaks) {
    expect_same_answers(
        "1: SELECT id, count(*) FROM t LIMIT nope\n"
        "1: SELECT x, v FROM t GROUP BY x LIMIT nope\n"
        "1: SELECT 1 LIMIT -1 OFFSET -1\n"
        "1: SELECT 1 LIMIT a OFFSET b\n"
        "1: WITH a AS (WITH c AS (SELECT 1) SELECT * FROM c), b AS (SELECT 1) SELECT * FROM d\n"
        "1: WITH a AS (WITH c AS (SELECT 1) SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a\n"
        "1: WITH a AS (WITH c AS (SELECT 1) SELECT * FROM c), b AS (SELECT * FROM c), c AS (SELECT "
        "2) SELECT * FROM b\n");
}

TEST_P(SqlQueryCorners, RecursionIsWellFormed) {
    const std::string first = "1: WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL ";
    const std::string end = ") SELECT n FROM r LIMIT 3\n";
    expect_same_answers(
        first + "SELECT max(n) + 1 FROM r" + end + first + "SELECT 1 FROM r HAVING count(*) > 0" +
        end + first + "SELECT n + 1 FROM t WHERE id IN (SELECT n FROM r)" + end + first +
        "SELECT t.id FROM t LEFT JOIN r ON true" + end + first +
        "SELECT t.id FROM r LEFT JOIN t ON true" + end + first +
        "SELECT t.id FROM t RIGHT JOIN r ON true" + end + first +
        "SELECT t.id FROM t FULL JOIN r ON true" + end + first +
        "(SELECT n + 1 FROM r INTERSECT SELECT 3)" + end + first +
        "(SELECT n + 1 FROM r INTERSECT ALL SELECT 3)" + end + first +
        "(SELECT 3 EXCEPT SELECT n FROM r)" + end + first + "SELECT r.n + 1 FROM r, r s" + end +
        first + "(SELECT n + 1 FROM r UNION ALL SELECT n + 2 FROM r)" + end + first +
        "SELECT n + 1 FROM r UNION ALL SELECT 7" + end + first +
        "SELECT n + 1 FROM (SELECT * FROM r) s" + end + first +
        "(WITH q AS (SELECT * FROM r) SELECT n + 1 FROM q)" + end + first +
        "SELECT n + 1 FROM (SELECT max(n) AS n FROM r) s" + end + first +
        "SELECT (SELECT n + 1) FROM r" + end + first + "SELECT n + 1 FROM r ORDER BY 1" + end +
        first + "SELECT n + 1 FROM r LIMIT 3" + end + first + "SELECT n + 1 FROM r OFFSET 3" + end +
        first + "SELECT n + 1 FROM r FOR UPDATE" + end + first +
        "(SELECT n + 1 FROM r ORDER BY 1 LIMIT 2)" + end +
        "1: WITH RECURSIVE r (n) AS (SELECT n FROM r) SELECT n FROM r\n"
        "1: WITH RECURSIVE a AS (SELECT n FROM b), b AS (SELECT n FROM a) SELECT n FROM a\n"
        "1: WITH RECURSIVE a AS (SELECT n FROM b), b AS (SELECT n FROM c), c AS (SELECT 1 AS n) "
        "SELECT n FROM a\n"
        "1: WITH RECURSIVE a AS (SELECT i FROM log), log AS (SELECT 7 AS i) SELECT i FROM a\n"
        "1: WITH a AS (SELECT n FROM b), b AS (SELECT 1 AS n) SELECT n FROM a\n");
}

TEST_P(SqlQueryCorners, AColumnOfAnotherTypeIsNotTheColumn) {
    expect_same_answers(
        "1: SELECT x FROM t GROUP BY x::bigint\n"
        "1: SELECT x::bigint FROM t GROUP BY x ORDER BY 1\n"
        "1: SELECT x::bigint FROM t GROUP BY x::bigint ORDER BY 1\n"
        "1: SELECT x::bigint + 1 FROM t GROUP BY x ORDER BY 1\n"
        "1: SELECT DISTINCT x::bigint FROM t ORDER BY x\n"
        "1: SELECT DISTINCT x::bigint FROM t ORDER BY t.x\n"
        "1: SELECT id FROM t WHERE id = 2::bigint\n");
}

TEST_P(SqlQueryCorners, WindowsAreDefinedLast) {
    expect_same_answers(
        "1: SELECT rank() OVER (ORDER BY nope1), nope2 FROM t\n"
        "1: SELECT rank() OVER (ORDER BY nope) FROM t LIMIT nope2\n"
        "1: SELECT x, v, rank() OVER (ORDER BY nope) FROM t GROUP BY x\n"
        "1: SELECT 1 FROM t WINDOW w AS (ORDER BY nope)\n"
        "1: SELECT 1 FROM t WINDOW w AS (ORDER BY x), w AS (ORDER BY v)\n"
        "1: SELECT count(*) OVER nope FROM t\n"
        "1: SELECT id, count(*) OVER w, sum(v) OVER (ORDER BY id DESC), max(x) OVER w FROM t "
        "WINDOW w AS (ORDER BY id) ORDER BY id\n"
        "1: SELECT x, rank() OVER (ORDER BY count(*)) FROM t GROUP BY x ORDER BY x\n"
        "1: SELECT rank() OVER (ORDER BY count(*)) FROM t\n"
        "1: SELECT sum(count(*)) FILTER (WHERE v > 1) OVER () FROM keyless GROUP BY id, x\n"
        "1: SELECT string_agg(DISTINCT a, ',') FROM (VALUES ('b'), ('a'), ('b')) s (a)\n"
        "1: SELECT * FROM public.generate_series(1, 3)\n"
        "1: SELECT * FROM pg_catalog.generate_series(1, 2)\n");
}

TEST_P(SqlQueryCorners, WhatExistsIsNotComputedAndWhatOffsetSkipsIs) {
    expect_same_answers(
        "1: SELECT EXISTS (SELECT 10 / 0)\n"
        "1: SELECT EXISTS (SELECT 10 / x FROM t ORDER BY 1)\n"
        "1: SELECT EXISTS (SELECT DISTINCT 10 / x FROM t LIMIT 1)\n"
        "1: SELECT EXISTS (SELECT 10 / x FROM t OFFSET 1)\n"
        "1: SELECT EXISTS (SELECT x FROM t GROUP BY x LIMIT 0)\n"
        "1: SELECT EXISTS (SELECT count(*) FROM t WHERE false)\n"
        "1: SELECT EXISTS (SELECT id FROM t WHERE id = 9)\n"
        "1: SELECT EXISTS (SELECT 1 / 0 UNION SELECT 1)\n"
        "1: SELECT 10 / x FROM (VALUES (0), (1)) q (x) OFFSET 1\n"
        "1: SELECT id FROM t ORDER BY id LIMIT 1 OFFSET 1\n");
}

// PostgreSQL has not got them either, and says so in these words.
TEST_P(SqlQueryCorners, WhatPostgresHasNotImplementedIsRefusedInItsWords) {
    expect_same(
        "1: WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT * FROM b), b AS (SELECT * FROM a) "
        "SELECT * FROM a\n"
        "1: WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n FROM a ORDER BY 1) SELECT * FROM "
        "a\n"
        "1: WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n FROM a LIMIT 1) SELECT * FROM a\n"
        "1: WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n FROM a OFFSET 1) SELECT * FROM a\n"
        "1: CREATE TABLE s (id serial[])\n"
        "1: SELECT count(DISTINCT 1) OVER ()\n"
        "1: SELECT rank() FILTER (WHERE true) OVER ()\n");
}

// Spaces at the end are nothing to char(n) alone: the index does not know.
TEST_P(SqlQueryCorners, AnIndexOfTextIsNoneOfCharN) {
    expect_same(
        "1: CREATE TABLE t (k text UNIQUE, v varchar(5) UNIQUE)\n"
        "1: INSERT INTO t VALUES ('a', 'b'), ('a ', 'b '), ('c', 'd')\n"
        "1: SELECT k || '|' FROM t WHERE k::bpchar = 'a'::char(4) ORDER BY 1\n"
        "1: SELECT v || '|' FROM t WHERE 'b  '::char(3) = v ORDER BY 1\n"
        "1: SELECT k || '|' FROM t WHERE k::bpchar <= 'a'::char(4) AND k::bpchar >= 'a' ORDER BY "
        "1\n"
        "1: SELECT a.k || '|' FROM (VALUES ('a'::char(4))) AS x (c) JOIN t a ON a.k::bpchar = x.c "
        "ORDER BY 1\n"
        "1: CREATE TABLE p (k char(4) PRIMARY KEY)\n"
        "1: CREATE TABLE c (k text UNIQUE REFERENCES p ON UPDATE CASCADE)\n"
        "1: INSERT INTO p VALUES ('a')\n"
        "1: INSERT INTO c VALUES ('a')\n"
        "1: UPDATE p SET k = 'z'\n"
        "1: SELECT k || '|' FROM c\n"
        "1: DELETE FROM p\n");
}

ATLAS_ON_EACH_SQL_CLIENT(SqlQueryCorners);

}  // namespace
}  // namespace atlas::properties

// Queries over what definitions make: types whose equal values may look different, tables that have
// lost columns, identity columns, foreign keys.

#include "properties/contracts/sql_script_fixture.hpp"

namespace atlas::properties {
namespace {

class SqlQueriesOverDefinitions : public SqlScripts {};

TEST_P(SqlQueriesOverDefinitions, CharactersOfOtherLengthsAreEqual) {
    expect_same(
        "1: CREATE TABLE a (id int, c char(3))\n"
        "1: CREATE TABLE b (c char(5) PRIMARY KEY, n int)\n"
        "1: INSERT INTO a VALUES (1, 'a'), (2, 'b'), (3, 'zz'), (4, NULL), (5, 'b')\n"
        "1: INSERT INTO b VALUES ('a', 10), ('b', 20), ('x', 30)\n"
        "1: SELECT a.id, b.n FROM a JOIN b ON a.c = b.c ORDER BY 1\n"
        "1: SELECT a.id, b.n FROM a LEFT JOIN b USING (c) ORDER BY 1\n"
        "1: SELECT count(*) FROM a FULL JOIN b ON a.c = b.c\n"
        "1: SELECT id FROM a WHERE c IN (SELECT c FROM b) ORDER BY 1\n"
        "1: SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.c = a.c) ORDER BY 1\n"
        "1: SELECT count(*), count(DISTINCT c) FROM (SELECT c FROM a UNION ALL SELECT c FROM b) q\n"
        "1: SELECT count(*) FROM (SELECT c FROM a UNION SELECT c FROM b) q\n"
        "1: SELECT count(*) FROM (SELECT c FROM a INTERSECT SELECT c FROM b) q\n"
        "1: SELECT count(*) FROM (SELECT c FROM a EXCEPT ALL SELECT c FROM b) q\n"
        "1: SELECT count(*) FROM (SELECT DISTINCT c FROM (SELECT c FROM a UNION ALL SELECT c FROM "
        "b) q) r\n"
        "1: SELECT count(*) FROM (SELECT id, c FROM a UNION ALL SELECT n, c FROM b) q GROUP BY c "
        "ORDER BY c\n"
        "1: SELECT id, rank() OVER (PARTITION BY c ORDER BY id) FROM (SELECT id, c FROM a UNION "
        "ALL "
        "SELECT n, c FROM b) q ORDER BY id\n"
        "1: SELECT id FROM (SELECT id, c FROM a UNION ALL SELECT n, c FROM b) q ORDER BY c, id\n"
        "1: WITH RECURSIVE r(c) AS (SELECT c FROM b UNION SELECT b.c FROM b JOIN r ON b.c = r.c) "
        "SELECT count(*) FROM r\n");
}

TEST_P(SqlQueriesOverDefinitions, NumbersThatLookDifferentAreEqual) {
    expect_same(
        "1: CREATE TABLE t (id int, j jsonb, n numeric)\n"
        "1: INSERT INTO t VALUES (1, '{\"a\": 1.0}', 1.0), (2, '{\"a\": 1.00}', 1.00), (3, '[1, "
        "2.50]', 2.5), (4, '[1.0, 2.5]', NULL), (5, NULL, 2.500)\n"
        "1: SELECT count(*) FROM (SELECT j FROM t GROUP BY j) q\n"
        "1: SELECT count(*) FROM (SELECT n FROM t GROUP BY n) q\n"
        "1: SELECT count(DISTINCT j), count(DISTINCT n) FROM t\n"
        "1: SELECT x.id, y.id FROM t x JOIN t y ON x.j = y.j ORDER BY 1, 2\n"
        "1: SELECT x.id, y.id FROM t x JOIN t y ON x.n = y.n ORDER BY 1, 2\n"
        "1: SELECT id FROM t WHERE j IN (SELECT j FROM t WHERE id IN (2, 4)) ORDER BY 1\n"
        "1: SELECT id FROM t WHERE n = ANY (SELECT n FROM t WHERE id = 5) ORDER BY 1\n"
        "1: SELECT count(*) FROM (SELECT j FROM t UNION SELECT j FROM t) q\n"
        "1: SELECT count(*) FROM (SELECT n FROM t WHERE id < 3 EXCEPT SELECT n FROM t WHERE id = "
        "2) "
        "q\n"
        "1: SELECT id FROM t ORDER BY n DESC NULLS LAST, id\n"
        "1: SELECT sum(n), min(n), max(n) FROM t WHERE id < 3\n"
        "1: SELECT sum(n) FROM t WHERE id > 9\n"
        "1: SELECT sum(b), sum(b) + 1, sum(b) / 2 FROM (VALUES (9223372036854775807), (2::bigint)) "
        "q(b)\n"
        "1: SELECT min(d), max(d) FROM (VALUES ('2026-01-31'::date), ('2025-12-01')) q(d)\n"
        "1: SELECT id, sum(n) OVER (ORDER BY id) FROM t ORDER BY id\n");
}

TEST_P(SqlQueriesOverDefinitions, ColumnsThatAreGoneHaveNoNames) {
    expect_same(
        "1: CREATE TABLE t (a int, b int, c int, d int)\n"
        "1: CREATE TABLE u (c int, b int, e int)\n"
        "1: INSERT INTO t VALUES (1, 2, 3, 4), (5, 6, 7, 8)\n"
        "1: INSERT INTO u VALUES (3, 2, 9)\n"
        "1: ALTER TABLE t DROP COLUMN b\n"
        "1: SELECT * FROM t ORDER BY a\n"
        "1: SELECT t.*, u.* FROM t JOIN u ON t.c = u.c\n"
        "1: SELECT * FROM t JOIN u USING (c)\n"
        "1: SELECT * FROM t JOIN u USING (b)\n"
        "1: SELECT * FROM t NATURAL LEFT JOIN u ORDER BY a\n"
        "1: SELECT * FROM t x(p, q) ORDER BY p\n"
        "1: SELECT r FROM t x(p, q, r) ORDER BY r\n"
        "1: SELECT * FROM t x(p, q, r, s)\n"
        "1: SELECT t.b FROM t\n"
        "1: SELECT b FROM t, u WHERE t.c = u.c\n"
        "1: SELECT \"........pg.dropped.2........\" FROM t\n"
        "1: WITH w AS (SELECT * FROM t) SELECT * FROM w ORDER BY d\n"
        "1: INSERT INTO t SELECT 10, 11, 12 RETURNING *\n"
        "1: INSERT INTO t SELECT 10, 11, 12, 13\n"
        "1: UPDATE t SET d = u.e FROM u WHERE u.c = t.c RETURNING t.*, u.b\n"
        "1: DELETE FROM t USING u WHERE u.c = t.c RETURNING *\n"
        "1: SELECT d, count(*) FROM t GROUP BY d ORDER BY d\n");
}

TEST_P(SqlQueriesOverDefinitions, IdentityColumnsTakeWhatQueriesMayGiveThem) {
    expect_same(
        "1: CREATE TABLE i (id int GENERATED ALWAYS AS IDENTITY, v int)\n"
        "1: INSERT INTO i (v) SELECT x FROM generate_series(1, 3) x RETURNING *\n"
        "1: INSERT INTO i SELECT 10, 1\n"
        "1: INSERT INTO i OVERRIDING SYSTEM VALUE SELECT 10, 1 RETURNING *\n"
        "1: INSERT INTO i OVERRIDING USER VALUE SELECT 20, 2 RETURNING *\n"
        "1: WITH w AS (INSERT INTO i OVERRIDING SYSTEM VALUE VALUES (30, 3) RETURNING id) INSERT "
        "INTO i SELECT id, 1 FROM w\n"
        "1: WITH w AS (INSERT INTO i (v) VALUES (3) RETURNING id) INSERT INTO i OVERRIDING SYSTEM "
        "VALUE SELECT id + 100, 1 FROM w RETURNING *\n"
        "1: UPDATE i SET (id, v) = (SELECT 1, 2)\n"
        "1: UPDATE i SET (v) = (SELECT max(v) FROM i) WHERE id = 1 RETURNING *\n"
        "1: SELECT * FROM i ORDER BY id, v\n");
}

TEST_P(SqlQueriesOverDefinitions, ForeignKeysAreKeptAtTheEndOfTheWholeStatement) {
    expect_same(
        "1: CREATE TABLE p (id int PRIMARY KEY, note text)\n"
        "1: CREATE TABLE c (p int REFERENCES p ON DELETE CASCADE)\n"
        "1: INSERT INTO p SELECT x FROM generate_series(1, 4) x\n"
        "1: INSERT INTO c SELECT id FROM p WHERE id < 3\n"
        "1: INSERT INTO c SELECT id + 3 FROM p WHERE id < 3\n"
        "1: WITH added AS (INSERT INTO p VALUES (7) RETURNING id) INSERT INTO c SELECT id FROM "
        "added "
        "RETURNING p\n"
        "1: WITH added AS (INSERT INTO c VALUES (99) RETURNING p) SELECT * FROM added\n"
        "1: WITH gone AS (DELETE FROM p WHERE id = 1 RETURNING id) SELECT * FROM gone\n"
        "1: SELECT p FROM c ORDER BY p\n"
        "1: DELETE FROM p USING c WHERE c.p = p.id AND c.p = 2\n"
        "1: SELECT p FROM c ORDER BY p\n");
}

// The check of a foreign key is a read, and what its actions do are writes.
TEST_P(SqlQueriesOverDefinitions, SerializableTransactionsMindForeignKeys) {
    expect_same(
        "1: CREATE TABLE p (id int PRIMARY KEY, note text)\n"
        "1: CREATE TABLE c (p int REFERENCES p ON DELETE CASCADE)\n"
        "1: INSERT INTO p VALUES (1), (2)\n"
        "1: INSERT INTO c VALUES (2)\n"
        "1: BEGIN ISOLATION LEVEL SERIALIZABLE\n"
        "2: BEGIN ISOLATION LEVEL SERIALIZABLE\n"
        "1: INSERT INTO c VALUES (1)\n"
        "2: SELECT count(*) FROM c\n"
        "2: UPDATE p SET note = 'x' WHERE id = 1\n"
        "1: COMMIT\n"
        "2: COMMIT\n"
        "1: BEGIN ISOLATION LEVEL SERIALIZABLE\n"
        "2: BEGIN ISOLATION LEVEL SERIALIZABLE\n"
        "1: SELECT count(*) FROM c\n"
        "2: SELECT count(*) FROM p\n"
        "1: INSERT INTO p VALUES (3)\n"
        "2: DELETE FROM p WHERE id = 2\n"
        "1: COMMIT\n"
        "2: COMMIT\n"
        "1: SELECT id FROM p ORDER BY id\n");
}

ATLAS_ON_EACH_SQL_CLIENT(SqlQueriesOverDefinitions);

}  // namespace
}  // namespace atlas::properties

// ALTER TABLE ... ALTER COLUMN ... TYPE on the model and on PostgreSQL: what the rows become, what
// goes along with them, what is refused, and who sees it when.

#include "properties/contracts/sql_script_fixture.hpp"

namespace atlas::properties {
namespace {

using SqlColumnTypes = SqlScripts;

TEST_P(SqlColumnTypes, RowsAreMadeAnew) {
    expect_same(
        "1: CREATE TABLE t (id int PRIMARY KEY, i int, s text, v varchar(5), n numeric, d date)\n"
        "1: INSERT INTO t VALUES (1, 7, '12', 'abc', 1.5, '2020-01-02'), (2, NULL, NULL, NULL, "
        "NULL, NULL), (3, -1, ' 4 ', 'abcde', 2.25, '1999-12-31')\n"
        "1: ALTER TABLE t ALTER i TYPE bigint\n"
        "1: SELECT i + 5000000000 FROM t ORDER BY id\n"
        "1: ALTER TABLE t ALTER i TYPE text\n"
        "1: SELECT i || 'x', s, v FROM t ORDER BY id\n"
        "1: ALTER TABLE t ALTER s TYPE int USING s::int\n"
        "1: SELECT s + 1 FROM t ORDER BY id\n"
        "1: ALTER TABLE t ALTER n TYPE int\n"
        "1: ALTER TABLE t ALTER d SET DATA TYPE timestamp\n"
        "1: ALTER TABLE t ALTER v TYPE varchar(9), ALTER n TYPE numeric(8, 3)\n"
        "1: SELECT * FROM t ORDER BY id\n"
        "1: INSERT INTO t VALUES (4, 'i', 4, 'nine char', 4, '2020-01-01')\n"
        "1: ALTER TABLE t ALTER n TYPE text USING n::text || v, ALTER v TYPE text USING v || "
        "n::text\n"
        "1: SELECT id, n, v FROM t ORDER BY id\n"
        "1: UPDATE t SET s = s * 2 WHERE id = 1 RETURNING *\n"
        "1: DELETE FROM t WHERE id = 3\n"
        "1: SELECT count(*) FROM t\n");
}

TEST_P(SqlColumnTypes, WhatDoesNotFitIsRefused) {
    expect_same(
        "1: CREATE TABLE t (id int PRIMARY KEY, s text, b bigint, v varchar(5))\n"
        "1: INSERT INTO t VALUES (1, 'x', 5000000000, 'abcde'), (2, '2', 2, 'ab   ')\n"
        "1: ALTER TABLE t ALTER s TYPE int\n"
        "1: ALTER TABLE t ALTER s TYPE numeric(8, 2)\n"
        "1: ALTER TABLE t ALTER s TYPE int USING s::int\n"
        "1: ALTER TABLE t ALTER s TYPE int USING s\n"
        "1: ALTER TABLE t ALTER s TYPE int USING 'x'\n"
        "1: ALTER TABLE t ALTER s TYPE int USING nope\n"
        "1: ALTER TABLE t ALTER s TYPE int USING sum(b)\n"
        "1: ALTER TABLE t ALTER s TYPE int USING (SELECT 1)\n"
        "1: ALTER TABLE t ALTER s TYPE int USING row_number() OVER ()\n"
        "1: ALTER TABLE t ALTER s TYPE nope\n"
        "1: ALTER TABLE t ALTER nope TYPE int\n"
        "1: ALTER TABLE t ALTER nope TYPE int USING s\n"
        "1: ALTER TABLE t ALTER b TYPE int\n"
        "1: ALTER TABLE t ALTER v TYPE varchar(3)\n"
        "1: ALTER TABLE t ALTER v TYPE varchar(4) USING v::varchar(4)\n"
        "1: ALTER TABLE t ALTER b TYPE int USING NULLIF(b, 2)\n"
        "1: ALTER TABLE t ALTER b TYPE int USING 1, ALTER b TYPE text\n"
        "1: ALTER TABLE t ALTER id TYPE int USING NULLIF(id, 2)\n"
        "1: SELECT * FROM t ORDER BY id\n");
}

TEST_P(SqlColumnTypes, KeysAndChecksGoAlong) {
    expect_same(
        "1: CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE, b int CHECK (b > 0), CHECK (b < a), "
        "w text, UNIQUE (w, b))\n"
        "1: CREATE INDEX ON t (b DESC, a)\n"
        "1: INSERT INTO t VALUES (1, 10, 1, 'x'), (2, 20, 2, 'y'), (3, 30, 3, 'z')\n"
        "1: ALTER TABLE t ALTER id TYPE bigint, ALTER b TYPE numeric\n"
        "1: INSERT INTO t VALUES (2, 40, 4, 'a')\n"
        "1: INSERT INTO t VALUES (5000000000, 40, -0.5, 'a')\n"
        "1: INSERT INTO t VALUES (5000000000, 40, 0.5, 'a')\n"
        "1: SELECT id FROM t WHERE id = 5000000000\n"
        "1: SELECT id FROM t WHERE b = 0.5\n"
        "1: ALTER TABLE t ALTER a TYPE int USING a / 100\n"
        "1: ALTER TABLE t DROP CONSTRAINT t_check, ALTER a TYPE int USING a / 100\n"
        "1: ALTER TABLE t ALTER b TYPE int USING -b\n"
        "1: SELECT id FROM t WHERE a = 30\n"
        "1: UPDATE t SET a = 20 WHERE id = 1\n"
        "1: ALTER TABLE t ALTER id TYPE text\n"
        "1: SELECT * FROM t ORDER BY id\n"
        "1: CREATE TABLE u (a int CHECK (a > 0), v varchar(5) CHECK (v <> 'x'))\n"
        "1: INSERT INTO u VALUES (1, '12')\n"
        "1: ALTER TABLE u ALTER a TYPE text\n"
        "1: ALTER TABLE u ALTER v TYPE int USING v::int\n"
        "1: INSERT INTO u VALUES (2, 3) RETURNING *\n"
        "1: INSERT INTO t VALUES ('1', 50, 1, 'q')\n"
        "1: INSERT INTO t VALUES ('one', 50, 1, 'q') ON CONFLICT (id) DO NOTHING\n"
        "1: INSERT INTO t VALUES ('one', 51, 1, 'q') ON CONFLICT (id) DO UPDATE SET w = 'again' "
        "RETURNING *\n");
}

TEST_P(SqlColumnTypes, DefaultsGoAlongOrAreInTheWay) {
    expect_same(
        "1: CREATE TABLE t (id serial PRIMARY KEY, a int DEFAULT 5, b text DEFAULT 'x', c boolean "
        "DEFAULT true, d varchar(9) DEFAULT 7)\n"
        "1: INSERT INTO t DEFAULT VALUES\n"
        "1: ALTER TABLE t ALTER id TYPE bigint, ALTER a TYPE numeric(6, 2)\n"
        "1: INSERT INTO t DEFAULT VALUES RETURNING *\n"
        "1: ALTER TABLE t ALTER b TYPE int USING 1\n"
        "1: ALTER TABLE t ALTER c TYPE int USING 2\n"
        "1: ALTER TABLE t ALTER c DROP DEFAULT, ALTER c TYPE int USING c::int, ALTER c SET DEFAULT "
        "3\n"
        "1: ALTER TABLE t ALTER b TYPE varchar(4), ALTER b SET DEFAULT 'long one'\n"
        "1: ALTER TABLE t ALTER b SET DEFAULT 'y', ALTER b TYPE varchar(6)\n"
        "1: ALTER TABLE t ALTER d TYPE int USING d::int\n"
        "1: INSERT INTO t DEFAULT VALUES RETURNING *\n"
        "1: ALTER TABLE t ADD COLUMN e int DEFAULT 9\n"
        "1: ALTER TABLE t ALTER e TYPE text\n"
        "1: SELECT * FROM t ORDER BY id\n");
}

TEST_P(SqlColumnTypes, ARollbackBringsTheRowsBack) {
    expect_same(
        "1: CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE)\n"
        "1: INSERT INTO t VALUES (1, 10), (2, 20)\n"
        "1: BEGIN\n"
        "1: INSERT INTO t VALUES (3, 30)\n"
        "1: DELETE FROM t WHERE id = 1\n"
        "1: ALTER TABLE t ALTER a TYPE text USING 'a' || a, ALTER id TYPE text\n"
        "1: INSERT INTO t VALUES ('four', 'a20')\n"
        "1: ROLLBACK\n"
        "1: SELECT * FROM t ORDER BY id\n"
        "1: BEGIN\n"
        "1: ALTER TABLE t ALTER a TYPE text\n"
        "1: INSERT INTO t VALUES (3, 'three')\n"
        "1: SAVEPOINT s\n"
        "1: ALTER TABLE t ALTER a TYPE int USING ascii(a)\n"
        "1: ROLLBACK TO s\n"
        "1: SELECT * FROM t ORDER BY a\n"
        "1: SAVEPOINT s2\n"
        "1: ALTER TABLE t ALTER a TYPE int USING ascii(a), ADD COLUMN z int DEFAULT 4\n"
        "1: ROLLBACK TO s2\n"
        "1: UPDATE t SET a = a || '!' WHERE a = 'three'\n"
        "1: RELEASE s\n"
        "1: ALTER TABLE t ALTER a TYPE varchar(7), ALTER id TYPE bigint\n"
        "1: COMMIT\n"
        "1: SELECT * FROM t WHERE a = 'three!'\n"
        "1: INSERT INTO t VALUES (5000000000, 'three!')\n"
        "1: INSERT INTO t VALUES (2, 'two')\n"
        "1: SELECT * FROM t ORDER BY id\n");
}

TEST_P(SqlColumnTypes, NobodySeesTheTableMeanwhileAndOlderSnapshotsFindItEmpty) {
    expect_same(
        "1: CREATE TABLE t (id int PRIMARY KEY, a int)\n"
        "1: CREATE TABLE other (id int)\n"
        "1: INSERT INTO t VALUES (1, 10), (2, 20)\n"
        "2: BEGIN ISOLATION LEVEL REPEATABLE READ\n"
        "2: SELECT count(*) FROM other\n"
        "3: BEGIN ISOLATION LEVEL SERIALIZABLE\n"
        "3: SELECT count(*) FROM other\n"
        "1: BEGIN\n"
        "1: ALTER TABLE t ALTER a TYPE text\n"
        "2: SELECT * FROM t\n"
        "1: COMMIT\n"
        "2: SELECT * FROM t WHERE id = 1\n"
        "3: SELECT * FROM t WHERE id = 2\n"
        "3: SELECT * FROM t WHERE a = '10'\n"
        "2: COMMIT\n"
        "3: COMMIT\n"
        "2: SELECT * FROM t ORDER BY id\n"
        "2: BEGIN\n"
        "2: SELECT a FROM t WHERE id = 1\n"
        "1: ALTER TABLE t ALTER a TYPE int USING a::int\n"
        "2: COMMIT\n"
        "1: SELECT a + 1 FROM t ORDER BY id\n");
}

// What the rest of the transaction may still bring back is not thrown away with a savepoint.
TEST_P(SqlColumnTypes, ASavepointsEndLeavesWhatTheTransactionHasDropped) {
    expect_same(
        "1: CREATE TABLE t (id int PRIMARY KEY, a int)\n"
        "1: INSERT INTO t VALUES (1, 10)\n"
        "1: BEGIN\n"
        "1: ALTER TABLE t DROP CONSTRAINT t_pkey\n"
        "1: SAVEPOINT s\n"
        "1: ALTER TABLE t ADD COLUMN b int DEFAULT 3\n"
        "1: ROLLBACK TO s\n"
        "1: ROLLBACK\n"
        "1: INSERT INTO t VALUES (1, 11)\n"
        "1: BEGIN\n"
        "1: ALTER TABLE t ADD COLUMN b int DEFAULT 3\n"
        "1: DROP TABLE t\n"
        "1: SAVEPOINT s\n"
        "1: CREATE TABLE u (id int)\n"
        "1: ROLLBACK TO s\n"
        "1: ROLLBACK\n"
        "1: INSERT INTO t VALUES (1, 11)\n"
        "1: INSERT INTO t VALUES (2, 11) RETURNING *\n");
}

// Nor what it has made and dropped itself, whether it comes back or is to be undone.
TEST_P(SqlColumnTypes, ASavepointsEndLeavesWhatTheTransactionHasMadeAndDropped) {
    expect_same(
        "1: CREATE TABLE t (id int, a int)\n"
        "1: INSERT INTO t VALUES (1, 10)\n"
        "1: BEGIN\n"
        "1: CREATE TABLE n (i int)\n"
        "1: INSERT INTO n VALUES (1)\n"
        "1: ALTER TABLE n ALTER i TYPE text\n"
        "1: DROP TABLE n\n"
        "1: SAVEPOINT s\n"
        "1: ROLLBACK TO s\n"
        "1: ROLLBACK\n"
        "1: BEGIN\n"
        "1: CREATE UNIQUE INDEX i ON t (a)\n"
        "1: SAVEPOINT a\n"
        "1: DROP INDEX i\n"
        "1: SAVEPOINT b\n"
        "1: CREATE INDEX j ON t (a)\n"
        "1: ROLLBACK TO b\n"
        "1: ROLLBACK TO a\n"
        "1: SELECT * FROM t WHERE a = 10\n"
        "1: INSERT INTO t VALUES (2, 10)\n"
        "1: ROLLBACK\n"
        "1: BEGIN\n"
        "1: ALTER TABLE t ADD COLUMN b int DEFAULT 3\n"
        "1: SAVEPOINT a\n"
        "1: ALTER TABLE t ADD COLUMN c int DEFAULT 4\n"
        "1: DROP TABLE t\n"
        "1: SAVEPOINT b\n"
        "1: ROLLBACK TO b\n"
        "1: ROLLBACK TO a\n"
        "1: SELECT * FROM t\n"
        "1: COMMIT\n"
        "1: SELECT * FROM t\n");
}

ATLAS_ON_EACH_SQL_CLIENT(SqlColumnTypes);

}  // namespace
}  // namespace atlas::properties

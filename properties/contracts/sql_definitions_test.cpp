// ALTER TABLE: columns dropped, renamed, given defaults and other types; maintenance statements.

#include "properties/contracts/sql_script_fixture.hpp"

namespace atlas::properties {
namespace {

class SqlDefinitions : public SqlScripts {};

TEST_P(SqlDefinitions, ColumnsGoAway) {
    expect_same(
        "1: CREATE TABLE p (id int PRIMARY KEY, u int UNIQUE)\n"
        "1: CREATE TABLE t (id serial PRIMARY KEY, a int CHECK (a > 0), b text DEFAULT 'x', c int "
        "REFERENCES p, d int UNIQUE, CHECK (a < d))\n"
        "1: CREATE INDEX t_b ON t (lower(b)) WHERE d > 0\n"
        "1: CREATE TABLE r (u int REFERENCES p (u))\n"
        "1: INSERT INTO t (a, d) VALUES (1, 2), (2, 3)\n"
        "1: ALTER TABLE t DROP COLUMN d\n"
        "1: SELECT * FROM t\n"
        "1: INSERT INTO t VALUES (10, 5, 'y', NULL)\n"
        "1: INSERT INTO t VALUES (10, 5, 'y', NULL, 5)\n"
        "1: INSERT INTO t (id, d) VALUES (1, 1)\n"
        "1: INSERT INTO t VALUES (11, -5, 'y')\n"
        "1: SELECT d FROM t\n"
        "1: ALTER TABLE t DROP COLUMN d\n"
        "1: ALTER TABLE t DROP COLUMN IF EXISTS d, DROP COLUMN c\n"
        "1: ALTER TABLE t ADD COLUMN d int DEFAULT 7\n"
        "1: UPDATE t SET a = a + 1 WHERE id = 1\n"
        "1: SELECT * FROM t ORDER BY id\n"
        "1: ALTER TABLE p DROP COLUMN u\n"
        "1: ALTER TABLE p DROP COLUMN u CASCADE\n"
        "1: INSERT INTO r VALUES (5)\n"
        "1: BEGIN\n"
        "1: ALTER TABLE t DROP COLUMN id\n"
        "1: SELECT * FROM t ORDER BY a\n"
        "1: ROLLBACK\n"
        "1: INSERT INTO t (a) VALUES (9) RETURNING *\n"
        "1: INSERT INTO t VALUES (1, 1, 'z')\n");
}

TEST_P(SqlDefinitions, NamesChange) {
    expect_same(
        "1: CREATE TABLE t (id int PRIMARY KEY, a int CHECK (a > 0), e text, CONSTRAINT both CHECK "
        "(a < id))\n"
        "1: CREATE UNIQUE INDEX t_e ON t (lower(e)) WHERE a > 1\n"
        "1: CREATE TABLE c (t int REFERENCES t)\n"
        "1: INSERT INTO t VALUES (5, 2, 'A')\n"
        "1: ALTER TABLE t RENAME COLUMN a TO amount\n"
        "1: ALTER TABLE t RENAME COLUMN a TO amount\n"
        "1: ALTER TABLE t RENAME COLUMN e TO id\n"
        "1: ALTER TABLE t RENAME TO c\n"
        "1: ALTER TABLE t RENAME TO things\n"
        "1: SELECT amount FROM things\n"
        "1: SELECT * FROM t\n"
        "1: INSERT INTO things VALUES (6, 0, 'B')\n"
        "1: INSERT INTO things VALUES (6, 3, 'a')\n"
        "1: INSERT INTO c VALUES (9)\n"
        "1: DROP TABLE things\n"
        "1: ALTER TABLE things RENAME CONSTRAINT both TO less\n"
        "1: ALTER TABLE things RENAME CONSTRAINT nope TO less2\n"
        "1: ALTER TABLE things RENAME CONSTRAINT less TO t_a_check\n"
        "1: INSERT INTO things VALUES (6, 7, 'x')\n"
        "1: ALTER TABLE things RENAME CONSTRAINT t_pkey TO things_pkey\n"
        "1: INSERT INTO things VALUES (5, 1, 'x')\n"
        "1: ALTER INDEX t_e RENAME TO things_e\n"
        "1: ALTER INDEX t_e RENAME TO things_e\n"
        "1: ALTER INDEX things_e RENAME TO c\n"
        "1: INSERT INTO things VALUES (6, 3, 'a')\n"
        "1: ALTER TABLE nope RENAME TO nope2\n"
        "1: ALTER TABLE IF EXISTS nope RENAME TO nope2\n"
        "1: BEGIN\n"
        "1: ALTER TABLE things RENAME TO again\n"
        "2: SELECT * FROM things\n"
        "1: ROLLBACK\n"
        "1: CREATE SEQUENCE s\n"
        "1: CREATE TABLE d (a int DEFAULT nextval('s'))\n"
        "1: ALTER SEQUENCE s RENAME TO s2\n"
        "1: INSERT INTO d DEFAULT VALUES RETURNING a\n"
        "1: DROP SEQUENCE s2\n");
}

TEST_P(SqlDefinitions, DefaultsAndTypesChange) {
    expect_same(
        "1: CREATE TABLE t (a int, b varchar(5), c bigint UNIQUE)\n"
        "1: INSERT INTO t VALUES (1, 'x', 1)\n"
        "1: ALTER TABLE t ALTER a SET DEFAULT 5, ALTER b SET DEFAULT 'y'\n"
        "1: INSERT INTO t (c) VALUES (2) RETURNING *\n"
        "1: ALTER TABLE t ALTER a DROP DEFAULT\n"
        "1: INSERT INTO t (c) VALUES (3) RETURNING *\n"
        "1: ALTER TABLE t ALTER a SET DEFAULT 'x'\n"
        "1: ALTER TABLE t ALTER a SET DEFAULT true\n"
        "1: ALTER TABLE t ALTER nope SET DEFAULT 5\n"
        "1: ALTER TABLE t ALTER b DROP DEFAULT, ALTER b TYPE text\n"
        "1: INSERT INTO t VALUES (2, 'longer than five', 5)\n"
        "1: ALTER TABLE t ALTER b TYPE varchar(3)\n"
        "1: ALTER TABLE t ALTER a TYPE bigint\n"
        "1: INSERT INTO t VALUES (5000000000, 'x', 6)\n"
        "1: ALTER TABLE t ALTER a TYPE int\n"
        "1: ALTER TABLE t ALTER c TYPE int\n"
        "1: INSERT INTO t VALUES (1, 'x', 5000000000)\n"
        "1: INSERT INTO t VALUES (1, 'x', 5)\n"
        "1: SELECT * FROM t WHERE c = 5\n");
}

TEST_P(SqlDefinitions, MaintenanceIsAllowedWhereItMayBe) {
    expect_same(
        "1: CREATE TABLE t (a int)\n"
        "1: VACUUM\n"
        "1: VACUUM (ANALYZE) t\n"
        "1: ANALYZE t (a)\n"
        "1: ANALYZE t (nope)\n"
        "1: VACUUM nope\n"
        "1: BEGIN\n"
        "1: ANALYZE t\n"
        "1: VACUUM t\n"
        "1: ROLLBACK\n");
}

TEST_P(SqlDefinitions, AFillFactorIsTaken) {
    expect_same(
        "1: CREATE TABLE t (a int) WITH (fillfactor=100)\n"
        "1: INSERT INTO t VALUES (1)\n"
        "1: CREATE TABLE u (a int) WITH (fillfactor = 9)\n"
        "1: CREATE TABLE u (a int) WITH (fillfactor = 101)\n"
        "1: SELECT * FROM u\n");
}

ATLAS_ON_EACH_SQL_CLIENT(SqlDefinitions);

}  // namespace
}  // namespace atlas::properties

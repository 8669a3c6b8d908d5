// Views: what they show, how they are replaced, what depends on them.

#include "properties/contracts/sql_script_fixture.hpp"

namespace atlas::properties {
namespace {

class SqlViews : public SqlScripts {};

TEST_P(SqlViews, ShowWhatTheirQueryDoes) {
    expect_same(
        "1: CREATE TABLE t (id int PRIMARY KEY, a int, b text)\n"
        "1: CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t, c numeric(5,2))\n"
        "1: INSERT INTO t VALUES (1, 10, 'x'), (2, 20, 'y'), (3, 30, NULL)\n"
        "1: INSERT INTO u VALUES (1, 1, 1.5), (2, 1, 2.5), (3, 2, 4)\n"
        "1: CREATE VIEW v AS SELECT id, a + 1 AS more, b FROM t WHERE a > 10\n"
        "1: SELECT * FROM v ORDER BY id\n"
        "1: SELECT v.more, x.more FROM v JOIN v x ON v.id <> x.id ORDER BY 1\n"
        "1: CREATE VIEW star AS SELECT * FROM t\n"
        "1: ALTER TABLE t ADD COLUMN d int DEFAULT 5\n"
        "1: SELECT * FROM star ORDER BY 1\n"
        "1: CREATE VIEW w (name, total, n) AS SELECT t.b, sum(u.c), count(*) FROM t LEFT JOIN u ON "
        "u.t = t.id GROUP BY t.b\n"
        "1: SELECT * FROM w ORDER BY name\n"
        "1: SELECT total FROM w WHERE n > 1\n"
        "1: CREATE VIEW over AS SELECT more * 2 AS double FROM v\n"
        "1: SELECT * FROM over ORDER BY 1\n"
        "1: CREATE VIEW numbers AS WITH c AS (SELECT 1 AS one UNION SELECT 2) SELECT one, 'lit' AS "
        "lit FROM c\n"
        "1: WITH c AS (SELECT 7 AS one) SELECT numbers.one, c.one FROM numbers, c ORDER BY 1\n"
        "1: SELECT (SELECT max(more) FROM v WHERE v.id <= t.id) FROM t ORDER BY id\n"
        "1: UPDATE t SET a = 100 FROM v WHERE v.id = t.id AND v.more > 25\n"
        "1: SELECT * FROM v ORDER BY id\n");
}

TEST_P(SqlViews, AreMadeAndReplaced) {
    expect_same(
        "1: CREATE TABLE t (id int PRIMARY KEY, a int, b text)\n"
        "1: CREATE VIEW v AS SELECT id, a + 1 AS more, b FROM t\n"
        "1: CREATE VIEW v AS SELECT 1\n"
        "1: CREATE VIEW t AS SELECT 1\n"
        "1: CREATE TABLE v (a int)\n"
        "1: CREATE VIEW x (a, b) AS SELECT 1\n"
        "1: CREATE VIEW x AS SELECT 1 AS a, 2 AS a\n"
        "1: CREATE VIEW x AS SELECT nosuch FROM t\n"
        "1: CREATE VIEW x AS SELECT id FROM nosuch\n"
        "1: CREATE OR REPLACE VIEW v AS SELECT id, a + 1 AS more, b, a FROM t\n"
        "1: INSERT INTO t VALUES (1, 2, 'three')\n"
        "1: SELECT * FROM v\n"
        "1: CREATE OR REPLACE VIEW v AS SELECT id FROM t\n"
        "1: CREATE OR REPLACE VIEW v AS SELECT id, a AS less, b, a FROM t\n"
        "1: CREATE OR REPLACE VIEW v AS SELECT id, b AS more, b, a FROM t\n"
        "1: CREATE OR REPLACE VIEW t AS SELECT 1\n"
        "1: BEGIN\n"
        "1: CREATE OR REPLACE VIEW v AS SELECT 0 AS id, 0 AS more, 'none' AS b, 0 AS a\n"
        "1: SELECT * FROM v\n"
        "1: ROLLBACK\n"
        "1: SELECT * FROM v\n"
        "1: CREATE TABLE r (v int REFERENCES v)\n");
}

TEST_P(SqlViews, GoWithWhatTheyRead) {
    expect_same(
        "1: CREATE TABLE t (id int PRIMARY KEY, a int)\n"
        "1: CREATE VIEW v AS SELECT id FROM t\n"
        "1: CREATE VIEW over AS SELECT id + 1 AS next FROM v\n"
        "1: DROP TABLE t\n"
        "1: DROP VIEW v\n"
        "1: DROP VIEW t\n"
        "1: DROP TABLE v\n"
        "1: DROP VIEW nosuch\n"
        "1: DROP VIEW IF EXISTS nosuch\n"
        "1: BEGIN\n"
        "1: DROP VIEW v CASCADE\n"
        "1: SELECT * FROM over\n"
        "1: ROLLBACK\n"
        "1: SELECT * FROM over\n"
        "1: DROP VIEW over, v\n"
        "1: CREATE VIEW v AS SELECT id FROM t\n"
        "1: CREATE VIEW over AS SELECT id + 1 AS next FROM v\n"
        "1: DROP TABLE t CASCADE\n"
        "1: SELECT * FROM v\n"
        "1: SELECT * FROM over\n");
}

ATLAS_ON_EACH_SQL_CLIENT(SqlViews);

}  // namespace
}  // namespace atlas::properties

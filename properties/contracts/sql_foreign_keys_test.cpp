// FOREIGN KEY constraints: how they are made, what they refuse, what goes along with a referenced
// row, and who waits for whom.

#include "properties/contracts/sql_script_fixture.hpp"

namespace atlas::properties {
namespace {

class SqlForeignKeys : public SqlScripts {
  protected:
    static std::string organisations() {
        return "1: CREATE TABLE orgs (id int PRIMARY KEY, slug text UNIQUE, seats int)\n"
               "1: CREATE TABLE members (id int PRIMARY KEY, org int REFERENCES orgs, role text)\n"
               "1: INSERT INTO orgs VALUES (1, 'a', 10), (2, 'b', 20), (3, 'c', 30)\n"
               "1: INSERT INTO members VALUES (1, 1, 'owner'), (2, NULL, 'none')\n";
    }
};

TEST_P(SqlForeignKeys, AreMadeOrRefused) {
    expect_same(
        "1: CREATE TABLE p (id int PRIMARY KEY, u int UNIQUE, x text, a int, b int)\n"
        "1: CREATE UNIQUE INDEX p_ab ON p (a, b)\n"
        "1: CREATE UNIQUE INDEX p_x ON p (x) WHERE x > 'a'\n"
        "1: CREATE TABLE c (id int PRIMARY KEY, pid int REFERENCES p, q int)\n"
        "1: CREATE TABLE d (a bigint REFERENCES p (id) ON DELETE CASCADE)\n"
        "1: CREATE TABLE swapped (y int, z int, FOREIGN KEY (y, z) REFERENCES p (b, a))\n"
        "1: CREATE TABLE e (a text REFERENCES p (id))\n"
        "1: CREATE TABLE e (a oid REFERENCES p)\n"
        "1: CREATE TABLE e (a int REFERENCES p (x))\n"
        "1: CREATE TABLE e (a int, FOREIGN KEY (a) REFERENCES p (id, u))\n"
        "1: CREATE TABLE e (a int, FOREIGN KEY (a) REFERENCES p (a, b))\n"
        "1: CREATE TABLE e (a int, b int, FOREIGN KEY (a, b) REFERENCES p)\n"
        "1: CREATE TABLE e (a int, FOREIGN KEY (b) REFERENCES p (id))\n"
        "1: CREATE TABLE e (a int REFERENCES p (zz))\n"
        "1: CREATE TABLE e (a int REFERENCES nosuch)\n"
        "1: CREATE TABLE e (a int, b int, FOREIGN KEY (a, b) REFERENCES p (id, id))\n"
        "1: CREATE TABLE e (a int, CONSTRAINT k FOREIGN KEY (a) REFERENCES p, CONSTRAINT k "
        "FOREIGN KEY (a) REFERENCES p)\n"
        "1: CREATE TABLE e (a int, FOREIGN KEY (a) REFERENCES p ON DELETE SET NULL (zz))\n"
        "1: CREATE TABLE e (a int, b int, FOREIGN KEY (b) REFERENCES p ON DELETE SET NULL (a))\n"
        "1: CREATE TABLE none (a int)\n"
        "1: CREATE TABLE e (a int REFERENCES none)\n"
        "1: CREATE TABLE text_key (k varchar(10) PRIMARY KEY)\n"
        "1: CREATE TABLE of_text (k text REFERENCES text_key, n name REFERENCES text_key)\n"
        "1: INSERT INTO text_key VALUES ('one')\n"
        "1: INSERT INTO of_text VALUES ('one', 'one')\n"
        "1: INSERT INTO of_text VALUES ('one', 'two')\n"
        "1: ALTER TABLE c ADD CONSTRAINT c_q FOREIGN KEY (q) REFERENCES p (u)\n"
        "1: ALTER TABLE c ADD CONSTRAINT c_q FOREIGN KEY (q) REFERENCES p (u)\n"
        "1: ALTER TABLE c ADD CONSTRAINT c_q CHECK (q > 0)\n"
        "1: ALTER TABLE c ADD FOREIGN KEY (q) REFERENCES p (u), ADD FOREIGN KEY (q) REFERENCES p\n"
        "1: ALTER TABLE c ADD COLUMN r int DEFAULT 7 REFERENCES p\n"
        "1: INSERT INTO c VALUES (1)\n"
        "1: ALTER TABLE c DROP CONSTRAINT c_r_fkey\n"
        "1: ALTER TABLE c DROP CONSTRAINT c_r_fkey\n"
        "1: ALTER TABLE c DROP CONSTRAINT IF EXISTS c_r_fkey\n"
        "1: INSERT INTO c VALUES (1)\n"
        "1: ALTER TABLE c ADD FOREIGN KEY (r) REFERENCES p (u)\n");
}

TEST_P(SqlForeignKeys, RefuseRowsThatReferToNothing) {
    expect_same(
        organisations() +
        "1: INSERT INTO members VALUES (3, 9, 'x')\n"
        "1: INSERT INTO members VALUES (3, 2, 'x'), (4, 8, 'y')\n"
        "1: UPDATE members SET org = 7 WHERE id = 1\n"
        "1: UPDATE members SET org = NULL WHERE id = 1\n"
        "1: UPDATE members SET org = 3, role = 'y'\n"
        "1: UPDATE members SET id = id + 10\n"
        "1: INSERT INTO members VALUES (1, 9, 'x') ON CONFLICT DO NOTHING\n"
        "1: INSERT INTO members VALUES (11, 2, 'x') ON CONFLICT (id) DO UPDATE SET org = 9\n"
        "1: SELECT * FROM members ORDER BY id\n");
}

TEST_P(SqlForeignKeys, KeepReferencedRowsAndTables) {
    expect_same(organisations() +
                "1: CREATE TABLE by_slug (s text REFERENCES orgs (slug) ON UPDATE RESTRICT)\n"
                "1: INSERT INTO by_slug VALUES ('b')\n"
                "1: DELETE FROM orgs WHERE id = 1\n"
                "1: DELETE FROM orgs WHERE id = 2\n"
                "1: DELETE FROM orgs WHERE id = 3\n"
                "1: UPDATE orgs SET id = 5 WHERE id = 1\n"
                "1: UPDATE orgs SET seats = 5, id = 1 WHERE id = 1\n"
                "1: UPDATE orgs SET slug = 'z' WHERE id = 2\n"
                "1: UPDATE orgs SET slug = 'z' WHERE id = 1\n"
                "1: TRUNCATE orgs\n"
                "1: TRUNCATE orgs, members\n"
                "1: DROP TABLE orgs\n"
                "1: DROP TABLE orgs, by_slug\n"
                "1: ALTER TABLE orgs DROP CONSTRAINT orgs_pkey\n"
                "1: ALTER TABLE orgs DROP CONSTRAINT orgs_slug_key CASCADE\n"
                "1: DELETE FROM orgs WHERE id = 2\n"
                "1: TRUNCATE orgs CASCADE\n"
                "1: SELECT * FROM members\n"
                "1: DROP TABLE orgs CASCADE\n"
                "1: INSERT INTO members VALUES (5, 5, 'x')\n"
                "1: DROP TABLE members, by_slug\n");
}

// NO ACTION looks at the end of the statement, RESTRICT does not wait for another row of the key.
TEST_P(SqlForeignKeys, LookAtTheEndOfTheStatement) {
    expect_same(
        "1: CREATE TABLE s (id int PRIMARY KEY, up int REFERENCES s)\n"
        "1: INSERT INTO s VALUES (2, 1), (1, 1), (3, 2)\n"
        "1: DELETE FROM s WHERE id = 1\n"
        "1: UPDATE s SET id = id + 10, up = up + 10\n"
        "1: SELECT * FROM s ORDER BY id\n"
        "1: DELETE FROM s\n"
        "1: CREATE TABLE p (id int PRIMARY KEY)\n"
        "1: CREATE TABLE c (p int REFERENCES p)\n"
        "1: CREATE TABLE r (p int REFERENCES p ON DELETE RESTRICT)\n"
        "1: INSERT INTO p VALUES (3), (2)\n"
        "1: INSERT INTO c VALUES (2)\n"
        "1: UPDATE p SET id = id - 1\n"
        "1: UPDATE p SET id = id + 1 WHERE id = 2\n"
        "1: BEGIN\n"
        "1: INSERT INTO p VALUES (9)\n"
        "1: INSERT INTO c VALUES (9)\n"
        "1: SAVEPOINT a\n"
        "1: DELETE FROM p WHERE id = 9\n"
        "1: ROLLBACK TO a\n"
        "1: DELETE FROM c WHERE p = 9\n"
        "1: DELETE FROM p WHERE id = 9\n"
        "1: COMMIT\n"
        "1: SELECT * FROM p ORDER BY id\n");
}

TEST_P(SqlForeignKeys, TakeReferringRowsAlong) {
    expect_same(
        "1: CREATE TABLE p (id int PRIMARY KEY, u int UNIQUE)\n"
        "1: CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p ON DELETE CASCADE ON UPDATE "
        "CASCADE)\n"
        "1: CREATE TABLE g (id int PRIMARY KEY, c int REFERENCES c ON DELETE CASCADE, u smallint "
        "REFERENCES p (u) ON DELETE SET NULL ON UPDATE CASCADE)\n"
        "1: CREATE TABLE d (a int, p int DEFAULT 3 REFERENCES p ON DELETE SET DEFAULT ON UPDATE "
        "SET NULL)\n"
        "1: CREATE TABLE n (p int NOT NULL REFERENCES p ON DELETE SET NULL)\n"
        "1: CREATE TABLE two (a int, b int, FOREIGN KEY (a) REFERENCES p ON DELETE SET NULL (a))\n"
        "1: INSERT INTO p VALUES (1, 10), (2, 20), (3, 30)\n"
        "1: INSERT INTO c VALUES (1, 1), (2, 1), (3, 2)\n"
        "1: INSERT INTO g VALUES (1, 1, 10), (2, 1, 20), (3, 3, 10)\n"
        "1: INSERT INTO d VALUES (1, 1), (2, 2), (3, 3)\n"
        "1: INSERT INTO two VALUES (1, 5)\n"
        "1: UPDATE p SET id = 11, u = 11 WHERE id = 1\n"
        "1: SELECT * FROM c ORDER BY id\n"
        "1: SELECT * FROM g ORDER BY id\n"
        "1: SELECT * FROM d ORDER BY a\n"
        "1: UPDATE p SET u = 99999 WHERE id = 11\n"
        "1: DELETE FROM p WHERE id = 11\n"
        "1: DELETE FROM p WHERE id = 2\n"
        "1: SELECT * FROM c ORDER BY id\n"
        "1: SELECT * FROM g ORDER BY id\n"
        "1: SELECT * FROM d ORDER BY a\n"
        "1: DELETE FROM p WHERE id = 3\n"
        "1: INSERT INTO p VALUES (4, 4)\n"
        "1: INSERT INTO n VALUES (4)\n"
        "1: DELETE FROM p WHERE id = 4\n"
        "1: INSERT INTO p VALUES (1, 1)\n"
        "1: UPDATE two SET a = 1\n"
        "1: DELETE FROM p WHERE id = 1\n"
        "1: SELECT * FROM two\n");
}

TEST_P(SqlForeignKeys, WaitForEachOther) {
    expect_same(organisations() +
                // A referring row is waited for by whoever deletes what it refers to ...
                "1: BEGIN\n"
                "1: INSERT INTO members VALUES (3, 2, 'x')\n"
                "2: UPDATE orgs SET seats = 1 WHERE id = 2\n"
                "2: DELETE FROM orgs WHERE id = 2\n"
                "1: COMMIT\n"
                // ... and the other way round.
                "1: BEGIN\n"
                "1: DELETE FROM orgs WHERE id = 3\n"
                "2: INSERT INTO members VALUES (4, 3, 'x')\n"
                "1: COMMIT\n"
                "1: BEGIN\n"
                "1: INSERT INTO orgs VALUES (4, 'd', 1)\n"
                "2: INSERT INTO members VALUES (4, 4, 'x')\n"
                "1: COMMIT\n"
                "2: INSERT INTO members VALUES (4, 4, 'x')\n"
                "1: BEGIN\n"
                "1: UPDATE orgs SET id = 40 WHERE slug = 'a' AND id = 9\n"
                "1: UPDATE orgs SET slug = 'q' WHERE id = 4\n"
                "2: INSERT INTO members VALUES (5, 4, 'x')\n"
                "1: ROLLBACK\n"
                "1: SELECT * FROM members ORDER BY id\n");
}

TEST_P(SqlForeignKeys, MayDeadlock) {
    expect_same(organisations() +
                "1: BEGIN\n"
                "2: BEGIN\n"
                "1: SELECT id FROM orgs WHERE id = 1 FOR UPDATE\n"
                "2: SELECT id FROM orgs WHERE id = 2 FOR UPDATE\n"
                "1: INSERT INTO members VALUES (3, 2, 'x')\n"
                "2: INSERT INTO members VALUES (4, 1, 'x')\n"
                "1: SELECT count(*) FROM members\n");
}

TEST_P(SqlForeignKeys, SeeWhatTheTransactionSees) {
    expect_same(organisations() +
                "1: BEGIN ISOLATION LEVEL REPEATABLE READ\n"
                "1: SELECT count(*) FROM members\n"
                "2: INSERT INTO orgs VALUES (5, 'e', 1)\n"
                "1: INSERT INTO members VALUES (3, 5, 'x')\n"
                "1: ROLLBACK\n"
                "1: BEGIN ISOLATION LEVEL REPEATABLE READ\n"
                "1: SELECT count(*) FROM members\n"
                "2: UPDATE orgs SET seats = 5 WHERE id = 2\n"
                "1: INSERT INTO members VALUES (3, 2, 'x')\n"
                "1: COMMIT\n"
                "1: BEGIN ISOLATION LEVEL REPEATABLE READ\n"
                "1: SELECT count(*) FROM members\n"
                "2: DELETE FROM orgs WHERE id = 5\n"
                "1: INSERT INTO members VALUES (4, 5, 'x')\n"
                "1: ROLLBACK\n"
                // A referring row that the transaction cannot see is in the way all the same.
                "1: BEGIN ISOLATION LEVEL REPEATABLE READ\n"
                "1: SELECT count(*) FROM members\n"
                "2: INSERT INTO members VALUES (5, 3, 'x')\n"
                "1: DELETE FROM orgs WHERE id = 3\n"
                "1: ROLLBACK\n"
                "1: ALTER TABLE members DROP CONSTRAINT members_org_fkey\n"
                "1: ALTER TABLE members ADD FOREIGN KEY (org) REFERENCES orgs ON DELETE CASCADE\n"
                "1: INSERT INTO orgs VALUES (6, 'f', 1)\n"
                "1: BEGIN ISOLATION LEVEL REPEATABLE READ\n"
                "1: SELECT count(*) FROM members\n"
                "2: INSERT INTO members VALUES (6, 6, 'x')\n"
                "1: DELETE FROM orgs WHERE id = 6\n"
                "1: ROLLBACK\n"
                "1: SELECT * FROM members ORDER BY id\n");
}

// A key that is written in another way has changed for those who refer to it; what refers has not.
TEST_P(SqlForeignKeys, EqualIsNotTheSame) {
    expect_same(
        "1: CREATE TABLE p (a numeric PRIMARY KEY, i interval UNIQUE, v int)\n"
        "1: CREATE TABLE c (a numeric REFERENCES p ON UPDATE CASCADE, v int)\n"
        "1: CREATE TABLE r (a numeric REFERENCES p ON UPDATE RESTRICT)\n"
        "1: CREATE TABLE n (i interval REFERENCES p (i) ON UPDATE CASCADE)\n"
        "1: INSERT INTO p VALUES (1.0, '1 month'), (2.0, '1 day'), (3, NULL)\n"
        "1: INSERT INTO c VALUES (1.00, 5)\n"
        "1: INSERT INTO r VALUES (2)\n"
        "1: INSERT INTO n VALUES ('30 days')\n"
        "1: UPDATE p SET a = 1.000 WHERE a = 1\n"
        "1: SELECT * FROM c\n"
        "1: UPDATE p SET a = 2.00 WHERE a = 2\n"
        "1: UPDATE p SET a = 2.0 WHERE a = 2\n"
        "1: UPDATE p SET i = '30 days' WHERE a = 1\n"
        "1: UPDATE c SET a = 1.0000\n"
        "1: SELECT * FROM p ORDER BY a\n"
        "1: SELECT * FROM n\n"
        "1: BEGIN\n"
        "1: INSERT INTO c VALUES (3.0, 1)\n"
        "2: UPDATE p SET v = 1 WHERE a = 3\n"
        "2: UPDATE p SET a = 3.0 WHERE a = 3\n"
        "1: COMMIT\n");
}

ATLAS_ON_EACH_SQL_CLIENT(SqlForeignKeys);

}  // namespace
}  // namespace atlas::properties

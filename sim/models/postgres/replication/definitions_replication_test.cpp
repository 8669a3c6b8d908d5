// Definitions on a follower: tables that are altered and renamed while it reads them, foreign keys
// and sequences after it has been promoted, and after it has started again.

#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "sim/models/postgres/testing/replicated_servers_fixture.hpp"

namespace atlas::sim::models::postgres {
namespace {

using namespace std::chrono_literals;

class DefinitionsReplication : public ::testing::Test {
  protected:
    kernel::Kernel kernel{kernel::Seed{11}};
    cluster::CalmNetwork network;
    cluster::CalmDisk disk;
    testing::ReplicatedServers servers{kernel, network, disk};

    void start_pair() {
        ServerSettings settings;
        settings.wal_retrieve_retry_interval = 1s;
        settings.max_prepared_transactions = 5;
        servers.add(settings);
        servers.add(settings);
        servers.start(0);
        servers.let_pass(100ms);
        servers.copy_before_start(1, 0);
        servers.start(1);
        servers.let_pass(500ms);
        ASSERT_EQ(servers.copy_error(1), "");
    }

    void run_all(std::initializer_list<const char*> statements) {
        for (const char* statement : statements) {
            const std::string outcome = servers.run(0, statement);
            EXPECT_FALSE(outcome.empty() || std::isdigit(outcome.front())) << outcome;
        }
    }

    void restart(int node) {
        servers.power_off(node);
        servers.power_on(node);
        servers.let_pass(200ms);
    }
};

TEST_F(DefinitionsReplication, altered_and_renamed_tables_are_followed) {
    start_pair();
    run_all({"CREATE TABLE t (id int PRIMARY KEY, a int, b text)",
             "INSERT INTO t VALUES (1, 10, 'x'), (2, 20, 'y')", "ALTER TABLE t DROP COLUMN a",
             "ALTER TABLE t ADD COLUMN c int DEFAULT 7", "ALTER TABLE t RENAME b TO called",
             "ALTER TABLE t RENAME TO people", "ALTER INDEX t_pkey RENAME TO people_pkey",
             "ALTER TABLE people ADD CONSTRAINT one_name UNIQUE (called)",
             "ALTER TABLE people ALTER c SET DEFAULT 8",
             "INSERT INTO people (id, called) VALUES (3, 'z')"});
    const std::string rows = "(1,x,7)(2,y,7)(3,z,8) SELECT 3";
    EXPECT_EQ(servers.run_until(1, "SELECT * FROM people ORDER BY id", rows), rows);
    EXPECT_EQ(servers.run(1, "SELECT id FROM people WHERE called = 'y'"), "(2) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT * FROM t"), "42P01 relation \"t\" does not exist");
    restart(1);
    EXPECT_EQ(servers.run(1, "SELECT * FROM people ORDER BY id"), rows);
    servers.kill(0);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "INSERT INTO people VALUES (4, 'z')"),
              "23505 duplicate key value violates unique constraint \"one_name\"");
    EXPECT_EQ(servers.run(1, "INSERT INTO people (id) VALUES (1)"),
              "23505 duplicate key value violates unique constraint \"people_pkey\"");
    EXPECT_EQ(servers.run(1, "CREATE TABLE t (id int PRIMARY KEY)"), "CREATE TABLE");
}

TEST_F(DefinitionsReplication, columns_of_another_type_are_followed) {
    start_pair();
    run_all(
        {"CREATE TABLE t (id int PRIMARY KEY, a int)", "INSERT INTO t VALUES (1, 10), (2, 20)"});
    EXPECT_EQ(servers.run_until(1, "SELECT count(*) FROM t", "(2) SELECT 1"), "(2) SELECT 1");
    run_all({"ALTER TABLE t ALTER a TYPE text USING 'a' || a, ALTER id TYPE text",
             "INSERT INTO t VALUES ('x', 'b')"});
    const std::string rows = "(1,a10)(2,a20)(x,b) SELECT 3";
    EXPECT_EQ(servers.run_until(1, "SELECT * FROM t ORDER BY id", rows), rows);
    EXPECT_EQ(servers.run(1, "SELECT a FROM t WHERE id = '2'"), "(a20) SELECT 1");
    restart(1);
    restart(0);
    EXPECT_EQ(servers.run(1, "SELECT * FROM t ORDER BY id"), rows);
    EXPECT_EQ(servers.run(0, "SELECT * FROM t ORDER BY id"), rows);
    run_all({"BEGIN; ALTER TABLE t ALTER a TYPE int USING length(a); PREPARE TRANSACTION 'p'"});
    servers.let_pass(200ms);
    restart(1);
    servers.kill(0);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "COMMIT PREPARED 'p'"), "COMMIT PREPARED");
    EXPECT_EQ(servers.run(1, "SELECT * FROM t ORDER BY id"), "(1,3)(2,3)(x,1) SELECT 3");
    EXPECT_EQ(servers.run(1, "INSERT INTO t VALUES ('1', 5)"),
              "23505 duplicate key value violates unique constraint \"t_pkey\"");
}

TEST_F(DefinitionsReplication, no_value_of_a_sequence_comes_twice_after_a_promotion) {
    start_pair();
    run_all({"CREATE SEQUENCE s", "CREATE SEQUENCE other", "CREATE TABLE t (id serial, v int)",
             "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"});
    // Each is shown when its transaction has committed, and that waits for the follower.
    std::string last;
    for (int i = 0; i < 70; ++i)
        last = servers.run(0, "INSERT INTO t (v) VALUES (1) RETURNING id, nextval('s')");
    EXPECT_EQ(last, "(70,70) INSERT 0 1");
    run_all({"ALTER SEQUENCE other RESTART 500", "SELECT nextval('other')"});
    servers.kill(0);
    EXPECT_EQ(servers.run(1, "SELECT nextval('s')"),
              "25006 cannot execute nextval() in a read-only transaction");
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT nextval('s') > 70"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "SELECT nextval('other') > 500"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "INSERT INTO t (v) VALUES (1) RETURNING id > 70"), "(t) INSERT 0 1");
    EXPECT_EQ(servers.run(1, "SELECT setval('s', 1000)"), "(1000) SELECT 1");
    restart(1);
    EXPECT_EQ(servers.run(1, "SELECT nextval('s') > 1000"), "(t) SELECT 1");
}

TEST_F(DefinitionsReplication, foreign_keys_are_kept_after_a_promotion) {
    start_pair();
    run_all({"CREATE TABLE users (id int PRIMARY KEY)",
             "CREATE TABLE posts (id int PRIMARY KEY, writer int)",
             "INSERT INTO users VALUES (1), (2)", "INSERT INTO posts VALUES (1, 1), (2, 2)",
             "ALTER TABLE posts ADD CONSTRAINT written FOREIGN KEY (writer) REFERENCES users ON "
             "DELETE SET NULL",
             "ALTER TABLE users RENAME TO people"});
    servers.let_pass(200ms);
    restart(1);
    servers.kill(0);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "INSERT INTO posts VALUES (3, 3)"),
              "23503 insert or update on table \"posts\" violates foreign key constraint "
              "\"written\"");
    EXPECT_EQ(servers.run(1, "DELETE FROM people WHERE id = 1"), "DELETE 1");
    EXPECT_EQ(servers.run(1, "SELECT * FROM posts ORDER BY id"), "(1,~)(2,2) SELECT 2");
    EXPECT_EQ(servers.run(1, "DROP TABLE people"),
              "2BP01 cannot drop table people because other objects depend on it");
}

TEST_F(DefinitionsReplication, a_prepared_transaction_brings_its_definitions_along) {
    start_pair();
    run_all({"CREATE TABLE users (id int PRIMARY KEY, v int)", "INSERT INTO users VALUES (1, 1)",
             "BEGIN; CREATE TABLE posts (id serial, writer int REFERENCES users ON DELETE "
             "CASCADE); INSERT INTO posts (writer) VALUES (1), (1); ALTER TABLE posts RENAME TO "
             "letters; PREPARE TRANSACTION 'letters'"});
    servers.let_pass(200ms);
    EXPECT_EQ(servers.run(1, "SELECT * FROM letters"), "42P01 relation \"letters\" does not exist");
    restart(1);
    servers.kill(0);
    EXPECT_EQ(servers.run(1, "SELECT pg_promote()"), "(t) SELECT 1");
    EXPECT_EQ(servers.run(1, "SET lock_timeout = 50; DELETE FROM users"),
              "55P03 canceling statement due to lock timeout");
    EXPECT_EQ(servers.run(1, "COMMIT PREPARED 'letters'"), "COMMIT PREPARED");
    EXPECT_EQ(servers.run(1, "INSERT INTO letters (writer) VALUES (1) RETURNING id > 2"),
              "(t) INSERT 0 1");
    EXPECT_EQ(servers.run(1, "INSERT INTO letters (writer) VALUES (2)"),
              "23503 insert or update on table \"letters\" violates foreign key constraint "
              "\"posts_writer_fkey\"");
    EXPECT_EQ(servers.run(1, "DELETE FROM users"), "DELETE 1");
    EXPECT_EQ(servers.run(1, "SELECT count(*) FROM letters"), "(0) SELECT 1");
}

}  // namespace
}  // namespace atlas::sim::models::postgres

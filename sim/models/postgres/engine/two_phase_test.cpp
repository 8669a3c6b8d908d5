// Prepared transactions: who sees what, who waits for them, and that neither a crash nor a loss of
// power decides for their coordinator. What PostgreSQL says of each mistake is in the contract
// (properties/contracts/sql_port_two_phase_test.cpp).

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "sim/cluster/calm.hpp"
#include "sim/models/postgres/testing/client.hpp"
#include "sim/models/postgres/testing/schedule.hpp"

namespace atlas::sim::models::postgres {
namespace {

using host::Task;
using namespace std::chrono_literals;

using Life = std::function<Task<>(host::Host&, Server&)>;

ServerSettings with_prepared_transactions() {
    ServerSettings settings;
    settings.max_prepared_transactions = 10;
    return settings;
}

Task<> live(host::Host& host, const std::vector<Life>& lives, std::size_t& incarnation,
            ServerSettings settings) {
    auto opened = co_await Server::open(host, settings, "postgres");
    if (!opened) {
        ADD_FAILURE() << host::describe(opened.error());
        co_return;
    }
    const std::unique_ptr<Server> server = *std::move(opened);
    co_await lives.at(incarnation++)(host, *server);
    co_await host::sleep_for(host, 100s);
}

// One life of a second after the other on one disk, with a loss of power between.
void live_through(std::vector<Life> lives, ServerSettings settings = with_prepared_transactions()) {
    kernel::Kernel kernel{kernel::Seed{5}};
    cluster::CalmNetwork network;
    cluster::CalmDisk disk;
    cluster::Cluster cluster(kernel, network, disk);
    std::size_t incarnation = 0;
    const auto machine = cluster.add_machine("machine");
    const auto process = cluster.add_process(machine, "postgres", [&](host::Host& host) {
        return live(host, lives, incarnation, settings);
    });
    cluster.start(process);
    for (std::size_t i = 1; i <= lives.size(); ++i) {
        kernel.run_until(host::TimePoint{std::chrono::seconds(2 * i)});
        EXPECT_EQ(incarnation, i);
        cluster.power_off(machine);
        if (i < lives.size()) cluster.power_on(machine);
    }
}

Task<> expect(Server& server, std::string statements, std::string expected) {
    testing::Client client(server);
    const std::string result = co_await client.query(statements);
    EXPECT_EQ(result, expected) << statements;
}

Task<> transcript(host::Host& host, Server& server, std::string steps, std::string expected) {
    const std::string found =
        co_await testing::run_schedule(host, server, testing::parse_schedule(steps));
    EXPECT_EQ(found, expected);
}

TEST(TwoPhase, a_serializable_one_is_watched_again_after_a_loss_of_power) {
    live_through({
        [](host::Host&, Server& server) -> Task<> {
            co_await expect(server,
                            "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, "
                            "1), (2, 1)",
                            "CREATE TABLE\nINSERT 0 2");
            co_await expect(server,
                            "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT v FROM t WHERE id = 1; "
                            "UPDATE t SET v = 0 WHERE id = 2; PREPARE TRANSACTION 'a'",
                            "BEGIN\n(1) SELECT 1\nUPDATE 1\nPREPARE TRANSACTION");
        },
        [](host::Host&, Server& server) -> Task<> {
            // Each would have read what the other one wrote over.
            testing::Client client(server);
            const std::string skewed = co_await client.query(
                "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT v FROM t WHERE id = 2; "
                "UPDATE t SET v = 0 WHERE id = 1; COMMIT");
            EXPECT_TRUE(skewed.contains("40001")) << skewed;
            co_await client.query("ROLLBACK");
            co_await expect(server, "COMMIT PREPARED 'a'", "COMMIT PREPARED");
            co_await expect(server,
                            "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT v FROM t WHERE id = 2; "
                            "UPDATE t SET v = 0 WHERE id = 1; COMMIT",
                            "BEGIN\n(0) SELECT 1\nUPDATE 1\nCOMMIT");
        },
    });
}

TEST(TwoPhase, outlives_a_loss_of_power_undecided_and_is_then_committed) {
    live_through({
        [](host::Host&, Server& server) -> Task<> {
            co_await expect(server,
                            "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, "
                            "1), (2, 2)",
                            "CREATE TABLE\nINSERT 0 2");
            co_await expect(server,
                            "BEGIN; UPDATE t SET v = 10 WHERE id = 1; DELETE FROM t WHERE id = 2; "
                            "INSERT INTO t VALUES (3, 3); PREPARE TRANSACTION 'a'",
                            "BEGIN\nUPDATE 1\nDELETE 1\nINSERT 0 1\nPREPARE TRANSACTION");
        },
        [](host::Host& host, Server& server) -> Task<> {
            co_await expect(server, "SELECT id, v FROM t ORDER BY id", "(1,1)(2,2) SELECT 2");
            co_await expect(server, "SELECT gid, owner, database FROM pg_prepared_xacts",
                            "(a,atlas,atlas) SELECT 1");
            co_await transcript(host, server,
                                "1: UPDATE t SET v = v + 1 WHERE id = 1\n"
                                "2: INSERT INTO t VALUES (3, 0)\n"
                                "3: ALTER TABLE t ADD COLUMN w int\n"
                                "4: COMMIT PREPARED 'a'\n",
                                "1: waits\n2: waits\n3: waits\n"
                                "1: UPDATE 1\n"
                                "2: 23505 duplicate key value violates unique constraint "
                                "\"t_pkey\"\n"
                                "3: ALTER TABLE\n"
                                "4: COMMIT PREPARED\n");
        },
        [](host::Host&, Server& server) -> Task<> {
            co_await expect(server, "SELECT id, v FROM t ORDER BY id", "(1,11)(3,3) SELECT 2");
            co_await expect(server, "SELECT count(*) FROM pg_prepared_xacts", "(0) SELECT 1");
        },
    });
}

TEST(TwoPhase, is_rolled_back_after_a_checkpoint_and_two_restarts) {
    ServerSettings settings = with_prepared_transactions();
    settings.max_wal_size = 4096;
    const auto grow = [](Server& server) {
        return expect(server, "INSERT INTO big VALUES ('" + std::string(6000, 'x') + "')",
                      "INSERT 0 1");
    };
    live_through({
                     [&](host::Host&, Server& server) -> Task<> {
                         co_await expect(
                             server,
                             "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE big (x text); "
                             "INSERT INTO t VALUES (1)",
                             "CREATE TABLE\nCREATE TABLE\nINSERT 0 1");
                         co_await expect(server,
                                         "BEGIN; DELETE FROM t; INSERT INTO t VALUES (2); "
                                         "PREPARE TRANSACTION 'a'",
                                         "BEGIN\nDELETE 1\nINSERT 0 1\nPREPARE TRANSACTION");
                         co_await grow(server);
                     },
                     [&](host::Host&, Server& server) -> Task<> { co_await grow(server); },
                     [](host::Host&, Server& server) -> Task<> {
                         co_await expect(server, "ROLLBACK PREPARED 'a'", "ROLLBACK PREPARED");
                         co_await expect(server, "SELECT id FROM t", "(1) SELECT 1");
                         co_await expect(server, "INSERT INTO t VALUES (2)", "INSERT 0 1");
                     },
                     [](host::Host&, Server& server) -> Task<> {
                         co_await expect(server, "SELECT id FROM t ORDER BY id", "(1)(2) SELECT 2");
                     },
                 },
                 settings);
}

TEST(TwoPhase, keeps_row_locks_advisory_locks_and_definitions_over_a_restart) {
    live_through({
        [](host::Host&, Server& server) -> Task<> {
            co_await expect(server,
                            "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); "
                            "CREATE TABLE u (a int); INSERT INTO u VALUES (7)",
                            "CREATE TABLE\nINSERT 0 1\nCREATE TABLE\nINSERT 0 1");
            co_await expect(server,
                            "BEGIN; SELECT id FROM t FOR UPDATE; SELECT pg_advisory_xact_lock(4); "
                            "PREPARE TRANSACTION 'locks'",
                            "BEGIN\n(1) SELECT 1\n() SELECT 1\nPREPARE TRANSACTION");
            co_await expect(server,
                            "BEGIN; CREATE TABLE v (a int UNIQUE); INSERT INTO v VALUES (3); "
                            "ALTER TABLE u ADD COLUMN b int DEFAULT 5; "
                            "PREPARE TRANSACTION 'definitions'",
                            "BEGIN\nCREATE TABLE\nINSERT 0 1\nALTER TABLE\nPREPARE TRANSACTION");
        },
        [](host::Host& host, Server& server) -> Task<> {
            co_await expect(server, "SELECT id FROM t FOR UPDATE SKIP LOCKED", "SELECT 0");
            co_await expect(server, "SELECT pg_try_advisory_lock(4)", "(f) SELECT 1");
            co_await expect(server, "SELECT a FROM v", "42P01 relation \"v\" does not exist");
            co_await transcript(host, server,
                                "1: SELECT * FROM u\n"
                                "2: COMMIT PREPARED 'definitions'\n"
                                "2: INSERT INTO v VALUES (3)\n",
                                "1: waits\n"
                                "1: (7,5) SELECT 1\n"
                                "2: COMMIT PREPARED\n"
                                "2: 23505 duplicate key value violates unique constraint "
                                "\"v_a_key\"\n");
            co_await expect(server, "ROLLBACK PREPARED 'locks'", "ROLLBACK PREPARED");
            co_await expect(server, "SELECT id FROM t FOR UPDATE SKIP LOCKED", "(1) SELECT 1");
        },
        [](host::Host&, Server& server) -> Task<> {
            co_await expect(server, "SELECT a, b FROM u", "(7,5) SELECT 1");
        },
    });
}

// A weak lock lets others make newer versions of the row: it holds on those, by way of a checkpoint
// and of the log.
TEST(TwoPhase, keeps_a_weak_row_lock_on_the_newest_version) {
    live_through({
        [](host::Host&, Server& server) -> Task<> {
            co_await expect(server,
                            "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, "
                            "0), (2, 0)",
                            "CREATE TABLE\nINSERT 0 2");
            co_await expect(server,
                            "BEGIN; SELECT id FROM t ORDER BY id FOR KEY SHARE; "
                            "PREPARE TRANSACTION 'a'",
                            "BEGIN\n(1)(2) SELECT 2\nPREPARE TRANSACTION");
            co_await expect(server, "UPDATE t SET v = 1; UPDATE t SET v = 2", "UPDATE 2\nUPDATE 2");
        },
        [](host::Host&, Server& server) -> Task<> {
            co_await expect(server, "UPDATE t SET v = 3 WHERE id = 1", "UPDATE 1");
        },
        [](host::Host&, Server& server) -> Task<> {
            co_await expect(server, "SELECT v FROM t FOR NO KEY UPDATE SKIP LOCKED",
                            "(2)(3) SELECT 2");
            co_await expect(server, "SELECT v FROM t FOR UPDATE SKIP LOCKED", "SELECT 0");
            co_await expect(server, "COMMIT PREPARED 'a'", "COMMIT PREPARED");
            co_await expect(server, "DELETE FROM t", "DELETE 2");
        },
    });
}

// A foreign key's check locks the row that it found, and who is prepared keeps that lock.
TEST(TwoPhase, keeps_the_rows_that_it_refers_to_over_a_restart) {
    live_through({
        [](host::Host&, Server& server) -> Task<> {
            co_await expect(server,
                            "CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1); "
                            "CREATE TABLE c (p int REFERENCES p)",
                            "CREATE TABLE\nINSERT 0 1\nCREATE TABLE");
            co_await expect(server, "BEGIN; INSERT INTO c VALUES (1); PREPARE TRANSACTION 'a'",
                            "BEGIN\nINSERT 0 1\nPREPARE TRANSACTION");
        },
        [](host::Host& host, Server& server) -> Task<> {
            co_await transcript(host, server,
                                "1: DELETE FROM p WHERE id = 1\n"
                                "2: COMMIT PREPARED 'a'\n",
                                "1: waits\n"
                                "1: 23503 update or delete on table \"p\" violates foreign key "
                                "constraint \"c_p_fkey\" on table \"c\"\n"
                                "2: COMMIT PREPARED\n");
        },
    });
}

TEST(TwoPhase, keeps_where_its_own_sequences_have_got_to) {
    ServerSettings settings = with_prepared_transactions();
    settings.max_wal_size = 4096;
    const auto grow = [](Server& server) {
        return expect(server, "INSERT INTO big VALUES ('" + std::string(6000, 'x') + "')",
                      "INSERT 0 1");
    };
    live_through({
                     [&](host::Host&, Server& server) -> Task<> {
                         co_await expect(server, "CREATE TABLE big (x text); CREATE SEQUENCE old",
                                         "CREATE TABLE\nCREATE SEQUENCE");
                         co_await expect(server,
                                         "BEGIN; CREATE SEQUENCE s; SELECT nextval('s'); "
                                         "ALTER SEQUENCE old RENAME TO renamed; "
                                         "PREPARE TRANSACTION 'a'",
                                         "BEGIN\nCREATE SEQUENCE\n(1) SELECT 1\nALTER SEQUENCE\n"
                                         "PREPARE TRANSACTION");
                         co_await grow(server);
                     },
                     [&](host::Host&, Server& server) -> Task<> { co_await grow(server); },
                     [](host::Host&, Server& server) -> Task<> {
                         co_await expect(server, "COMMIT PREPARED 'a'", "COMMIT PREPARED");
                         co_await expect(server, "SELECT nextval('s') > 1", "(t) SELECT 1");
                         co_await expect(server, "SELECT nextval('renamed')", "(1) SELECT 1");
                         co_await expect(server, "SELECT nextval('old')",
                                         "42P01 relation \"old\" does not exist");
                     },
                 },
                 settings);
}

TEST(TwoPhase, is_refused_where_it_is_switched_off) {
    live_through({[](host::Host&, Server& server) -> Task<> {
                     testing::Client client(server);
                     const std::string result =
                         co_await client.query("BEGIN; PREPARE TRANSACTION 'a'");
                     EXPECT_EQ(result, "BEGIN\n55000 prepared transactions are disabled");
                     EXPECT_EQ(client.last_error()->hint,
                               "Set max_prepared_transactions to a nonzero value.");
                 }},
                 {});
}

}  // namespace
}  // namespace atlas::sim::models::postgres

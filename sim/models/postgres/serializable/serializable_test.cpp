// What serializable transactions do to each other, step by step; and that little is remembered of
// them. The transcripts are those of PostgreSQL 15.20 for the same steps.

#include "sim/models/postgres/serializable/serializable.hpp"

#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/testing/client.hpp"
#include "sim/models/postgres/testing/schedule.hpp"

namespace atlas::sim::models::postgres {
namespace {

using host::Task;
using testing::Client;

void with_server(const std::function<Task<>(Server&)>& body) {
    const cluster::CalmRun run = cluster::run_calmly([&](host::Host& host) -> Task<> {
        return [](host::Host& given, const std::function<Task<>(Server&)>& work) -> Task<> {
            auto server = co_await Server::open(given, {}, "postgres");
            if (!server) co_return;
            co_await work(**server);
            co_await (*server)->shutdown();
        }(host, body);
    });
    EXPECT_TRUE(run.finished);
}

constexpr const char* doctors =
    "CREATE TABLE doctors (name text, on_call boolean); "
    "INSERT INTO doctors VALUES ('ann', true), ('bob', true)";
constexpr const char* begin = "BEGIN ISOLATION LEVEL SERIALIZABLE";

TEST(Serializable, of_a_write_skew_one_fails_and_says_why) {
    with_server([](Server& server) -> Task<> {
        Client one(server);
        Client two(server);
        co_await one.query(doctors);
        for (Client* client : {&one, &two}) {
            co_await client->query(begin);
            EXPECT_EQ(co_await client->query("SELECT count(*) FROM doctors WHERE on_call"),
                      "(2) SELECT 1");
        }
        EXPECT_EQ(co_await one.query("UPDATE doctors SET on_call = false WHERE name = 'ann'"),
                  "UPDATE 1");
        EXPECT_EQ(co_await two.query("UPDATE doctors SET on_call = false WHERE name = 'bob'"),
                  "UPDATE 1");
        EXPECT_EQ(co_await one.query("COMMIT"), "COMMIT");
        EXPECT_EQ(co_await two.query("COMMIT"),
                  "40001 could not serialize access due to read/write dependencies among "
                  "transactions");
        EXPECT_EQ(two.last_error()->detail,
                  "Reason code: Canceled on identification as a pivot, during commit attempt.");
        EXPECT_EQ(two.last_error()->hint, "The transaction might succeed if retried.");
        EXPECT_EQ(two.session().transaction_state(), TransactionState::idle);
        EXPECT_EQ(co_await one.query("SELECT count(*) FROM doctors WHERE on_call"), "(1) SELECT 1");
    });
}

TEST(Serializable, a_statement_by_itself_fails_at_its_own_commit) {
    with_server([](Server& server) -> Task<> {
        const std::vector<std::pair<std::string, std::string>> serializable = {
            {"default_transaction_isolation", "serializable"}};
        Client one(server, serializable);
        Client two(server, serializable);
        co_await one.query(doctors);
        EXPECT_EQ(co_await two.query("SHOW transaction_isolation"), "(serializable) SHOW");
        co_await one.query("BEGIN");
        co_await one.query("SELECT count(*) FROM doctors WHERE on_call");
        co_await two.query(
            "BEGIN; SELECT count(*) FROM doctors WHERE on_call; "
            "UPDATE doctors SET on_call = false WHERE name = 'bob'");
        co_await two.query("COMMIT");
        EXPECT_EQ(co_await one.query("UPDATE doctors SET on_call = false WHERE name = 'ann'"),
                  "40001 could not serialize access due to read/write dependencies among "
                  "transactions");
        EXPECT_EQ(one.last_error()->detail,
                  "Reason code: Canceled on identification as a pivot, during write.");
        co_await one.query("ROLLBACK");
    });
}

TEST(Serializable, what_reads_only_waits_for_a_safe_snapshot_if_it_is_deferrable) {
    with_server([](Server& server) -> Task<> {
        Client writer(server);
        Client reader(server);
        co_await writer.query(doctors);
        co_await reader.query("BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY, DEFERRABLE");
        // Nobody writes: there is nothing to watch.
        EXPECT_EQ(co_await reader.query("SELECT count(*) FROM doctors; COMMIT"),
                  "(2) SELECT 1\nCOMMIT");
        EXPECT_EQ(server.engine().serializable().watched(), 0U);
        co_await writer.query("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1");
        EXPECT_EQ(co_await reader.query(
                      "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE; "
                      "SET LOCAL statement_timeout = '100ms'; SELECT count(*) FROM doctors"),
                  "BEGIN\nSET\n57014 canceling statement due to statement timeout");
        co_await reader.query("ROLLBACK");
        co_await writer.query("COMMIT");
        EXPECT_EQ(server.engine().serializable().watched(), 0U);
    });
}

TEST(Serializable, deferrable_is_for_the_time_before_the_first_query) {
    with_server([](Server& server) -> Task<> {
        Client client(server);
        EXPECT_EQ(co_await client.query("BEGIN DEFERRABLE; SHOW transaction_deferrable"),
                  "BEGIN\n(on) SHOW");
        EXPECT_EQ(co_await client.query("SELECT 1; SET TRANSACTION NOT DEFERRABLE"),
                  "(1) SELECT 1\n25001 SET TRANSACTION [NOT] DEFERRABLE must be called before any "
                  "query");
        co_await client.query("ROLLBACK");
        EXPECT_EQ(co_await client.query("BEGIN; SAVEPOINT a; SET TRANSACTION DEFERRABLE"),
                  "BEGIN\nSAVEPOINT\n25001 SET TRANSACTION [NOT] DEFERRABLE cannot be called "
                  "within a subtransaction");
    });
}

TEST(Serializable, nothing_is_remembered_once_nobody_overlaps_it) {
    with_server([](Server& server) -> Task<> {
        Client client(server);
        co_await client.query("CREATE TABLE t (id int PRIMARY KEY, v int)");
        co_await client.query("INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4)");
        SerializableTransactions& watch = server.engine().serializable();
        co_await client.query(begin);
        co_await client.query("SELECT v FROM t WHERE id = 1");
        // A key and the row under it.
        EXPECT_EQ(watch.locks(), 2U);
        co_await client.query("SELECT v FROM t WHERE id = 2; SELECT v FROM t WHERE id = 3");
        // Three rows of a page have become the page.
        EXPECT_EQ(watch.locks(), 4U);
        co_await client.query("SELECT count(*) FROM t");
        // And the page the table; the keys stay.
        EXPECT_EQ(watch.locks(), 4U);
        co_await client.query("COMMIT");
        EXPECT_EQ(watch.locks(), 0U);
        EXPECT_EQ(watch.watched(), 0U);
    });
}

// Nine transactions read and write while an old one runs; all but the last two are summarised.
TEST(Serializable, what_is_summarised_still_counts) {
    cluster::run_calmly([](host::Host& host) -> Task<> {
        LockTable lock_table(host);
        TransactionTable transactions(lock_table);
        SerializableTransactions watch(transactions, {.committed = 2});
        const auto begun = [&](std::uint32_t process) {
            auto transaction = std::make_shared<Transaction>();
            transaction->isolation = IsolationLevel::serializable;
            transaction->locks = std::make_shared<LockOwner>(lock_table, process);
            transaction->snapshot = transactions.take_snapshot();
            watch.begin(*transaction, transaction->locks);
            return transaction;
        };
        const auto commit = [&](Transaction& transaction) {
            const Checked<> allowed = watch.before_commit(transaction);
            if (allowed) {
                transactions.end(transaction.ids);
                watch.committed(transaction);
            } else {
                transactions.end(transaction.ids);
                watch.rolled_back(transaction);
            }
            lock_table.release_all(*transaction.locks, true);
            return allowed.has_value();
        };
        constexpr Oid table = 1;
        constexpr Oid other = 2;
        Heap heap(table);
        RowVersion& read_by_all = heap.insert(1, {});
        read_by_all.made_by = frozen_transaction;
        const auto old = begun(1);
        transactions.assign_id(*old);
        EXPECT_TRUE(watch.relation_read(*old, other).has_value());
        for (std::uint32_t process = 2; process < 11; ++process) {
            const auto each = begun(process);
            transactions.assign_id(*each);
            EXPECT_TRUE(watch.row_read(*each, table, read_by_all, true).has_value());
            EXPECT_TRUE(watch.row_write(*each, other, nullptr).has_value());
            EXPECT_TRUE(commit(*each));
        }
        EXPECT_LE(watch.watched(), 3U);
        // It has read what they wrote; to write what they have read closes the circle.
        const Checked<> written = watch.row_write(*old, table, &read_by_all);
        EXPECT_FALSE(written.has_value() && commit(*old));
        if (!written) {
            transactions.end(old->ids);
            watch.rolled_back(*old);
            lock_table.release_all(*old->locks, true);
        }
        EXPECT_EQ(watch.watched(), 0U);
        EXPECT_EQ(watch.locks(), 0U);
        co_return;
    });
}

}  // namespace
}  // namespace atlas::sim::models::postgres

// Row versions that nobody can see any more are gone, on a primary and on a follower: memory does
// not grow with the number of changes.

#include <gtest/gtest.h>

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/testing/replicated_pair_fixture.hpp"

namespace atlas::sim::models::postgres {
namespace {

using namespace std::chrono_literals;

struct Kept {
    std::size_t versions = 0;
    std::size_t index_entries = 0;  ///< Of the index that has most.
};

class Garbage : public testing::ReplicatedPair {
  protected:
    Kept kept(int node) {
        Engine& engine = servers.server(node)->engine();
        const Heap& heap = engine.heap(engine.catalog().tables().find("t")->second->oid);
        Kept kept{.versions = heap.versions().size()};
        for (const auto& [oid, index] : heap.indexes())
            kept.index_entries = std::max(kept.index_entries, index.size());
        return kept;
    }

    void expect_kept(int node, std::size_t versions) {
        EXPECT_EQ(kept(node).versions, versions) << "node " << node;
        EXPECT_EQ(kept(node).index_entries, versions) << "node " << node;
    }

    /// So many transactions of one update each, over the rows in turn.
    void update(int times) {
        std::string statements;
        for (int i = 0; i < times; ++i) {
            statements += "BEGIN; UPDATE t SET v = v + 1 WHERE id = " + std::to_string(i % 10 + 1) +
                          "; COMMIT; ";
        }
        ASSERT_EQ(servers.run(0, statements), "COMMIT");
    }

    void begin_reading(int session, int node) {
        ASSERT_EQ(in_session(session, node, "BEGIN ISOLATION LEVEL REPEATABLE READ"), "BEGIN");
        ASSERT_EQ(in_session(session, node, "SELECT count(*) FROM t"), "(10) SELECT 1");
    }

    void start_pair_of_ten_rows() {
        start_pair();
        ASSERT_EQ(servers.run(0, "CREATE INDEX i ON t (v)"), "CREATE INDEX");
        ASSERT_EQ(servers.run(0, "INSERT INTO t SELECT i, 0 FROM generate_series(2, 10) AS i"),
                  "INSERT 0 9");
        ASSERT_EQ(servers.run_until(1, "SELECT count(*) FROM t", "(10) SELECT 1"), "(10) SELECT 1");
    }

    void catch_up() {
        const std::string sum = servers.run(0, "SELECT sum(v) FROM t");
        ASSERT_EQ(servers.run_until(1, "SELECT sum(v) FROM t", sum), sum);
    }
};

// At any time a reader is there, and no snapshot is older than three batches.
TEST_F(Garbage, does_not_grow_with_changes_while_readers_come_and_go) {
    start_pair_of_ten_rows();
    constexpr int batch = 500;
    constexpr int batches = 200;
    for (int i = 0; i < batches; ++i) {
        for (int node = 0; node < 2; ++node) {
            const int session = 2 * (i % 3) + node;
            if (i >= 3) ASSERT_EQ(in_session(session, node, "COMMIT"), "COMMIT");
            begin_reading(session, node);
        }
        update(batch);
        ASSERT_LE(kept(0).versions, 10U + 4 * batch);
        ASSERT_LE(kept(1).versions, 10U + 4 * batch);
    }
    for (int session = 0; session < 6; ++session)
        ASSERT_EQ(in_session(session, session % 2, "COMMIT"), "COMMIT");
    update(1);
    catch_up();
    expect_kept(0, 10);
    expect_kept(1, 10);
}

// What a snapshot sees stays for as long as it is there, and no longer.
TEST_F(Garbage, stays_for_the_oldest_snapshot) {
    start_pair_of_ten_rows();
    begin_reading(1, 0);
    begin_reading(2, 1);
    update(1000);
    catch_up();
    expect_kept(0, 1010);
    expect_kept(1, 1010);
    EXPECT_EQ(in_session(1, 0, "SELECT sum(v) FROM t"), "(1) SELECT 1");
    EXPECT_EQ(in_session(2, 1, "SELECT sum(v) FROM t"), "(1) SELECT 1");
    EXPECT_EQ(in_session(1, 0, "COMMIT"), "COMMIT");
    EXPECT_EQ(in_session(2, 1, "COMMIT"), "COMMIT");
    update(1);
    catch_up();
    expect_kept(0, 10);
    expect_kept(1, 10);
}

// The ends of readers' transactions clear up too: here there are none.
TEST_F(Garbage, is_cleared_by_replay_alone) {
    start_pair_of_ten_rows();
    update(1000);
    servers.let_pass(1s);
    expect_kept(0, 10);
    expect_kept(1, 10);
    catch_up();
}

TEST_F(Garbage, of_what_is_rolled_back_nothing_stays) {
    start_pair_of_ten_rows();
    for (int i = 0; i < 100; ++i)
        ASSERT_EQ(servers.run(0, "BEGIN; UPDATE t SET v = v + 1; ROLLBACK"), "ROLLBACK");
    expect_kept(0, 10);
}

// The last snapshot that saw it ends while the rows are put aside for others of another shape.
TEST_F(Garbage, of_rows_that_come_back_nothing_stays) {
    start_pair_of_ten_rows();
    ASSERT_EQ(servers.run(0, "CREATE TABLE u (id int)"), "CREATE TABLE");
    ASSERT_EQ(in_session(1, 0, "BEGIN ISOLATION LEVEL REPEATABLE READ"), "BEGIN");
    ASSERT_EQ(in_session(1, 0, "SELECT count(*) FROM u"), "(0) SELECT 1");
    update(100);
    expect_kept(0, 110);
    ASSERT_EQ(in_session(2, 0, "BEGIN"), "BEGIN");
    ASSERT_EQ(in_session(2, 0, "ALTER TABLE t ALTER v TYPE bigint"), "ALTER TABLE");
    ASSERT_EQ(in_session(1, 0, "COMMIT"), "COMMIT");
    ASSERT_EQ(servers.run(0, "INSERT INTO u VALUES (1)"), "INSERT 0 1");
    ASSERT_EQ(in_session(2, 0, "ROLLBACK"), "ROLLBACK");
    update(1);
    expect_kept(0, 10);
}

}  // namespace
}  // namespace atlas::sim::models::postgres

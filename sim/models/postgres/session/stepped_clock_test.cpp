// A machine's wall clock is set while sessions run: what of time a transaction sees once and for
// all, what it reads anew, and that no time limit goes by it.

#include <gtest/gtest.h>

#include "sim/models/postgres/testing/replicated_pair_fixture.hpp"

namespace atlas::sim::models::postgres {
namespace {

using namespace std::chrono_literals;

class SteppedClock : public testing::ReplicatedPair {
  protected:
    void step(host::Duration offset) {
        servers.cluster().clock(servers.machine(0)).set_offset(offset);
    }
};

TEST_F(SteppedClock, a_transaction_keeps_its_time_and_the_clock_goes_its_own_way) {
    start_pair();
    ASSERT_EQ(in_session(1, 0, "CREATE TABLE log (id int, at timestamptz DEFAULT now())"),
              "CREATE TABLE");
    ASSERT_EQ(in_session(1, 0, "BEGIN"), "BEGIN");
    ASSERT_EQ(in_session(1, 0, "INSERT INTO log VALUES (1)"), "INSERT 0 1");
    step(-1h);
    ASSERT_EQ(in_session(1, 0, "INSERT INTO log VALUES (2)"), "INSERT 0 1");
    EXPECT_EQ(in_session(1, 0, "SELECT count(DISTINCT at), bool_and(at = now()) FROM log"),
              "(1,t) SELECT 1");
    EXPECT_EQ(in_session(1, 0,
                         "SELECT clock_timestamp() < now() - interval '59 minutes', "
                         "statement_timestamp() < now() - interval '59 minutes'"),
              "(t,t) SELECT 1");
    step(1h);
    EXPECT_EQ(in_session(1, 0, "SELECT clock_timestamp() > now() + interval '59 minutes'"),
              "(t) SELECT 1");
    ASSERT_EQ(in_session(1, 0, "COMMIT"), "COMMIT");

    // The next one begins at what the clock says by then, which may be before the last.
    step(-1h);
    ASSERT_EQ(in_session(1, 0, "INSERT INTO log VALUES (3)"), "INSERT 0 1");
    EXPECT_EQ(in_session(1, 0, "SELECT id FROM log ORDER BY at, id"), "(3)(1)(2) SELECT 3");
}

TEST_F(SteppedClock, time_limits_do_not_go_by_it) {
    start_pair();
    ASSERT_EQ(in_session(1, 0, "SET statement_timeout = '2s'"), "SET");
    servers.begin(1, 0, "SELECT pg_sleep(1)");
    servers.let_pass(100ms);
    step(1h);
    servers.let_pass(700ms);
    EXPECT_EQ(servers.outcome(1), std::nullopt) << "neither the sleep nor its limit is over";
    servers.let_pass(300ms);
    EXPECT_EQ(servers.outcome(1), "() SELECT 1");
    servers.begin(1, 0, "SELECT pg_sleep(60)");
    servers.let_pass(100ms);
    step(-1h);
    servers.let_pass(1800ms);
    EXPECT_EQ(servers.outcome(1), std::nullopt);
    servers.let_pass(200ms);
    EXPECT_EQ(servers.outcome(1), "57014 canceling statement due to statement timeout");
}

}  // namespace
}  // namespace atlas::sim::models::postgres

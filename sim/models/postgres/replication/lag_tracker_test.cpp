// The lags of pg_stat_replication: by themselves, and over the simulated network.

#include "sim/models/postgres/replication/lag_tracker.hpp"

#include <gtest/gtest.h>

#include "sim/models/postgres/testing/replicated_pair_fixture.hpp"

namespace atlas::sim::models::postgres {
namespace {

using namespace std::chrono_literals;

StandbyStatus at(std::uint64_t written, std::uint64_t flushed, std::uint64_t applied) {
    return {.written = written, .flushed = flushed, .applied = applied};
}

TEST(LagTracker, tells_how_long_ago_the_log_was_that_long) {
    LagTracker tracker;
    EXPECT_EQ(tracker.lags().write, std::nullopt);
    tracker.sample(100, 1000);
    tracker.sample(100, 1500);
    tracker.sample(200, 2000);
    tracker.reply(at(200, 100, 50), 200, 2100);
    EXPECT_EQ(tracker.lags().write, 100);
    EXPECT_EQ(tracker.lags().flush, 1100);
    // At least so long.
    EXPECT_EQ(tracker.lags().replay, 1100);
    tracker.reply(at(200, 200, 100), 200, 2400);
    EXPECT_EQ(tracker.lags().write, 100);
    EXPECT_EQ(tracker.lags().flush, 400);
    EXPECT_EQ(tracker.lags().replay, 1400);
    // Between two samples the log has grown evenly, as far as anybody knows.
    tracker.reply(at(200, 200, 150), 200, 2500);
    EXPECT_EQ(tracker.lags().replay, 1000);
    tracker.reply(at(200, 200, 150), 200, 2900);
    EXPECT_EQ(tracker.lags().replay, 1400);
}

TEST(LagTracker, forgets_when_all_has_been_replayed_for_a_while) {
    LagTracker tracker;
    tracker.sample(100, 1000);
    tracker.reply(at(100, 100, 100), 100, 1200);
    EXPECT_EQ(tracker.lags().replay, 200);
    tracker.sample(200, 2000);
    tracker.reply(at(200, 200, 200), 200, 2300);
    EXPECT_EQ(tracker.lags().replay, 300);
    tracker.reply(at(200, 200, 200), 200, 9000);
    EXPECT_EQ(tracker.lags().write, std::nullopt);
    EXPECT_EQ(tracker.lags().flush, std::nullopt);
    EXPECT_EQ(tracker.lags().replay, std::nullopt);
    // The pause is no part of what comes next.
    tracker.sample(300, 20000);
    tracker.reply(at(250, 200, 200), 300, 20100);
    EXPECT_EQ(tracker.lags().write, 100);
}

TEST(LagTracker, has_nothing_to_say_when_the_clock_or_the_log_went_back) {
    LagTracker tracker;
    tracker.sample(100, 1000);
    tracker.reply(at(100, 100, 100), 100, 900);
    EXPECT_EQ(tracker.lags().write, std::nullopt);
    tracker.sample(200, 2000);
    tracker.sample(300, 3000);
    tracker.reply(at(200, 200, 200), 300, 3100);
    tracker.reply(at(150, 150, 150), 300, 5000);
    EXPECT_EQ(tracker.lags().replay, 1100);
}

TEST(LagTracker, keeps_a_limited_number_of_samples_and_measures_on) {
    LagTracker tracker;
    constexpr std::uint64_t most = LagTracker::most_samples;
    const auto time_of = [](std::uint64_t position) {
        return static_cast<std::int64_t>(position) * 10;
    };
    for (std::uint64_t position = 1; position <= 2 * most; ++position) {
        tracker.sample(position, time_of(position));
        tracker.reply(at(position, position, 0), position, time_of(position) + 5);
        ASSERT_EQ(tracker.lags().write, 5);
        ASSERT_EQ(tracker.lags().flush, 5);
        ASSERT_EQ(tracker.lags().replay, time_of(position - 1) + 5);
    }
    const std::int64_t now = time_of(2 * most) + 100;
    // It was the only one kept of so many.
    tracker.reply(at(2 * most, 2 * most, 1), 2 * most, now);
    EXPECT_EQ(tracker.lags().replay, now - time_of(1));
    tracker.reply(at(2 * most, 2 * most, most + 7), 2 * most, now);
    EXPECT_EQ(tracker.lags().replay, now - time_of(most + 7));
}

class ReplicationLag : public testing::ReplicatedPair {
  protected:
    static constexpr const char* no_lags =
        "SELECT count(*) FROM pg_stat_replication WHERE write_lag IS NULL AND flush_lag IS NULL "
        "AND replay_lag IS NULL";

    void start_pair_that_reports_each(host::Duration interval) {
        ServerSettings settings;
        settings.wal_receiver_status_interval = interval;
        settings.max_standby_streaming_delay = -1ms;
        start_pair(settings);
        servers.let_pass(3 * interval);
        ASSERT_EQ(servers.run(0, no_lags), "(1) SELECT 1");
    }

    std::string lag_is(const std::string& condition) {
        return servers.run(0, "SELECT " + condition + " FROM pg_stat_replication");
    }
};

TEST_F(ReplicationLag, is_no_less_than_the_way_there_and_back) {
    start_pair_that_reports_each(10s);
    network = cluster::CalmNetwork(200ms);
    EXPECT_EQ(servers.run(0, "INSERT INTO t VALUES (2, 2)"), "INSERT 0 1");
    servers.let_pass(500ms);
    EXPECT_EQ(lag_is("write_lag >= '400 ms', write_lag <= flush_lag, flush_lag <= replay_lag, "
                     "replay_lag < '1 s'"),
              "(t,t,t,t) SELECT 1");
    servers.let_pass(30s);
    EXPECT_EQ(servers.run(0, no_lags), "(1) SELECT 1");
}

TEST_F(ReplicationLag, grows_while_replay_waits) {
    start_pair_that_reports_each(1s);
    servers.begin(1, 1, "BEGIN");
    servers.let_pass(20ms);
    servers.begin(1, 1, "SELECT v FROM t");
    servers.let_pass(20ms);
    EXPECT_EQ(servers.run(0, "ALTER TABLE t ADD COLUMN w int"), "ALTER TABLE");
    servers.let_pass(5s);
    EXPECT_EQ(lag_is("flush_lag < '1 s', replay_lag >= '3 s'"), "(t,t) SELECT 1");
    servers.let_pass(5s);
    EXPECT_EQ(lag_is("flush_lag < '1 s', replay_lag >= '8 s'"), "(t,t) SELECT 1");
    servers.begin(1, 1, "COMMIT");
    servers.let_pass(5s);
    EXPECT_EQ(servers.run(0, no_lags), "(1) SELECT 1");
}

}  // namespace
}  // namespace atlas::sim::models::postgres

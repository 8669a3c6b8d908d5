// Crashes and losses of power of a primary and its follower, at any moment: the follower shows a
// prefix of the primary's commits, and with remote_apply all that were acknowledged, also when it
// is promoted in the primary's place.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <charconv>

#include "sim/cluster/calm.hpp"
#include "sim/disk/rough_disk_fixture.hpp"
#include "sim/models/postgres/testing/replicated_servers_fixture.hpp"
#include "system/host/random.hpp"

namespace atlas::sim::models::postgres {
namespace {

using namespace std::chrono_literals;

// Transaction n inserts row n and sets the counter, which is row 0, to n. So "(8,7) SELECT 1" is
// the prefix of seven; -1 if rows and counter do not agree.
int prefix_of(const std::string& answer) {
    int rows = -1;
    int counter = -2;
    const std::size_t comma = answer.find(',');
    if (!answer.starts_with('(') || comma == answer.npos) return -1;
    std::from_chars(answer.data() + 1, answer.data() + comma, rows);
    std::from_chars(answer.data() + comma + 1, answer.data() + answer.size(), counter);
    return rows == counter + 1 ? counter : -1;
}

class Pair {
  public:
    Pair(std::uint64_t seed, SynchronousCommit level)
        : kernel_(kernel::Seed{seed}), disk_(seed + 1), servers_(kernel_, network_, disk_) {
        ServerSettings settings;
        settings.max_wal_size = 4096;
        settings.wal_keep_size = 1 << 24;
        settings.wal_retrieve_retry_interval = 200ms;
        settings.wal_receiver_timeout = 2s;
        settings.wal_sender_timeout = 2s;
        settings.synchronous_commit = level;
        if (level == SynchronousCommit::remote_apply)
            settings.synchronous_standby_names = "\"node-1\"";
        servers_.add(settings);
        servers_.add(settings);
        servers_.start(0);
        servers_.let_pass(200ms);
        run(0,
            "SET synchronous_commit = local; CREATE TABLE t (id int PRIMARY KEY, n "
            "int); INSERT INTO t VALUES (0, 0)");
        servers_.copy_before_start(1, 0);
        servers_.start(1);
        servers_.let_pass(1s);
    }

    std::string run(int node, std::string statements) {
        return servers_.run(node, std::move(statements));
    }

    /// What a server shows; nullopt if it does not answer.
    std::optional<int> shown(int node) {
        const std::string answer = run(node, "SELECT count(*), max(n) FROM t");
        if (!answer.ends_with("SELECT 1")) return std::nullopt;
        return prefix_of(answer);
    }

    static std::string transaction(int n) {
        return fmt::format("INSERT INTO t VALUES ({0}, 0); UPDATE t SET n = {0} WHERE id = 0", n);
    }

    /// Whether the primary has acknowledged transaction n.
    bool commit(int n) { return run(0, transaction(n)).ends_with("UPDATE 1"); }

    void crash(int node, bool power) {
        if (power) {
            servers_.power_off(node);
            servers_.let_pass(10ms);
            servers_.power_on(node);
        } else {
            servers_.kill(node);
            servers_.start(node);
        }
        servers_.let_pass(200ms);
    }

    testing::ReplicatedServers& servers() { return servers_; }

  private:
    kernel::Kernel kernel_;
    cluster::CalmNetwork network_;
    disk::RoughDisk disk_;
    testing::ReplicatedServers servers_;
};

RC_GTEST_PROP(ReplicationProperty, a_follower_shows_a_prefix_whatever_crashes, ()) {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    Pair pair(seed, SynchronousCommit::on);
    host::RandomSource random(seed);
    int next = 1;
    int last_shown = 0;
    for (int step = 0; step < 25; ++step) {
        const int choice = static_cast<int>(random.below(10));
        if (choice < 6) {
            // A commit under way when its server dies.
            pair.servers().begin(step, 0, Pair::transaction(next));
            pair.servers().let_pass(random.between(host::Duration(1ms), host::Duration(8ms)));
        }
        if (choice >= 5) pair.crash(static_cast<int>(random.below(2)), random.chance(1, 2));
        pair.servers().let_pass(50ms);
        const auto primary = pair.shown(0);
        if (primary) next = *primary + 1;
        const auto follower = pair.shown(1);
        RC_ASSERT(!primary || *primary >= 0);
        if (!follower) continue;
        RC_ASSERT(*follower >= 0);
        RC_ASSERT(!primary || *follower <= *primary);
        RC_ASSERT(*follower >= last_shown);
        last_shown = *follower;
    }
    pair.servers().let_pass(5s);
    const auto primary = pair.shown(0);
    const auto follower = pair.shown(1);
    RC_ASSERT(primary.has_value());
    RC_ASSERT(follower == primary);
}

RC_GTEST_PROP(ReplicationProperty, with_remote_apply_a_promotion_loses_nothing_acknowledged, ()) {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    Pair pair(seed, SynchronousCommit::remote_apply);
    host::RandomSource random(seed);
    int acknowledged = 0;
    const int commits = static_cast<int>(random.between(1, 12));
    for (int n = 1; n <= commits; ++n) {
        if (random.chance(1, 5)) pair.crash(1, random.chance(1, 2));
        if (!pair.commit(n)) break;
        acknowledged = n;
        const auto follower = pair.shown(1);
        RC_ASSERT(follower.has_value());
        RC_ASSERT(*follower >= acknowledged);
    }
    // One more, which the crash may catch anywhere.
    pair.servers().begin(1, 0, Pair::transaction(acknowledged + 1));
    pair.servers().let_pass(random.between(host::Duration(100us), host::Duration(6ms)));
    if (pair.servers().outcome(1) == "UPDATE 1") ++acknowledged;
    pair.servers().power_off(0);
    if (random.chance(1, 2)) pair.crash(1, true);
    RC_ASSERT(pair.run(1, "SELECT pg_promote()") == "(t) SELECT 1");
    const auto promoted = pair.shown(1);
    RC_ASSERT(promoted.has_value());
    RC_ASSERT(*promoted >= acknowledged);
    RC_ASSERT(*promoted <= acknowledged + 1);
}

}  // namespace
}  // namespace atlas::sim::models::postgres

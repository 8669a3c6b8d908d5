// Crashes at any moment: what recovery brings back is what was acknowledged, and at most one
// transaction of each client beyond; a damaged log is noticed; without fsync things are lost.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>

#include "sim/cluster/calm.hpp"
#include "sim/models/postgres/testing/client.hpp"
#include "sim/models/postgres/wal/log.hpp"
#include "system/host/random.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::models::postgres {
namespace {

using host::Task;
using namespace std::chrono_literals;

constexpr int client_count = 3;

// Syncs take a while, so that crashes fall into them; each unsynced part survives or not by a coin
// of its own. Now and then a sync fails.
class RoughDisk final : public disk::DiskPolicy {
  public:
    RoughDisk(std::uint64_t seed, bool syncs_fail) : random_(seed), syncs_fail_(syncs_fail) {}

    disk::Decision decide(const disk::Operation& operation) override {
        disk::Decision decision{.latency = 10us};
        if (operation.kind == disk::OperationKind::sync) {
            decision.latency = random_.between(host::Duration(50us), host::Duration(2ms));
            if (syncs_fail_ && random_.chance(1, 40)) decision.error = host::ErrorCode::io_error;
        }
        return decision;
    }
    bool survives(const disk::Loss&, const disk::UnsyncedPart&) override {
        return random_.chance(1, 2);
    }
    void completed(const disk::Operation&, const disk::Outcome&) override {}

  private:
    host::RandomSource random_;
    bool syncs_fail_;
};

struct Observations {
    /// The number of the last transaction acknowledged to each client, and of the last one begun.
    std::map<int, int> acknowledged;
    std::map<int, int> begun;
    int openings = 0;
    std::vector<std::string> violations;
    std::string open_error;
};

int number(const std::optional<std::string>& text) {
    int value = -1;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

// Transaction n of a client inserts (client, n) and sets the client's counter to n, some of them
// deleting the row before as well: so the state names exactly one n.
void check_recovered(const Server& server, Observations& seen) {
    const auto counters = server.read_committed_rows("counters");
    const auto rows = server.read_committed_rows("events");
    if (!counters || !rows) {
        if (!seen.acknowledged.empty()) seen.violations.emplace_back("the tables are gone");
        return;
    }
    std::map<int, int> recovered;
    for (const TextRow& row : counters->rows)
        recovered[number(row[0])] = number(row[1]);
    std::map<int, std::vector<int>> events;
    for (const TextRow& row : rows->rows)
        events[number(row[0])].push_back(number(row[1]));
    for (int client = 0; client < client_count; ++client) {
        const int last = recovered.contains(client) ? recovered[client] : 0;
        if (last < seen.acknowledged[client])
            seen.violations.push_back(
                fmt::format("client {} lost {} after {}", client, seen.acknowledged[client], last));
        if (last > seen.begun[client])
            seen.violations.push_back(fmt::format("client {} has {} never begun", client, last));
        std::vector<int> expected;
        for (int n = 1; n <= last; ++n) {
            // Transaction n+1 deletes row n when n is a multiple of three.
            if (n % 3 != 0 || n == last) expected.push_back(n);
        }
        std::ranges::sort(events[client]);
        if (events[client] != expected)
            seen.violations.push_back(fmt::format("client {} has half of a transaction", client));
        seen.acknowledged[client] = seen.begun[client] = last;
    }
}

// A pause before each transaction: without syncs a commit takes no time, and a client that never
// waits would keep the clock from ever going on.
Task<> run_client(host::Host& host, Server& server, int client_number, Observations& seen) {
    testing::Client client(server);
    while (true) {
        co_await host::sleep_for(host, 1ms);
        const int n = ++seen.begun[client_number];
        std::string text = fmt::format(
            "BEGIN; INSERT INTO events VALUES ({0}, {1}); INSERT INTO counters VALUES ({0}, {1}) "
            "ON CONFLICT (client) DO UPDATE SET n = excluded.n;",
            client_number, n);
        if (n > 1 && (n - 1) % 3 == 0)
            text += fmt::format("DELETE FROM events WHERE client = {} AND n = {};", client_number,
                                n - 1);
        const std::string result = co_await client.query(text + "COMMIT");
        if (!result.ends_with("COMMIT")) {
            seen.violations.push_back("a transaction failed: " + result);
            co_return;
        }
        seen.acknowledged[client_number] = n;
    }
}

Task<> run_clients(host::Host& host, Server& server, Observations& seen) {
    host::TaskGroup tasks(host);
    for (int client = 0; client < client_count; ++client)
        tasks.spawn(run_client(host, server, client, seen));
    co_await tasks.join();
}

Task<> run_server(host::Host& host, ServerSettings settings, Observations& seen) {
    auto opened = co_await Server::open(host, settings, "postgres");
    if (!opened) {
        seen.open_error = host::describe(opened.error());
        // A disk that failed a sync is tried again by the next incarnation.
        if (opened.error().code != host::ErrorCode::io_error)
            seen.violations.push_back("does not open: " + seen.open_error);
        co_return;
    }
    const std::unique_ptr<Server> server = *std::move(opened);
    ++seen.openings;
    check_recovered(*server, seen);
    {
        testing::Client admin(*server);
        const std::string made = co_await admin.query(
            "CREATE TABLE IF NOT EXISTS events (client int, n int, PRIMARY KEY (client, n)); "
            "CREATE TABLE IF NOT EXISTS counters (client int PRIMARY KEY, n int CHECK (n > 0)); "
            "CREATE UNIQUE INDEX IF NOT EXISTS pairs ON counters (client, n) WHERE n > 2");
    }
    co_await run_clients(host, *server, seen);
}

Observations crash_again_and_again(std::uint64_t seed, ServerSettings settings, bool syncs_fail,
                                   bool power) {
    kernel::Kernel kernel{kernel::Seed{seed}};
    cluster::CalmNetwork network;
    RoughDisk disk(seed + 1, syncs_fail);
    cluster::Cluster cluster(kernel, network, disk);
    Observations seen;
    const network::MachineNumber machine = cluster.add_machine("machine");
    const cluster::ProcessNumber process = cluster.add_process(
        machine, "postgres",
        [&seen, settings](host::Host& host) { return run_server(host, settings, seen); });
    cluster.start(process);
    host::RandomSource random(seed + 2);
    host::TimePoint now{};
    for (int round = 0; round < 6; ++round) {
        now = now + random.between(host::Duration(1ms), host::Duration(80ms));
        kernel.run_until(now);
        if (power && random.chance(1, 2)) {
            cluster.power_off(machine);
            cluster.power_on(machine);
        } else {
            cluster.kill(process);
            cluster.start(process);
        }
    }
    kernel.run_until(now + 1s);
    cluster.kill(process);
    return seen;
}

ServerSettings with_small_log() {
    ServerSettings settings;
    settings.max_wal_size = 4096;
    return settings;
}

RC_GTEST_PROP(Recovery, keeps_what_was_acknowledged_and_whole_transactions, ()) {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    const bool syncs_fail = *rc::gen::arbitrary<bool>();
    const Observations seen = crash_again_and_again(seed, with_small_log(), syncs_fail, true);
    for (const std::string& violation : seen.violations)
        RC_LOG() << violation << "\n";
    RC_ASSERT(seen.violations.empty());
    RC_ASSERT(seen.openings > 0);
}

TEST(Recovery, without_fsync_a_power_loss_takes_acknowledged_commits) {
    ServerSettings settings = with_small_log();
    settings.fsync = false;
    int runs_with_loss = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed)
        runs_with_loss +=
            crash_again_and_again(seed, settings, false, true).violations.empty() ? 0 : 1;
    EXPECT_GT(runs_with_loss, 0);
}

TEST(Recovery, without_fsync_a_kill_loses_nothing) {
    ServerSettings settings = with_small_log();
    settings.fsync = false;
    for (std::uint64_t seed = 1; seed <= 5; ++seed)
        EXPECT_TRUE(crash_again_and_again(seed, settings, false, false).violations.empty());
}

TEST(Recovery, with_synchronous_commit_off_a_kill_loses_the_last_commits_but_no_halves) {
    ServerSettings settings = with_small_log();
    settings.synchronous_commit = SynchronousCommit::off;
    settings.wal_writer_delay = 5ms;
    int losses = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        // Commits take no time here, so the clients would never let time pass.
        settings.max_wal_size = 1 << 20;
        kernel::Kernel kernel{kernel::Seed{seed}};
        cluster::CalmNetwork network;
        cluster::CalmDisk disk;
        cluster::Cluster cluster(kernel, network, disk);
        std::string after;
        int incarnation = 0;
        const auto machine = cluster.add_machine("machine");
        const auto process =
            cluster.add_process(machine, "postgres", [&](host::Host& host) -> Task<> {
                const auto body = [](host::Host& inner, ServerSettings given, int& count,
                                     std::string& result) -> Task<> {
                    auto server = co_await Server::open(inner, given, "postgres");
                    testing::Client client(**server);
                    if (++count == 1) {
                        co_await client.query("CREATE TABLE t (id int)");
                        co_await host::sleep_for(inner, 50ms);
                        co_await client.query("INSERT INTO t VALUES (1)");
                        co_await host::sleep_for(inner, 50ms);
                        co_await client.query("INSERT INTO t VALUES (2), (3)");
                    } else {
                        result = co_await client.query("SELECT id FROM t");
                    }
                    co_await host::sleep_for(inner, 10s);
                };
                return body(host, settings, incarnation, after);
            });
        cluster.start(process);
        kernel.run_until(host::TimePoint{101ms});
        cluster.kill(process);
        cluster.start(process);
        kernel.run_until(host::TimePoint{1s});
        cluster.kill(process);
        EXPECT_TRUE(after == "(1) SELECT 1" || after == "(1)(2)(3) SELECT 3") << after;
        losses += after == "(1) SELECT 1" ? 1 : 0;
    }
    EXPECT_GT(losses, 0);
}

using Life = std::function<Task<>(host::Host&, Server&)>;

// One server after the other over the same disk: the first dies after that time, by a kill or by a
// loss of power. The second has a second.
struct TwoLives {
    Life first;
    Life second;
    host::Duration first_ends = 1s;
    bool power = false;
    ServerSettings settings = {};
};

Task<> live(host::Host& host, const TwoLives& lives, int& incarnation, std::string& error) {
    const bool is_first = ++incarnation == 1;
    auto opened = co_await Server::open(host, lives.settings, "postgres");
    if (!opened) {
        error = host::describe(opened.error());
        co_return;
    }
    const std::unique_ptr<Server> server = *std::move(opened);
    co_await (is_first ? lives.first : lives.second)(host, *server);
    co_await host::sleep_for(host, 10s);
}

/// Why the second did not open; empty if it did.
std::string live_twice(const TwoLives& lives, disk::DiskPolicy& disk) {
    kernel::Kernel kernel{kernel::Seed{3}};
    cluster::CalmNetwork network;
    cluster::Cluster cluster(kernel, network, disk);
    int incarnation = 0;
    std::string error;
    const auto machine = cluster.add_machine("machine");
    const auto process = cluster.add_process(machine, "postgres", [&](host::Host& host) {
        return live(host, lives, incarnation, error);
    });
    cluster.start(process);
    kernel.run_until(host::TimePoint{lives.first_ends});
    if (lives.power) {
        cluster.power_off(machine);
        cluster.power_on(machine);
    } else {
        cluster.kill(process);
        cluster.start(process);
    }
    kernel.run_until(host::TimePoint{lives.first_ends + 1s});
    cluster.kill(process);
    return error;
}

TEST(Recovery, a_checkpoint_amid_a_change_of_a_table_that_is_rolled_back) {
    std::string rows;
    const TwoLives lives{
        .first = [](host::Host& host, Server& server) -> Task<> {
            testing::Client admin(server);
            testing::Client other(server);
            co_await admin.query("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
            co_await admin.query("CREATE TABLE log (text text)");
            co_await admin.query("BEGIN; ALTER TABLE t ADD COLUMN b int DEFAULT 5");
            co_await other.query("INSERT INTO log VALUES ('" + std::string(5000, 'x') + "')");
            co_await host::sleep_for(host, 100ms);
            co_await admin.query("ROLLBACK; ALTER TABLE t ADD COLUMN c int DEFAULT 7");
        },
        .second = [&rows](host::Host&, Server& server) -> Task<> {
            const auto look = [](Server& opened, std::string& found) -> Task<> {
                testing::Client client(opened);
                found = co_await client.query("SELECT * FROM t");
            };
            return look(server, rows);
        },
        .settings = with_small_log()};
    cluster::CalmDisk disk;
    EXPECT_EQ(live_twice(lives, disk), "");
    EXPECT_EQ(rows, "(1,7) SELECT 1");
}

TEST(Recovery, a_checkpoint_amid_a_change_of_a_columns_type_has_the_rows_as_they_were) {
    std::string rows;
    std::string meanwhile;
    const TwoLives lives{
        .first = [&meanwhile](host::Host& host, Server& server) -> Task<> {
            testing::Client admin(server);
            testing::Client other(server);
            co_await admin.query("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
            co_await admin.query("CREATE TABLE log (text text)");
            co_await admin.query("BEGIN; ALTER TABLE t ALTER a TYPE text USING a || 'x'");
            co_await other.query("INSERT INTO log VALUES ('" + std::string(5000, 'x') + "')");
            co_await host::sleep_for(host, 100ms);
            const auto settled = server.read_committed_rows("t");
            EXPECT_TRUE(settled.has_value());
            if (settled) meanwhile = settled->rows.at(0).at(0).value_or("NULL");
        },
        .second = [&rows](host::Host&, Server& server) -> Task<> {
            const auto look = [](Server& opened, std::string& found) -> Task<> {
                testing::Client client(opened);
                found = co_await client.query("SELECT a + 1 FROM t");
            };
            return look(server, rows);
        },
        .settings = with_small_log()};
    cluster::CalmDisk disk;
    EXPECT_EQ(live_twice(lives, disk), "");
    EXPECT_EQ(meanwhile, "1");
    EXPECT_EQ(rows, "(2) SELECT 1");
}

TEST(Recovery, foreign_keys_are_kept_as_they_were_made) {
    std::string refused;
    std::string rows;
    const TwoLives lives{
        .first = [](host::Host& host, Server& server) -> Task<> {
            testing::Client admin(server);
            co_await admin.query(
                "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (x int, p int REFERENCES p ON "
                "DELETE CASCADE, q int REFERENCES p ON UPDATE CASCADE ON DELETE SET NULL (q)); "
                "INSERT INTO p VALUES (1), (2), (3); INSERT INTO c VALUES (1, 1, 2), (2, 2, 3)");
            // A log long enough for a checkpoint that has them.
            co_await admin.query("CREATE TABLE log (text text)");
            co_await admin.query("INSERT INTO log VALUES ('" + std::string(5000, 'x') + "')");
            co_await host::sleep_for(host, 100ms);
            co_await admin.query("UPDATE p SET id = 4 WHERE id = 3");
        },
        .second = [&](host::Host&, Server& server) -> Task<> {
            const auto look = [](Server& opened, std::string& error, std::string& found) -> Task<> {
                testing::Client client(opened);
                error = co_await client.query("INSERT INTO c VALUES (3, 5, NULL)");
                co_await client.query("DELETE FROM p WHERE id <> 2");
                found = co_await client.query("SELECT * FROM c");
            };
            return look(server, refused, rows);
        },
        .settings = with_small_log()};
    cluster::CalmDisk disk;
    EXPECT_EQ(live_twice(lives, disk), "");
    EXPECT_EQ(refused,
              "23503 insert or update on table \"c\" violates foreign key constraint "
              "\"c_p_fkey\"");
    EXPECT_EQ(rows, "(2,2,~) SELECT 1");
}

// What was given is not given again; what the log was ahead is skipped.
TEST(Recovery, sequences_skip_and_never_repeat) {
    std::string last;
    std::string next;
    const TwoLives lives{
        .first = [&](host::Host& host, Server& server) -> Task<> {
            const auto take = [](host::Host& on, Server& opened, std::string& taken) -> Task<> {
                testing::Client admin(opened);
                co_await admin.query(
                    "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, v text); CREATE SEQUENCE "
                    "s; CREATE TABLE log (text text)");
                for (int i = 0; i < 5; ++i)
                    co_await admin.query("INSERT INTO t (v) VALUES (nextval('s'))");
                // A checkpoint, which has what was given and not what the log was ahead.
                co_await admin.query("INSERT INTO log VALUES ('" + std::string(5000, 'x') + "')");
                co_await host::sleep_for(on, 100ms);
                co_await admin.query("INSERT INTO t (v) VALUES (nextval('s'))");
                co_await admin.query("ALTER TABLE t DROP COLUMN v; ALTER TABLE t RENAME TO u");
                taken = co_await admin.query("SELECT id FROM u WHERE id > 5");
            };
            return take(host, server, last);
        },
        .second = [&](host::Host&, Server& server) -> Task<> {
            const auto look = [](Server& opened, std::string& found) -> Task<> {
                testing::Client client(opened);
                found = co_await client.query("INSERT INTO u DEFAULT VALUES RETURNING id");
                found += " " + co_await client.query("SELECT nextval('s')");
            };
            return look(server, next);
        },
        .settings = with_small_log()};
    cluster::CalmDisk disk;
    EXPECT_EQ(live_twice(lives, disk), "");
    EXPECT_EQ(last, "(6) SELECT 1");
    EXPECT_EQ(next, "(39) INSERT 0 1 (39) SELECT 1");
}

TEST(Recovery, what_empties_a_table_is_durable_even_with_synchronous_commit_off) {
    std::string rows;
    ServerSettings settings;
    settings.synchronous_commit = SynchronousCommit::off;
    settings.wal_writer_delay = 10s;
    const TwoLives lives{
        .first = [](host::Host&, Server& server) -> Task<> {
            testing::Client client(server);
            co_await client.query("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
            co_await client.query("TRUNCATE t");
        },
        .second = [&rows](host::Host&, Server& server) -> Task<> {
            const auto look = [](Server& opened, std::string& found) -> Task<> {
                testing::Client client(opened);
                found = co_await client.query("SELECT * FROM t");
            };
            return look(server, rows);
        },
        .settings = settings};
    cluster::CalmDisk disk;
    EXPECT_EQ(live_twice(lives, disk), "");
    EXPECT_EQ(rows, "SELECT 0");
}

// So that one checkpoint is hardly written when the next one is wanted.
class SlowCheckpoints final : public disk::DiskPolicy {
  public:
    explicit SlowCheckpoints(std::uint64_t seed) : rough_(seed, false) {}

    disk::Decision decide(const disk::Operation& operation) override {
        disk::Decision decision = rough_.decide(operation);
        const bool is_checkpoint = operation.path.ends_with("checkpoint.tmp");
        if (is_checkpoint && operation.kind == disk::OperationKind::sync) decision.latency = 4ms;
        return decision;
    }
    bool survives(const disk::Loss& loss, const disk::UnsyncedPart& part) override {
        return rough_.survives(loss, part);
    }
    void completed(const disk::Operation&, const disk::Outcome&) override {}

  private:
    RoughDisk rough_;
};

struct GracefulStop {
    int acknowledged = 0;
    host::Duration begins{};
    /// What the next incarnation finds, or why it does not open.
    std::string found;
};

Task<> work_and_stop(host::Host& host, Server& server, GracefulStop& stop) {
    {
        testing::Client client(server);
        co_await client.query("CREATE TABLE t (a int)");
        for (int i = 0; i < 20; ++i) {
            const std::string answer = co_await client.query("INSERT INTO t VALUES (1)");
            if (answer == "INSERT 0 1") ++stop.acknowledged;
        }
    }
    stop.begins = host.clock().now() - host::TimePoint{};
    co_await server.shutdown();
}

GracefulStop stop_and_lose_power(std::uint64_t seed, host::Duration after) {
    GracefulStop stop;
    ServerSettings settings;
    settings.checkpoint_timeout = 1ms;
    const TwoLives lives{
        .first = [&stop](host::Host& host,
                         Server& server) { return work_and_stop(host, server, stop); },
        .second = [&stop](host::Host&, Server& server) -> Task<> {
            const auto look = [](Server& opened, std::string& found) -> Task<> {
                testing::Client client(opened);
                found = co_await client.query("SELECT count(*) FROM t");
            };
            return look(server, stop.found);
        },
        .first_ends = after,
        .power = true,
        .settings = settings};
    SlowCheckpoints disk(seed);
    const std::string error = live_twice(lives, disk);
    if (!error.empty()) stop.found = error;
    return stop;
}

// The checkpointer is at work when the shutdown comes, and the power goes while that is at work:
// once to see when that is, and once to cut it short.
TEST(Recovery, a_crash_amid_a_graceful_stop_loses_nothing) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        host::RandomSource random(seed);
        const host::Duration begins = stop_and_lose_power(seed, 1s).begins;
        const host::Duration cut =
            begins + random.between(host::Duration(10us), host::Duration(10ms));
        const GracefulStop stop = stop_and_lose_power(seed, cut);
        EXPECT_EQ(stop.acknowledged, 20) << seed;
        EXPECT_EQ(stop.found, "(20) SELECT 1") << seed;
    }
}

// Counts the checkpoints that are installed, or would be if the disk let them.
class CountingDisk final : public disk::DiskPolicy {
  public:
    explicit CountingDisk(bool refuses) : refuses_(refuses) {}

    disk::Decision decide(const disk::Operation& operation) override {
        disk::Decision decision{.latency = 10us};
        if (operation.kind == disk::OperationKind::rename && ++renames_ > 1 && refuses_)
            decision.error = host::ErrorCode::no_space;
        return decision;
    }
    bool survives(const disk::Loss&, const disk::UnsyncedPart&) override { return false; }
    void completed(const disk::Operation&, const disk::Outcome&) override {}

    int renames() const { return renames_; }

  private:
    bool refuses_;
    int renames_ = 0;
};

int checkpoints_of_a_busy_server(std::size_t row_size, bool disk_refuses) {
    int renames = 0;
    CountingDisk disk(disk_refuses);
    const TwoLives lives{
        .first = [row_size, &renames, &disk](host::Host& host, Server& server) -> Task<> {
            const auto work = [](host::Host& inner, Server& opened, std::size_t size, int& counted,
                                 const CountingDisk& counting) -> Task<> {
                testing::Client client(opened);
                co_await client.query("CREATE TABLE t (text text); INSERT INTO t VALUES ('" +
                                      std::string(size, 'x') + "')");
                for (int i = 0; i < 100; ++i) {
                    co_await client.query("INSERT INTO t VALUES ('" + std::string(100, 'y') + "')");
                    co_await host::sleep_for(inner, 1ms);
                }
                counted = counting.renames();
            };
            return work(host, server, row_size, renames, disk);
        },
        .second = [](host::Host&, Server&) -> Task<> { co_return; },
        .settings = with_small_log()};
    live_twice(lives, disk);
    return renames;
}

TEST(Recovery, checkpoints_are_made_when_there_is_enough_to_save_and_not_again_and_again) {
    // About 15 kB of log, at 4 kB each; beside one large row none of it is worth another
    // checkpoint.
    EXPECT_GE(checkpoints_of_a_busy_server(1, false), 3);
    EXPECT_LE(checkpoints_of_a_busy_server(50'000, false), 3);
    // One at the start, one that fails, and then a rest.
    EXPECT_EQ(checkpoints_of_a_busy_server(5'000, true), 2);
}

// Runs commits, dies, has one byte of the log changed, and opens again.
std::string open_after_damage(int commits, int damaged_from_end) {
    std::string outcome;
    int incarnation = 0;
    kernel::Kernel kernel{kernel::Seed{7}};
    cluster::CalmNetwork network;
    cluster::CalmDisk disk;
    cluster::Cluster cluster(kernel, network, disk);
    const auto machine = cluster.add_machine("machine");
    const auto body = [](host::Host& host, int count, int from_end, int& started,
                         std::string& result) -> Task<> {
        if (++started == 2) {
            auto names = co_await host.disk().list("postgres/pg_wal");
            auto file = co_await host.disk().open("postgres/pg_wal/" + names->back(),
                                                  host::OpenMode::read_write);
            const std::uint64_t size = *co_await (*file)->size();
            const std::uint64_t place = size - static_cast<std::uint64_t>(from_end);
            std::array<std::byte, 1> byte{};
            co_await (*file)->read_at(place, byte);
            byte[0] ^= std::byte{0x40};
            co_await (*file)->write_at(place, byte);
            co_await (*file)->sync();
        }
        auto server = co_await Server::open(host, {}, "postgres");
        if (!server) {
            result = host::name(server.error().code);
            co_return;
        }
        testing::Client client(**server);
        if (started == 1) {
            co_await client.query("CREATE TABLE t (id int)");
            for (int i = 0; i < count; ++i)
                co_await client.query(fmt::format("INSERT INTO t VALUES ({})", i));
        } else {
            result = co_await client.query("SELECT count(*) FROM t");
        }
        co_await host::sleep_for(host, 10s);
    };
    const auto process = cluster.add_process(machine, "postgres", [&](host::Host& host) {
        return body(host, commits, damaged_from_end, incarnation, outcome);
    });
    cluster.start(process);
    kernel.run_until(host::TimePoint{2s});
    cluster.kill(process);
    cluster.start(process);
    kernel.run_until(host::TimePoint{4s});
    cluster.kill(process);
    return outcome;
}

TEST(Recovery, damage_before_later_records_is_noticed) {
    EXPECT_EQ(open_after_damage(20, 600), "data_corrupted");
}

TEST(Recovery, damage_in_the_last_record_is_where_the_log_ends) {
    EXPECT_EQ(open_after_damage(20, 3), "(19) SELECT 1");
}

}  // namespace
}  // namespace atlas::sim::models::postgres

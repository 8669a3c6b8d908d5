// The runner against a cluster that only notes what is done to it: overlaps, healing, the ledger.

#include "sim/faults/fault_runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <utility>

namespace atlas::sim::faults {
namespace {

using testing::ElementsAre;

class NotedCluster final : public ClusterControl {
  public:
    explicit NotedCluster(const kernel::Kernel& kernel) : kernel_(kernel) {}

    const std::vector<MachineInfo>& machines() const override { return machines_; }
    std::vector<std::string> primaries() const override { return taking_writes; }
    WorkLost kill(std::string_view machine) override {
        note("kill", machine);
        return lost;
    }
    bool restart(std::string_view machine) override { return note("restart", machine); }
    bool pause(std::string_view machine) override { return note("pause", machine); }
    bool resume(std::string_view machine) override { return note("resume", machine); }
    std::size_t set_step_time(std::string_view, host::Duration value) override {
        step_time = value;
        return std::exchange(late_steps, 0);
    }
    PowerLoss power_loss(std::string_view machine) override {
        note("power loss", machine);
        return {.work = lost, .disk = {}};
    }
    MachineLoss lose(std::string_view machine) override {
        note("lose", machine);
        return {.work = lost, .files = files};
    }
    bool lacks_heir(std::string_view machine) const override { return without_heir == machine; }
    bool power_on(std::string_view machine) override { return note("power on", machine); }
    void set_disk_full(std::string_view machine, bool full) override {
        note(full ? "disk full" : "disk has room", machine);
    }
    std::optional<std::uint64_t> rot_bit(std::string_view, std::uint64_t choice) override {
        return choice;
    }
    std::uint64_t misdirect_next_write(std::string_view, std::uint64_t choice) override {
        return choice;
    }
    void set_link_blocked(std::string_view from, std::string_view to, bool blocked) override {
        const std::string link = std::string(from) + ">" + std::string(to);
        if (blocked) {
            blocked_links.insert(link);
        } else {
            blocked_links.erase(link);
        }
    }
    void set_link_condition(std::string_view from, std::string_view to,
                            network::LinkCondition condition) override {
        conditions[std::string(from) + ">" + std::string(to)] = condition;
    }
    std::optional<std::uint64_t> reset_connection(std::string_view, std::string_view,
                                                  std::uint64_t choice) override {
        if (!has_connections) return std::nullopt;
        return choice;
    }
    std::optional<std::uint64_t> half_close(std::string_view, std::string_view,
                                            std::uint64_t choice) override {
        if (!has_connections) return std::nullopt;
        return choice;
    }
    host::Duration clock_offset(std::string_view) const override { return offset; }
    void set_clock_offset(std::string_view, host::Duration value) override { offset = value; }

    void set_clock_drift(std::string_view, host::Duration gained) override { drift = gained; }
    std::uint64_t clock_readings(std::string_view) const override { return readings; }

    host::Duration step_time{};
    std::size_t late_steps = 0;
    std::uint64_t readings = 0;
    WorkLost lost{.processes = 1, .tasks = 3, .connections = 2};
    std::size_t files = 5;
    std::string without_heir;
    bool has_connections = true;
    host::Duration offset{};
    host::Duration drift{};
    std::vector<std::string> taking_writes;
    std::set<std::string> blocked_links;
    std::map<std::string, network::LinkCondition> conditions;
    std::vector<std::string> notes;

  private:
    bool note(std::string_view what, std::string_view machine) {
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(kernel_.now().since_epoch);
        notes.push_back(std::to_string(seconds.count()) + " " + std::string(what) + " " +
                        std::string(machine));
        return true;
    }

    const kernel::Kernel& kernel_;
    std::vector<MachineInfo> machines_ = machines_of({.api_nodes = 2, .client_machines = 0});
};

class FaultRunnerTest : public testing::Test {
  protected:
    void run(FaultPlan plan, host::Duration until) {
        runner.emplace(kernel, cluster, dice, network, disks, std::move(plan));
        runner->start();
        kernel.run_until(host::TimePoint{until});
    }
    LedgerEntry entry(FaultKind kind) const { return ledger.entry(kind); }

    kernel::Kernel kernel{kernel::Seed{1}};
    NotedCluster cluster{kernel};
    Ledger ledger;
    Dice dice{kernel::Seed{1}, calm(), {}, ledger};
    NetworkDice network{dice, {"postgres-0", "api-1", "api-2"}};
    DiskDice disks{dice};
    std::optional<FaultRunner> runner;
};

TEST_F(FaultRunnerTest, StrikesAndHealsAtItsTimes) {
    run({{.id = {FaultKind::process_kill, "api-1", 0}, .at = 2s, .lasts = 3s},
         {.id = {FaultKind::process_pause, "api-2", 0}, .at = 4s, .lasts = 4s},
         {.id = {FaultKind::machine_power_loss, "postgres-0", 0}, .at = 10s, .lasts = 1s}},
        20s);
    EXPECT_THAT(cluster.notes,
                ElementsAre("2 kill api-1", "4 pause api-2", "5 restart api-1", "8 resume api-2",
                            "10 power loss postgres-0", "11 power on postgres-0"));
    EXPECT_EQ(entry(FaultKind::process_kill).effective, 1U);
    EXPECT_EQ(entry(FaultKind::process_pause).effective, 1U);
    EXPECT_EQ(entry(FaultKind::machine_power_loss).effective, 1U);
}

TEST_F(FaultRunnerTest, AKillThatCostsNothingFiresWithoutEffect) {
    cluster.lost = {.processes = 1, .tasks = 0, .connections = 0};
    run({{.id = {FaultKind::process_kill, "api-1", 0}, .at = 2s, .lasts = 3s}}, 20s);
    EXPECT_EQ(entry(FaultKind::process_kill).fired, 1U);
    EXPECT_EQ(entry(FaultKind::process_kill).effective, 0U);
}

TEST_F(FaultRunnerTest, AKillOfTheDeadDoesNotFireAndIsHealedAllTheSame) {
    cluster.lost = {};
    run({{.id = {FaultKind::process_kill, "api-1", 0}, .at = 2s, .lasts = 3s}}, 20s);
    EXPECT_EQ(entry(FaultKind::process_kill).armed, 1U);
    EXPECT_EQ(entry(FaultKind::process_kill).fired, 0U);
    EXPECT_THAT(cluster.notes, ElementsAre("2 kill api-1", "5 restart api-1"));
}

TEST_F(FaultRunnerTest, WhatIsDownStaysDownUntilTheLastStrikeEnds) {
    run({{.id = {FaultKind::process_kill, "api-1", 0}, .at = 1s, .lasts = 9s},
         {.id = {FaultKind::process_kill, "api-1", 1}, .at = 2s, .lasts = 3s},
         {.id = {FaultKind::process_kill, "api-1", 2}, .at = 4s, .lasts = 12s},
         {.id = {FaultKind::process_restart_loop, "api-1", 0}, .at = 6s, .amount = 1s}},
        20s);
    EXPECT_THAT(cluster.notes, ElementsAre("1 kill api-1", "2 kill api-1", "4 kill api-1",
                                           "6 kill api-1", "16 restart api-1"));
}

TEST_F(FaultRunnerTest, PowerIsBackWithTheLastStrikeThatKeepsTheMachineDown) {
    run({{.id = {FaultKind::machine_power_loss, "postgres-0", 0}, .at = 1s, .lasts = 2s},
         {.id = {FaultKind::machine_power_loss, "postgres-0", 1}, .at = 2s, .lasts = 4s},
         {.id = {FaultKind::process_kill, "postgres-0", 0}, .at = 5s, .lasts = 2s},
         {.id = {FaultKind::process_kill, "postgres-0", 1}, .at = 10s, .lasts = 1s}},
        20s);
    EXPECT_THAT(cluster.notes, ElementsAre("1 power loss postgres-0", "2 power loss postgres-0",
                                           "5 kill postgres-0", "7 power on postgres-0",
                                           "10 kill postgres-0", "11 restart postgres-0"));
}

TEST_F(FaultRunnerTest, ALostMachineIsMissedOnceAnotherBootsInItsPlace) {
    run({{.id = {FaultKind::machine_lost, "postgres-0", 0}, .at = 1s, .lasts = 4s},
         {.id = {FaultKind::machine_power_loss, "postgres-0", 0}, .at = 2s, .lasts = 6s}},
        6s);
    EXPECT_EQ(entry(FaultKind::machine_lost).fired, 1U);
    EXPECT_EQ(entry(FaultKind::machine_lost).effective, 0U) << "it has no power yet";
    kernel.run_until(host::TimePoint{20s});
    EXPECT_THAT(cluster.notes, ElementsAre("1 lose postgres-0", "2 power loss postgres-0",
                                           "8 power on postgres-0"));
    EXPECT_EQ(entry(FaultKind::machine_lost).effective, 1U);
}

TEST_F(FaultRunnerTest, AMachineWithNothingOnItsDiskIsLostWithoutEffect) {
    cluster.files = 0;
    run({{.id = {FaultKind::machine_lost, "postgres-0", 0}, .at = 1s, .lasts = 4s}}, 20s);
    EXPECT_EQ(entry(FaultKind::machine_lost).fired, 1U);
    EXPECT_EQ(entry(FaultKind::machine_lost).effective, 0U);
}

TEST_F(FaultRunnerTest, ADatabaseIsLostOnceThereIsAnHeirAndNotForEverLater) {
    cluster.without_heir = "postgres-0";
    run({{.id = {FaultKind::machine_lost, "postgres-0", 0}, .at = 1s, .lasts = 2s},
         {.id = {FaultKind::machine_lost, "api-1", 0}, .at = 2s, .lasts = 1s}},
        9s);
    EXPECT_THAT(cluster.notes, ElementsAre("2 lose api-1", "3 power on api-1"));
    cluster.without_heir = "";
    kernel.run_until(host::TimePoint{20s});
    EXPECT_THAT(cluster.notes, ElementsAre("2 lose api-1", "3 power on api-1", "9 lose postgres-0",
                                           "11 power on postgres-0"));
    EXPECT_EQ(entry(FaultKind::machine_lost).effective, 2U);
}

TEST_F(FaultRunnerTest, ADatabaseThatNeverHasAnHeirIsNotLost) {
    cluster.without_heir = "postgres-0";
    run({{.id = {FaultKind::machine_lost, "postgres-0", 0}, .at = 1s, .lasts = 2s}}, 70s);
    cluster.without_heir = "";
    kernel.run_until(host::TimePoint{200s});
    EXPECT_TRUE(cluster.notes.empty());
    EXPECT_EQ(entry(FaultKind::machine_lost).fired, 0U);
}

TEST_F(FaultRunnerTest, AZoneLosesPowerAtOneMomentAndCountsOnce) {
    run({{.id = {FaultKind::zone_power_loss, "cluster", 0},
          .at = 1s,
          .lasts = 4s,
          .machines = {"postgres-0", "api-1"}},
         {.id = {FaultKind::process_kill, "api-1", 0}, .at = 2s, .lasts = 6s}},
        20s);
    EXPECT_THAT(cluster.notes,
                ElementsAre("1 power loss postgres-0", "1 power loss api-1", "2 kill api-1",
                            "5 power on postgres-0", "8 power on api-1"));
    EXPECT_EQ(entry(FaultKind::zone_power_loss).armed, 1U);
    EXPECT_EQ(entry(FaultKind::zone_power_loss).fired, 1U);
    EXPECT_EQ(entry(FaultKind::zone_power_loss).effective, 1U);
}

TEST_F(FaultRunnerTest, AZoneIsCutOffBothWaysAndWholeInItself) {
    run({{.id = {FaultKind::network_partition_zone, "cluster", 0},
          .at = 1s,
          .lasts = 10s,
          .machines = {"postgres-0", "api-1"}}},
        2s);
    EXPECT_EQ(cluster.blocked_links, (std::set<std::string>{"postgres-0>api-2", "api-2>postgres-0",
                                                            "api-1>api-2", "api-2>api-1"}));
    kernel.run_until(host::TimePoint{12s});
    EXPECT_TRUE(cluster.blocked_links.empty());
}

TEST_F(FaultRunnerTest, OneWayPartitionsBlockOneDirection) {
    run({{.id = {FaultKind::network_partition_one_way, "cluster", 0},
          .at = 1s,
          .lasts = 10s,
          .machines = {"postgres-0"},
          .inward = false}},
        2s);
    EXPECT_EQ(cluster.blocked_links,
              (std::set<std::string>{"postgres-0>api-1", "postgres-0>api-2"}));
    EXPECT_EQ(entry(FaultKind::network_partition_one_way).effective, 0U);
    network.held_back({1, 0});
    EXPECT_EQ(entry(FaultKind::network_partition_one_way).effective, 0U);
    network.held_back({0, 2});
    network.held_back({0, 1});
    EXPECT_EQ(entry(FaultKind::network_partition_one_way).effective, 1U);
    kernel.run_until(host::TimePoint{12s});
    EXPECT_TRUE(cluster.blocked_links.empty());
}

TEST_F(FaultRunnerTest, AClogStopsOneLinkInOneDirection) {
    run({{.id = {FaultKind::network_clog, "cluster", 0},
          .at = 1s,
          .lasts = 5s,
          .machines = {"api-1", "postgres-0"}}},
        2s);
    EXPECT_EQ(cluster.blocked_links, (std::set<std::string>{"api-1>postgres-0"}));
    network.held_back({0, 1});
    EXPECT_EQ(entry(FaultKind::network_clog).effective, 0U);
    network.held_back({1, 0});
    EXPECT_EQ(entry(FaultKind::network_clog).effective, 1U);
    kernel.run_until(host::TimePoint{7s});
    EXPECT_TRUE(cluster.blocked_links.empty());
}

TEST_F(FaultRunnerTest, ASwizzleClosesMachinesInOneOrderAndOpensThemInAnother) {
    run({{.id = {FaultKind::network_swizzle, "cluster", 0},
          .at = 1s,
          .lasts = 8s,
          .machines = {"api-1", "api-2"},
          .choice = 1}},
        2s);
    const std::set<std::string> first{"api-1>api-2", "api-2>api-1", "api-1>postgres-0",
                                      "postgres-0>api-1"};
    EXPECT_EQ(cluster.blocked_links, first);
    kernel.run_until(host::TimePoint{4s});
    EXPECT_EQ(cluster.blocked_links.size(), 6U);
    network.held_back({0, 2});
    EXPECT_EQ(entry(FaultKind::network_swizzle).effective, 1U);
    kernel.run_until(host::TimePoint{6s});
    const std::set<std::string> last{"api-1>api-2", "api-2>api-1", "api-2>postgres-0",
                                     "postgres-0>api-2"};
    EXPECT_EQ(cluster.blocked_links, last);
    kernel.run_until(host::TimePoint{8s});
    EXPECT_TRUE(cluster.blocked_links.empty());
}

TEST_F(FaultRunnerTest, ASwizzleThatIsHealedInItsMidstLeavesNothingClosed) {
    run({{.id = {FaultKind::network_swizzle, "cluster", 0},
          .at = 1s,
          .lasts = 8s,
          .machines = {"api-1", "api-2"}}},
        6s);
    EXPECT_FALSE(cluster.blocked_links.empty());
    runner->stop_and_heal();
    EXPECT_TRUE(cluster.blocked_links.empty());
    kernel.run_until(host::TimePoint{20s});
    EXPECT_TRUE(cluster.blocked_links.empty());
}

TEST_F(FaultRunnerTest, ALinkOpensWithTheLastPartitionThatBlocksIt) {
    run({{.id = {FaultKind::network_partition_symmetric, "cluster", 0},
          .at = 1s,
          .lasts = 5s,
          .machines = {"postgres-0"}},
         {.id = {FaultKind::network_partition_symmetric, "cluster", 1},
          .at = 3s,
          .lasts = 7s,
          .machines = {"api-1"}}},
        7s);
    EXPECT_EQ(cluster.blocked_links, (std::set<std::string>{"postgres-0>api-1", "api-1>postgres-0",
                                                            "api-1>api-2", "api-2>api-1"}));
    kernel.run_until(host::TimePoint{11s});
    EXPECT_TRUE(cluster.blocked_links.empty());
}

TEST_F(FaultRunnerTest, ABridgeIsReachedByBothHalves) {
    run({{.id = {FaultKind::network_partition_bridge, "cluster", 0},
          .at = 1s,
          .lasts = 5s,
          .machines = {"api-1", "postgres-0", "api-2"}}},
        3s);
    EXPECT_EQ(cluster.blocked_links,
              (std::set<std::string>{"postgres-0>api-2", "api-2>postgres-0"}));
    kernel.run_until(host::TimePoint{7s});
    EXPECT_TRUE(cluster.blocked_links.empty());
}

TEST_F(FaultRunnerTest, OnARingOfMajoritiesEachReachesItsNeighbours) {
    run({{.id = {FaultKind::network_partition_majorities_ring, "cluster", 0},
          .at = 1s,
          .lasts = 5s,
          .machines = {"a", "b", "c", "d", "e"}}},
        3s);
    EXPECT_EQ(cluster.blocked_links.size(), 10U) << "each of five reaches two of the other four";
    EXPECT_TRUE(cluster.blocked_links.contains("a>c"));
    EXPECT_TRUE(cluster.blocked_links.contains("d>a"));
    EXPECT_FALSE(cluster.blocked_links.contains("a>e"));
    kernel.run_until(host::TimePoint{7s});
    EXPECT_TRUE(cluster.blocked_links.empty());
}

TEST_F(FaultRunnerTest, PrimariesAreThoseOfThatMoment) {
    const auto strike = [](host::Duration at, std::uint64_t ordinal) {
        return Strike{.id = {FaultKind::network_partition_primaries, "cluster", ordinal},
                      .at = at,
                      .lasts = 1s};
    };
    run({strike(1s, 0), strike(3s, 1)}, 2500ms);
    EXPECT_EQ(entry(FaultKind::network_partition_primaries).fired, 0U) << "there is none";
    cluster.taking_writes = {"postgres-0"};
    kernel.run_until(host::TimePoint{3500ms});
    EXPECT_EQ(entry(FaultKind::network_partition_primaries).fired, 1U);
    EXPECT_TRUE(cluster.blocked_links.contains("postgres-0>api-1"));
    cluster.taking_writes = {};
    kernel.run_until(host::TimePoint{5s});
    EXPECT_TRUE(cluster.blocked_links.empty());
}

TEST_F(FaultRunnerTest, ALinkIsAsSlowAsAllItsStrikesTogether) {
    run({{.id = {FaultKind::network_slow_link, "cluster", 0},
          .at = 1s,
          .lasts = 5s,
          .machines = {"postgres-0", "api-1"},
          .amount = 100ms},
         {.id = {FaultKind::network_slow_link, "cluster", 1},
          .at = 3s,
          .lasts = 7s,
          .machines = {"api-1", "postgres-0"},
          .amount = 20ms}},
        4s);
    for (const char* link : {"postgres-0>api-1", "api-1>postgres-0"})
        EXPECT_EQ(cluster.conditions.at(link).extra_delay, host::Duration{120ms}) << link;
    kernel.run_until(host::TimePoint{7s});
    EXPECT_EQ(cluster.conditions.at("api-1>postgres-0").extra_delay, host::Duration{20ms});
    EXPECT_EQ(entry(FaultKind::network_slow_link).effective, 0U);
    network.delivered({1, 0}, 10ms, {.by_slow_link = 20ms});
    EXPECT_EQ(entry(FaultKind::network_slow_link).effective, 0U);
    network.delivered({1, 0}, 21ms, {.by_slow_link = 20ms});
    EXPECT_EQ(entry(FaultKind::network_slow_link).effective, 1U);
    kernel.run_until(host::TimePoint{11s});
    EXPECT_EQ(cluster.conditions.at("api-1>postgres-0"), network::LinkCondition{});
}

TEST_F(FaultRunnerTest, AStrikeDoesNotSlowWhatWasSentBeforeIt) {
    const auto slow = [](std::uint64_t ordinal, host::Duration at) {
        return Strike{.id = {FaultKind::network_slow_link, "cluster", ordinal},
                      .at = at,
                      .lasts = 60s,
                      .machines = {"postgres-0", "api-1"},
                      .amount = 2s};
    };
    run({slow(0, 1s), slow(1, 10s)}, 11s);
    network.delivered({1, 0}, 2s, {.by_slow_link = 2s});
    EXPECT_EQ(entry(FaultKind::network_slow_link).effective, 1U);
    kernel.run_until(host::TimePoint{20s});
    network.delivered({1, 0}, 4s, {.by_slow_link = 4s});
    EXPECT_EQ(entry(FaultKind::network_slow_link).effective, 2U);
}

TEST_F(FaultRunnerTest, AResetCountsWhenAProgramSeesIt) {
    run({{.id = {FaultKind::network_reset, "cluster", 0},
          .at = 1s,
          .machines = {"postgres-0", "api-1"},
          .choice = 7},
         {.id = {FaultKind::network_reset, "cluster", 1},
          .at = 1s,
          .machines = {"postgres-0", "api-1"},
          .choice = 8}},
        2s);
    EXPECT_EQ(entry(FaultKind::network_reset).fired, 2U);
    EXPECT_EQ(entry(FaultKind::network_reset).effective, 0U);
    network.reset_seen(6);
    EXPECT_EQ(entry(FaultKind::network_reset).effective, 0U);
    // Both ends of one connection see it, and nobody uses the other.
    network.reset_seen(7);
    network.reset_seen(7);
    EXPECT_EQ(entry(FaultKind::network_reset).effective, 1U);
}

TEST_F(FaultRunnerTest, AHalfCloseCountsWhenAProgramReadsTheEnd) {
    run({{.id = {FaultKind::network_half_close, "cluster", 0},
          .at = 1s,
          .machines = {"postgres-0", "api-1"},
          .choice = 7}},
        2s);
    EXPECT_EQ(entry(FaultKind::network_half_close).fired, 1U);
    network.reset_seen(7);
    EXPECT_EQ(entry(FaultKind::network_half_close).effective, 0U);
    network.half_close_seen(7);
    network.half_close_seen(7);
    EXPECT_EQ(entry(FaultKind::network_half_close).effective, 1U);
}

TEST_F(FaultRunnerTest, EachEndOfAConnectionCountsForItsOwnHalfClose) {
    const auto half_close = [](std::uint64_t ordinal, std::uint64_t end) {
        return Strike{.id = {FaultKind::network_half_close, "cluster", ordinal},
                      .at = 1s,
                      .machines = {"postgres-0", "api-1"},
                      .choice = end};
    };
    run({half_close(0, 14), half_close(1, 15)}, 2s);
    network.half_close_seen(15);
    EXPECT_TRUE(runner->records()[1].effective);
    EXPECT_FALSE(runner->records()[0].effective);
}

TEST_F(FaultRunnerTest, AResetWithoutAConnectionDoesNotFire) {
    cluster.has_connections = false;
    run({{.id = {FaultKind::network_reset, "cluster", 0},
          .at = 1s,
          .machines = {"postgres-0", "api-1"}}},
        2s);
    EXPECT_EQ(entry(FaultKind::network_reset).fired, 0U);
}

TEST_F(FaultRunnerTest, ClockStepsAddUp) {
    run({{.id = {FaultKind::clock_offset, "api-1", 0}, .at = 0s, .clock = 5s},
         {.id = {FaultKind::clock_step, "api-1", 0}, .at = 3s, .clock = -2s}},
        10s);
    EXPECT_EQ(cluster.offset, 3s);
    runner->stop_and_heal();
    EXPECT_EQ(cluster.offset, 3s);
}

TEST_F(FaultRunnerTest, AClockFaultCountsWhenSomebodyReadsTheClock) {
    run({{.id = {FaultKind::clock_step, "api-1", 0}, .at = 1s, .clock = 5s},
         {.id = {FaultKind::clock_step, "api-1", 1}, .at = 3s, .clock = -2s}},
        2s);
    kernel.run_until(host::TimePoint{4s});
    cluster.readings = 1;
    runner->stop_and_heal();
    EXPECT_EQ(entry(FaultKind::clock_step).fired, 2U);
    EXPECT_EQ(entry(FaultKind::clock_step).effective, 1U);
}

TEST_F(FaultRunnerTest, ADriftCountsOnceItHasGoneOnForASecond) {
    run({{.id = {FaultKind::clock_offset, "api-1", 0}, .clock = 5s},
         {.id = {FaultKind::clock_drift, "api-1", 0}, .clock = 1ms},
         {.id = {FaultKind::clock_drift, "api-2", 0}, .clock = 1ms}},
        500ms);
    EXPECT_EQ(cluster.drift, 1ms);
    cluster.readings = 1;
    kernel.run_until(host::TimePoint{2s});
    runner->stop_and_heal();
    EXPECT_EQ(entry(FaultKind::clock_offset).effective, 1U);
    EXPECT_EQ(entry(FaultKind::clock_drift).effective, 0U);
    EXPECT_EQ(cluster.drift, 0s);
    EXPECT_EQ(cluster.offset, 5s);
}

TEST_F(FaultRunnerTest, AStrobeThrowsTheClockToAndFroAndLeavesItAsItWas) {
    run({{.id = {FaultKind::clock_strobe, "api-1", 0},
          .at = 1s,
          .lasts = 950ms,
          .clock = 5s,
          .amount = 100ms}},
        1'050ms);
    EXPECT_EQ(cluster.offset, 5s);
    kernel.run_until(host::TimePoint{1'150ms});
    EXPECT_EQ(cluster.offset, 0s);
    cluster.readings = 1;
    kernel.run_until(host::TimePoint{1'250ms});
    EXPECT_EQ(cluster.offset, 5s);
    EXPECT_EQ(entry(FaultKind::clock_strobe).effective, 0U);
    cluster.readings = 2;
    kernel.run_until(host::TimePoint{3s});
    EXPECT_EQ(cluster.offset, 0s);
    EXPECT_EQ(entry(FaultKind::clock_strobe).effective, 1U);
}

TEST_F(FaultRunnerTest, ADiskIsFullUntilTheLastStrikeEnds) {
    run({{.id = {FaultKind::disk_no_space, "postgres-0", 0}, .at = 1s, .lasts = 3s},
         {.id = {FaultKind::disk_no_space, "postgres-0", 1}, .at = 2s, .lasts = 7s}},
        3s);
    disk::Operation write{.kind = disk::OperationKind::write, .machine = "api-1", .path = "log"};
    disks.completed(write, {.error = host::ErrorCode::no_space});
    EXPECT_EQ(entry(FaultKind::disk_no_space).effective, 0U);
    write.machine = "postgres-0";
    disks.completed(write, {.error = host::ErrorCode::no_space});
    EXPECT_EQ(entry(FaultKind::disk_no_space).effective, 2U);
    kernel.run_until(host::TimePoint{20s});
    EXPECT_THAT(cluster.notes, ElementsAre("1 disk full postgres-0", "9 disk has room postgres-0"));
}

TEST_F(FaultRunnerTest, AFullDiskCountsThoughItHasRoomWhenTheProcessHearsOfIt) {
    run({{.id = {FaultKind::disk_no_space, "postgres-0", 0}, .at = 1s, .lasts = 3s},
         {.id = {FaultKind::disk_no_space, "postgres-0", 1}, .at = 6s, .lasts = 1s}},
        10s);
    const disk::Operation write{
        .kind = disk::OperationKind::write, .machine = "postgres-0", .path = "log"};
    const auto told_after = [&](host::Duration took) {
        disks.completed(write, {.took = took, .error = host::ErrorCode::no_space});
        return entry(FaultKind::disk_no_space).effective;
    };
    EXPECT_EQ(told_after(2s), 0U) << "it began when there was room";
    EXPECT_EQ(told_after(5s), 0U);
    EXPECT_EQ(told_after(7s), 1U);
    EXPECT_EQ(told_after(4s), 2U);
}

TEST_F(FaultRunnerTest, ASlowProcessCountsWhenAStepWasLate) {
    run({{.id = {FaultKind::process_slow, "api-1", 0}, .at = 1s, .lasts = 3s, .amount = 2ms},
         {.id = {FaultKind::process_slow, "api-1", 1}, .at = 2s, .lasts = 7s, .amount = 1ms}},
        3s);
    EXPECT_EQ(cluster.step_time, 3ms);
    kernel.run_until(host::TimePoint{5s});
    EXPECT_EQ(cluster.step_time, 1ms);
    EXPECT_EQ(entry(FaultKind::process_slow).effective, 0U);
    cluster.late_steps = 4;
    runner->stop_and_heal();
    EXPECT_EQ(cluster.step_time, 0s);
    EXPECT_EQ(entry(FaultKind::process_slow).effective, 1U);
}

TEST_F(FaultRunnerTest, ARestartLoopKillsAgainAndAgain) {
    run({{.id = {FaultKind::process_restart_loop, "api-1", 0},
          .at = 1s,
          .lasts = 5s,
          .amount = 2s}},
        2s);
    EXPECT_EQ(entry(FaultKind::process_restart_loop).effective, 0U);
    kernel.run_until(host::TimePoint{20s});
    EXPECT_THAT(cluster.notes,
                ElementsAre("1 kill api-1", "1 restart api-1", "3 kill api-1", "3 restart api-1",
                            "5 kill api-1", "5 restart api-1", "6 kill api-1", "6 restart api-1"));
    EXPECT_EQ(entry(FaultKind::process_restart_loop).fired, 1U);
    EXPECT_EQ(entry(FaultKind::process_restart_loop).effective, 1U);
}

TEST_F(FaultRunnerTest, ADamageCountsWhenAProcessReadsIt) {
    run({{.id = {FaultKind::disk_bit_rot, "postgres-0", 0}, .at = 1s, .choice = 7},
         {.id = {FaultKind::disk_misdirected_write, "postgres-0", 0}, .at = 1s, .choice = 8}},
        2s);
    const disk::Operation read{
        .kind = disk::OperationKind::read, .machine = "postgres-0", .path = "log"};
    disks.completed(read, {.damage = 6});
    EXPECT_EQ(entry(FaultKind::disk_bit_rot).effective, 0U);
    disks.completed(read, {.damage = 7});
    EXPECT_EQ(entry(FaultKind::disk_bit_rot).effective, 1U);
    EXPECT_EQ(entry(FaultKind::disk_misdirected_write).effective, 0U);
    disks.completed(read, {.damage = 8});
    EXPECT_EQ(entry(FaultKind::disk_misdirected_write).effective, 1U);
}

TEST_F(FaultRunnerTest, StrikesInTheMiddleOfASync) {
    run({{.id = {FaultKind::process_kill, "postgres-0", 0},
          .at = 1s,
          .lasts = 1s,
          .moment = Moment::sync}},
        2s);
    disks.decide({.kind = disk::OperationKind::sync, .machine = "postgres-0", .path = "log"});
    kernel.run_until(host::TimePoint{2s + 500ms});
    EXPECT_TRUE(cluster.notes.empty());
    const auto write_and_sync = [&](std::size_t bytes) {
        disks.decide({.kind = disk::OperationKind::write,
                      .machine = "postgres-0",
                      .path = "log",
                      .bytes = bytes});
        const disk::Decision sync = disks.decide(
            {.kind = disk::OperationKind::sync, .machine = "postgres-0", .path = "log"});
        kernel.run_until(kernel.now() + sync.latency - host::Duration{1});
    };
    write_and_sync(disk::sector_bytes);
    EXPECT_TRUE(cluster.notes.empty()) << "nothing there could be torn";
    write_and_sync(disk::sector_bytes + 1);
    EXPECT_THAT(cluster.notes, ElementsAre("2 kill postgres-0"));
}

TEST_F(FaultRunnerTest, StrikesInTheMiddleOfTheSyncOfARename) {
    using enum disk::OperationKind;
    run({{.id = {FaultKind::machine_power_loss, "postgres-0", 0},
          .at = 1s,
          .lasts = 1s,
          .moment = Moment::sync_of_rename}},
        2s);
    for (const disk::OperationKind kind : {sync, sync_directory, rename})
        disks.decide({.kind = kind, .machine = "postgres-0", .path = "data"});
    kernel.run_until(kernel.now() + 5s);
    EXPECT_TRUE(cluster.notes.empty());
    const disk::Decision decision =
        disks.decide({.kind = sync_directory, .machine = "postgres-0", .path = "data"});
    kernel.run_until(kernel.now() + decision.latency - host::Duration{1});
    EXPECT_THAT(cluster.notes, ElementsAre("7 power loss postgres-0"));
}

TEST_F(FaultRunnerTest, DoesNotWaitForEverForASync) {
    run({{.id = {FaultKind::process_kill, "postgres-0", 0},
          .at = 1s,
          .lasts = 1s,
          .moment = Moment::sync}},
        5s);
    EXPECT_THAT(cluster.notes, ElementsAre("3 kill postgres-0", "4 restart postgres-0"));
}

TEST_F(FaultRunnerTest, HealsWhatIsUnderWayAndStrikesNoMore) {
    run({{.id = {FaultKind::process_pause, "api-1", 0}, .at = 1s, .lasts = 100s},
         {.id = {FaultKind::network_partition_symmetric, "cluster", 0},
          .at = 1s,
          .lasts = 100s,
          .machines = {"api-2"}},
         {.id = {FaultKind::process_kill, "postgres-0", 0},
          .at = 4s,
          .lasts = 1s,
          .moment = Moment::sync},
         {.id = {FaultKind::process_kill, "api-2", 0}, .at = 50s, .lasts = 1s}},
        5s);
    runner->stop_and_heal();
    EXPECT_TRUE(cluster.blocked_links.empty());
    EXPECT_THAT(cluster.notes, testing::Contains("5 resume api-1"));
    EXPECT_THAT(cluster.notes, testing::Contains("5 power on postgres-0"));
    EXPECT_THAT(cluster.notes, testing::Contains("5 restart api-2"));
    const std::size_t count = cluster.notes.size();
    disks.decide({.kind = disk::OperationKind::sync, .machine = "postgres-0", .path = "log"});
    kernel.run_until(host::TimePoint{200s});
    EXPECT_EQ(cluster.notes.size(), count);
    EXPECT_TRUE(dice.is_calm());
}

TEST_F(FaultRunnerTest, HealingPutsAnotherMachineInThePlaceOfALostOne) {
    run({{.id = {FaultKind::machine_lost, "postgres-0", 0}, .at = 1s, .lasts = 100s}}, 5s);
    runner->stop_and_heal();
    EXPECT_THAT(cluster.notes, testing::Contains("5 power on postgres-0"));
    EXPECT_EQ(entry(FaultKind::machine_lost).effective, 1U);
}

TEST(Ledger, JudgesFloorsOverSeeds) {
    FloorTally tally;
    for (int seed = 0; seed < 10; ++seed) {
        Ledger ledger;
        ledger.arm(FaultKind::process_kill);
        ledger.fire(FaultKind::process_kill);
        if (seed % 2 == 0) ledger.effect(FaultKind::process_kill);
        tally.add(ledger);
    }
    EXPECT_EQ(tally.count(FaultKind::process_kill).armed, 10U);
    EXPECT_EQ(tally.count(FaultKind::process_kill).effective, 5U);
    EXPECT_THAT(tally.below_floor(10), ElementsAre(FaultKind::process_kill));
    EXPECT_TRUE(tally.below_floor(11).empty());
}

}  // namespace
}  // namespace atlas::sim::faults

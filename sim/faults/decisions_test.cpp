// Stable decisions: what is drawn depends on (seed, kind, target, ordinal) alone, and suppressing
// one leaves all others as they are.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

#include "sim/faults/disk_dice.hpp"
#include "sim/faults/fault_plan.hpp"
#include "sim/faults/network_dice.hpp"

namespace atlas::sim::faults {
namespace {

using kernel::Seed;
using network::Link;

SwarmOptions everything_on() {
    SwarmOptions options;
    FaultOptions& f = options.faults;
    const ScheduledFault often{.on = true, .every = 10s, .shortest = 1s, .longest = 5s};
    f.network_latency = {.on = true, .per_million = 200'000, .tail = 100ms};
    f.network_loss = {.on = true, .per_million = 200'000};
    f.network_short_read = {.on = true, .per_million = 200'000};
    f.network_short_write = {.on = true, .per_million = 200'000};
    f.network_partition_symmetric = often;
    f.network_partition_one_way = often;
    f.network_partition_majorities_ring = often;
    f.network_partition_bridge = often;
    f.network_partition_primaries = often;
    f.network_partition_zone = often;
    f.network_clog = often;
    f.network_swizzle = often;
    f.network_slow_link = {.on = true, .every = 10s, .shortest = 1s, .longest = 5s, .most = 1s};
    f.network_bandwidth = {.on = true, .every = 10s, .shortest = 1s, .longest = 5s, .most = 1s};
    f.network_reset = often;
    f.network_half_close = often;
    f.network_in_flight_loss = {.on = true, .per_million = 500'000};
    f.network_connect_refused = {.on = true, .per_million = 200'000};
    f.network_connect_hang = {.on = true, .per_million = 200'000};
    f.network_name_failure = {.on = true, .per_million = 200'000};
    f.network_name_stale = {.on = true, .per_million = 200'000};
    f.process_kill = often;
    f.process_restart = often;
    f.process_restart_loop = {.on = true, .every = 10s, .shortest = 1s, .longest = 5s, .most = 1s};
    f.process_pause = often;
    f.process_slow = {.on = true, .every = 10s, .shortest = 1s, .longest = 5s, .most = 1ms};
    f.process_fault_point = {.on = true, .per_million = 200'000};
    f.process_computation_refused = {.on = true, .per_million = 200'000};
    f.machine_power_loss = often;
    f.machine_lost = often;
    f.zone_power_loss = often;
    f.clock_offset = {.on = true, .largest = 1s};
    f.clock_step = {.on = true, .every = 10s, .largest = 1s};
    f.clock_drift = {.on = true, .largest = 1ms};
    f.clock_strobe = {.on = true, .every = 10s, .shortest = 1s, .longest = 5s, .largest = 1s};
    f.disk_short_read = {.on = true, .per_million = 200'000};
    f.disk_short_write = {.on = true, .per_million = 200'000};
    f.disk_read_error = {.on = true, .per_million = 200'000};
    f.disk_write_error = {.on = true, .per_million = 200'000};
    f.disk_stall = {.on = true, .per_million = 200'000, .tail = 100ms};
    f.disk_no_space = often;
    f.disk_sync_failure = {.on = true, .per_million = 200'000};
    f.disk_unsynced_writes_lost = {.on = true, .per_million = 700'000};
    f.disk_torn_write = {.on = true, .per_million = 700'000};
    f.disk_unsynced_names_lost = {.on = true, .per_million = 700'000};
    return options;
}

// Everything that the dice of network and disk say to one fixed course of operations, by id.
std::map<FaultId, std::string> everything_said(std::uint64_t seed,
                                               const SuppressedFaults& suppressed) {
    Ledger ledger;
    Dice dice(Seed{seed}, everything_on(), suppressed, ledger);
    NetworkDice network(dice, {"a", "b"});
    DiskDice disks(dice);
    std::map<FaultId, std::string> said;
    for (std::uint64_t i = 0; i < 60; ++i) {
        for (const Link link : {Link{0, 1}, Link{1, 0}}) {
            const std::string target = link.from == 0 ? "a>b" : "b>a";
            said[{FaultKind::network_latency, target, i}] =
                std::to_string(network.flight(link, 10).delay.count());
            said[{FaultKind::network_short_read, target, i}] =
                std::to_string(network.read_limit(link, 1000));
            said[{FaultKind::network_short_write, target, i}] =
                std::to_string(network.write_limit(link, 1000));
            said[{FaultKind::network_in_flight_loss, target, i}] =
                std::to_string(network.loses_in_flight(link));
            const network::ConnectFate fate = network.connect_fate(link);
            said[{FaultKind::network_connect_refused, target, i}] =
                std::to_string(fate == network::ConnectFate::refused);
            said[{FaultKind::network_connect_hang, target, i}] =
                std::to_string(fate == network::ConnectFate::ignored);
        }
        const network::NameFate fate = network.name_fate(0);
        said[{FaultKind::network_name_failure, "a", i}] =
            std::to_string(fate == network::NameFate::fails);
        said[{FaultKind::network_name_stale, "a", i}] =
            std::to_string(fate == network::NameFate::stale);
        disk::Operation operation{.kind = disk::OperationKind::read, .machine = "a", .path = "f"};
        operation.ordinal = i;
        operation.bytes = 1000;
        disk::Decision decision = disks.decide(operation);
        said[{FaultKind::disk_short_read, "a", i}] = std::to_string(decision.limit);
        said[{FaultKind::disk_read_error, "a", i}] = decision.error ? "fails" : "gives";
        operation.kind = disk::OperationKind::write;
        decision = disks.decide(operation);
        said[{FaultKind::disk_short_write, "a", i}] = std::to_string(decision.limit);
        said[{FaultKind::disk_write_error, "a", i}] = decision.error ? "fails" : "takes";
        operation.kind = disk::OperationKind::sync;
        said[{FaultKind::disk_sync_failure, "a", i}] =
            disks.decide(operation).error ? "fails" : "succeeds";
        const disk::Loss loss{disk::LossCause::power_loss, "a", i};
        std::string& writes = said[{FaultKind::disk_unsynced_writes_lost, "a", i}];
        std::string& names = said[{FaultKind::disk_unsynced_names_lost, "a", i}];
        for (std::uint64_t change = 1; change <= 8; ++change) {
            disk::UnsyncedPart part{.kind = disk::UnsyncedPart::Kind::size, .path = "f"};
            part.change = change;
            writes += disks.survives(loss, part) ? '1' : '0';
            part.kind = disk::UnsyncedPart::Kind::name;
            names += disks.survives(loss, part) ? '1' : '0';
        }
    }
    return said;
}

RC_GTEST_PROP(Decisions, SuppressingOneLeavesAllOthersAlone, ()) {
    const auto seed = *rc::gen::inRange<std::uint64_t>(1, 1000);
    const auto before = everything_said(seed, {});
    auto chosen = before.begin();
    std::advance(chosen, *rc::gen::inRange<std::size_t>(0, before.size()));
    const auto after = everything_said(seed, {chosen->first});
    RC_ASSERT(after.size() == before.size());
    for (const auto& [id, said] : before) {
        if (id != chosen->first) RC_ASSERT(after.at(id) == said);
    }
}

TEST(Decisions, WhatStandsBackForAnotherDoesSoWhenThatIsSuppressed) {
    const auto before = everything_said(1, {});
    for (const FaultKind kind :
         {FaultKind::network_connect_refused, FaultKind::network_name_failure,
          FaultKind::disk_read_error, FaultKind::disk_write_error}) {
        std::size_t happened = 0;
        for (const auto& [chosen, said] : before) {
            if (chosen.kind != kind) continue;
            auto after = everything_said(1, {chosen});
            happened += after.at(chosen) != said;
            after.at(chosen) = said;
            EXPECT_EQ(after, before) << to_string(chosen);
        }
        EXPECT_GT(happened, 3U) << name(kind);
    }
}

TEST(Decisions, ASuppressedOneDoesNotHappen) {
    for (const auto& [id, said] : everything_said(1, {})) {
        if (id.kind != FaultKind::disk_sync_failure || said != "fails") continue;
        EXPECT_EQ(everything_said(1, {id}).at(id), "succeeds") << to_string(id);
        return;
    }
    FAIL() << "at this rate some sync fails";
}

TEST(Decisions, WhatFailsIsNotShortAsWell) {
    Ledger ledger;
    SwarmOptions options = everything_on();
    options.faults.disk_read_error.per_million = 1'000'000;
    options.faults.disk_short_read.per_million = 1'000'000;
    Dice dice(Seed{1}, options, {}, ledger);
    DiskDice disks(dice);
    disk::Operation read{.kind = disk::OperationKind::read, .machine = "a", .path = "f"};
    read.bytes = 1000;
    EXPECT_TRUE(disks.decide(read).error);
    EXPECT_EQ(ledger.entry(FaultKind::disk_read_error).fired, 1U);
    EXPECT_EQ(ledger.entry(FaultKind::disk_short_read).fired, 0U);
}

TEST(Decisions, SeedsTargetsAndKindsDrawApart) {
    EXPECT_EQ(everything_said(1, {}), everything_said(1, {}));
    EXPECT_NE(everything_said(1, {}), everything_said(2, {}));
    std::string one_way;
    std::string other_way;
    for (const auto& [id, said] : everything_said(1, {})) {
        if (id.kind != FaultKind::network_latency) continue;
        (id.target == "a>b" ? one_way : other_way) += said;
    }
    EXPECT_NE(one_way, other_way);
}

TEST(Decisions, WhatAPowerLossTakesIsDrawnByItsStrike) {
    const auto fate = [](std::vector<std::uint64_t> strikes) {
        Ledger ledger;
        SwarmOptions options = everything_on();
        options.faults.disk_unsynced_writes_lost = {.on = true, .per_million = 500'000};
        Dice dice(Seed{1}, options, {}, ledger);
        DiskDice disks(dice);
        std::string last;
        std::uint64_t losses = 0;
        for (const std::uint64_t strike : strikes) {
            disks.power_will_be_lost("a", strike);
            const disk::Loss loss{disk::LossCause::power_loss, "a", losses++};
            last.clear();
            for (std::uint64_t change = 0; change < 64; ++change)
                last += disks.survives(loss, {.kind = disk::UnsyncedPart::Kind::sector,
                                              .path = "f",
                                              .change = change})
                            ? 'x'
                            : '.';
            disks.power_lost("a", {});
        }
        return last;
    };
    for (std::uint64_t strike = 1; strike < 20; ++strike)
        EXPECT_EQ(fate({0, strike}), fate({strike})) << "the first one was suppressed";
}

TEST(Decisions, WhatWaitedForALinkIsSentAgainAfterItsLatency) {
    Ledger ledger;
    SwarmOptions options = everything_on();
    options.network.latency = 5s;
    Dice dice(Seed{1}, options, {}, ledger);
    NetworkDice network(dice, {"a", "b"});
    for (int i = 0; i < 100; ++i)
        EXPECT_GE(network.retransmission_delay({0, 1}), host::Duration{5s});
}

TEST(Decisions, NothingIsDecidedOnceCalm) {
    Ledger ledger;
    Dice dice(Seed{1}, everything_on(), {}, ledger);
    dice.calm_down();
    NetworkDice network(dice, {"a", "b"});
    DiskDice disks(dice);
    for (std::uint64_t i = 0; i < 200; ++i) {
        EXPECT_EQ(network.read_limit({0, 1}, 1000), 1000U);
        EXPECT_LE(network.flight({0, 1}, 10).delay,
                  dice.options().network.latency + dice.options().network.jitter);
        EXPECT_FALSE(network.loses_in_flight({0, 1}));
        EXPECT_FALSE(
            disks.decide({.kind = disk::OperationKind::sync, .machine = "a", .path = "f"}).error);
    }
    for (const FaultKindInfo& each : all_fault_kinds())
        EXPECT_EQ(ledger.entry(each.kind).fired, 0U) << each.name;
}

const std::vector<MachineInfo> machines = machines_of(TopologyOptions{});
const Envelope envelope = Envelope::single_postgres();

RC_GTEST_PROP(FaultPlan, StaysInItsPhaseItsLengthsAndTheEnvelope, (std::uint64_t seed)) {
    const SwarmOptions options = draw(Seed{seed});
    const std::vector<MachineInfo> own = machines_of(options.topology);
    const Envelope claimed = Envelope::of(options.topology);
    const FaultPlan plan = draw_plan(Seed{seed}, options, own, claimed);
    RC_ASSERT(plan_faults(plan, own).empty());
    RC_ASSERT(outside_envelope(plan, claimed, own).empty());
    for (std::size_t i = 0; i < plan.size(); ++i) {
        const Strike& strike = plan[i];
        if (strike.id.kind == FaultKind::clock_offset || strike.id.kind == FaultKind::clock_drift) {
            RC_ASSERT(strike.at == 0s);
        } else {
            RC_ASSERT(strike.at >= options.run.calm_start + settling_time(options.topology));
        }
        RC_ASSERT(strike.at < options.run.safety);
        RC_ASSERT(strike.lasts >= 0s);
        if (i > 0) RC_ASSERT(plan[i - 1].at <= strike.at);
        if (strike.id.kind == FaultKind::process_kill) {
            RC_ASSERT(strike.lasts >= options.faults.process_kill.shortest);
            RC_ASSERT(strike.lasts <= options.faults.process_kill.longest);
        }
    }
}

RC_GTEST_PROP(FaultPlan, SwitchingOneKindOffLeavesTheOthersAlone, (std::uint64_t seed)) {
    SwarmOptions options = everything_on();
    const FaultPlan all = draw_plan(Seed{seed}, options, machines, envelope);
    options.faults.process_kill.on = false;
    const FaultPlan fewer = draw_plan(Seed{seed}, options, machines, envelope);
    FaultPlan expected;
    for (const Strike& strike : all) {
        if (strike.id.kind != FaultKind::process_kill) expected.push_back(strike);
    }
    RC_ASSERT(fewer == expected);
    RC_ASSERT(fewer.size() < all.size());
}

TEST(FaultPlan, StrikesAsOftenAsItIsTold) {
    SwarmOptions options;
    options.run.calm_start = 0s;
    options.run.safety = 1000s;
    options.faults.process_pause = {.on = true, .every = 10s, .shortest = 1ms, .longest = 1s};
    std::size_t strikes = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        strikes += draw_plan(Seed{seed}, options, machines, envelope).size();
    EXPECT_GT(strikes, 20U * 85);
    EXPECT_LT(strikes, 20U * 115);
}

TEST(FaultPlan, ClientsAreNeverKilledPausedOrCutFromPower) {
    for (const FaultKind kind : {FaultKind::process_kill, FaultKind::process_restart,
                                 FaultKind::process_pause, FaultKind::machine_power_loss}) {
        for (const std::string_view target : envelope.targets(kind, machines))
            EXPECT_FALSE(target.starts_with("client")) << name(kind);
    }
}

TEST(FaultPlan, StrikesDatabasesAndLeaseStoreWhereThereAreFollowers) {
    SwarmOptions options = everything_on();
    options.topology.followers = 2;
    const std::vector<MachineInfo> own = machines_of(options.topology);
    const FaultPlan plan = draw_plan(Seed{1}, options, own, Envelope::of(options.topology));
    const auto is_struck = [&](FaultKind kind, std::string_view target) {
        return std::ranges::any_of(plan, [&](const Strike& strike) {
            return strike.id.kind == kind && strike.id.target == target;
        });
    };
    for (const std::string_view target : {"postgres-0", "postgres-1", "postgres-2", "lease-store"})
        EXPECT_TRUE(is_struck(FaultKind::process_kill, target)) << target;
    EXPECT_TRUE(is_struck(FaultKind::process_pause, "lease-store"));
    EXPECT_TRUE(is_struck(FaultKind::process_pause, "postgres-1"));
    const bool among_databases = std::ranges::any_of(plan, [](const Strike& strike) {
        return strike.id.kind == FaultKind::network_clog && strike.machines.size() == 2 &&
               strike.machines[0].starts_with("postgres-") &&
               strike.machines[1].starts_with("postgres-");
    });
    EXPECT_TRUE(among_databases);
}

TEST(FaultPlan, LosesMachinesOfDatabasesAloneAndOnlyWhereThereAreSeveral) {
    SwarmOptions options = everything_on();
    for (const std::uint64_t followers : {0, 1, 2}) {
        options.topology.followers = followers;
        const std::vector<MachineInfo> own = machines_of(options.topology);
        std::set<std::string> lost;
        for (const Strike& strike :
             draw_plan(Seed{1}, options, own, Envelope::of(options.topology))) {
            if (strike.id.kind == FaultKind::machine_lost) lost.insert(strike.id.target);
        }
        EXPECT_EQ(lost.size(), followers == 0 ? 0 : followers + 1);
        for (const std::string& machine : lost)
            EXPECT_TRUE(machine.starts_with("postgres-")) << machine;
    }
}

TEST(FaultPlan, StrikesWholeZonesWhereThereAreSome) {
    using Zones = std::set<std::vector<std::string>>;
    SwarmOptions options = everything_on();
    const auto struck = [&](FaultKind kind) {
        const std::vector<MachineInfo> own = machines_of(options.topology);
        Zones zones;
        for (const Strike& strike :
             draw_plan(Seed{1}, options, own, Envelope::of(options.topology))) {
            if (strike.id.kind == kind) zones.insert(strike.machines);
        }
        return zones;
    };
    for (const FaultKind kind : {FaultKind::network_partition_zone, FaultKind::zone_power_loss}) {
        options.topology.followers = 0;
        EXPECT_EQ(struck(kind), Zones{}) << name(kind);
        options.topology.followers = 1;
        EXPECT_EQ(
            struck(kind),
            (Zones{{"lease-store"}, {"postgres-0", "api-1", "api-3"}, {"postgres-1", "api-2"}}))
            << name(kind);
    }
}

TEST(FaultPlan, AZoneIsNamedWhole) {
    const std::vector<MachineInfo> own = machines_of({.followers = 1});
    Strike strike{.id = {FaultKind::zone_power_loss, "cluster", 0},
                  .machines = {"api-2", "postgres-1"}};
    EXPECT_TRUE(plan_faults({strike}, own).empty());
    strike.machines = {"postgres-1"};
    EXPECT_EQ(
        plan_faults({strike}, own),
        std::vector<std::string>{"zone.power_loss/cluster/0 must name all machines of one zone"});
}

TEST(FaultPlan, SaysWhatIsWrongWithAPlanByHand) {
    const auto wrong = [](Strike strike) { return plan_faults({strike}, machines); };
    EXPECT_TRUE(wrong({.id = {FaultKind::process_kill, "api-1", 0}}).empty());
    EXPECT_EQ(wrong({.id = {FaultKind::process_kill, "api-9", 0}}).size(), 1U);
    EXPECT_EQ(wrong({.id = {FaultKind::disk_sync_failure, "api-1", 0}}).size(), 1U);
    EXPECT_EQ(wrong({.id = {FaultKind::network_reset, "cluster", 0}}).size(), 1U);
    EXPECT_EQ(wrong({.id = {FaultKind::network_partition_symmetric, "api-1", 0},
                     .lasts = 1s,
                     .machines = {"api-1"}})
                  .size(),
              1U);
    const Strike twice{.id = {FaultKind::process_kill, "api-1", 0}};
    EXPECT_EQ(plan_faults({twice, twice}, machines).size(), 1U);
}

TEST(FaultPlan, RefusesStrikesThatWouldDoNothing) {
    const auto wrong = [](Strike strike) { return plan_faults({strike}, machines); };
    Strike slow{.id = {FaultKind::network_slow_link, "cluster", 0},
                .lasts = 1s,
                .machines = {"api-1", "postgres-0"}};
    EXPECT_EQ(wrong(slow), std::vector<std::string>{
                               "network.slow_link/cluster/0 does nothing without 'amount'"});
    slow.amount = 1ms;
    EXPECT_TRUE(wrong(slow).empty());
    slow.lasts = 0s;
    EXPECT_EQ(wrong(slow).size(), 1U);
    EXPECT_EQ(wrong({.id = {FaultKind::clock_step, "api-1", 0}}).size(), 1U);
    EXPECT_EQ(wrong({.id = {FaultKind::clock_strobe, "api-1", 0}, .clock = 1s}).size(), 1U);
    EXPECT_EQ(wrong({.id = {FaultKind::network_clog, "cluster", 0},
                     .lasts = 1s,
                     .machines = {"api-1", "api-1"}}),
              std::vector<std::string>{"network.clog/cluster/0 names a machine twice"});
    EXPECT_EQ(wrong({.id = {FaultKind::network_partition_majorities_ring, "cluster", 0},
                     .lasts = 1s,
                     .machines = {"api-1", "api-2", "api-3"}}),
              std::vector<std::string>{"network.partition.majorities_ring/cluster/0 must name 4 "
                                       "machines at least"});
    EXPECT_EQ(wrong({.id = {FaultKind::network_partition_primaries, "cluster", 0},
                     .lasts = 1s,
                     .machines = {"postgres-0"}}),
              std::vector<std::string>{"network.partition.primaries/cluster/0 must name no "
                                       "machine"});
}

TEST(FaultId, IsItsText) {
    const FaultId id{FaultKind::network_latency, "api-1>postgres-0", 17};
    EXPECT_EQ(to_string(id), "network.latency/api-1>postgres-0/17");
    EXPECT_EQ(parse_fault_id(to_string(id)), id);
    for (const char* bad :
         {"", "process.kill", "process.kill/api-1", "process.kill//1", "process.kil/api-1/1",
          "process.kill/api-1/x", "process.kill/a/b/1", "process.kill/api-1/1 "}) {
        EXPECT_FALSE(parse_fault_id(bad)) << bad;
    }
}

}  // namespace
}  // namespace atlas::sim::faults

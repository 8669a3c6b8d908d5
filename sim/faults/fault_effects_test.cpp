// Each fault kind: it does what it says (seen by programs), the ledger agrees, its floor holds, and
// without it nothing of the sort happens.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/faults/observed_world_fixture.hpp"

namespace atlas::sim::faults {
namespace {

struct Case {
    FaultKind kind;
    void (*switch_on)(FaultOptions&);
    /// Whether the programs saw it, in a run that has it.
    bool (*was_seen)(const Observations&);
};

void PrintTo(const Case& one, std::ostream* out) {
    *out << name(one.kind);
}

constexpr ScheduledFault often{.on = true, .every = 2s, .shortest = 50ms, .longest = 2s};
constexpr OperationFault always{.on = true, .per_million = 1'000'000};

// What a calm run of this world stays far below.
constexpr host::Duration slow = 100ms;

const Case cases[] = {
    {FaultKind::network_latency,
     [](FaultOptions& f) {
         f.network_latency = {.on = true, .per_million = 20'000, .tail = 200ms};
     },
     [](const Observations& seen) { return seen.longest_round_trip > slow; }},
    {FaultKind::network_loss,
     [](FaultOptions& f) { f.network_loss = {.on = true, .per_million = 20'000}; },
     [](const Observations& seen) { return seen.longest_round_trip > slow; }},
    {FaultKind::network_short_read,
     [](FaultOptions& f) { f.network_short_read = {.on = true, .per_million = 200'000}; },
     [](const Observations& seen) { return seen.partial_reads > 0; }},
    {FaultKind::network_short_write,
     [](FaultOptions& f) { f.network_short_write = {.on = true, .per_million = 200'000}; },
     [](const Observations& seen) { return seen.partial_writes > 0; }},
    {FaultKind::network_partition_symmetric,
     [](FaultOptions& f) { f.network_partition_symmetric = often; },
     [](const Observations& seen) { return seen.longest_round_trip > slow; }},
    {FaultKind::network_partition_one_way,
     [](FaultOptions& f) { f.network_partition_one_way = often; },
     [](const Observations& seen) { return seen.longest_round_trip > slow; }},
    {FaultKind::network_partition_majorities_ring,
     [](FaultOptions& f) { f.network_partition_majorities_ring = often; },
     [](const Observations& seen) { return seen.longest_round_trip > slow; }},
    {FaultKind::network_partition_bridge,
     [](FaultOptions& f) { f.network_partition_bridge = often; },
     [](const Observations& seen) { return seen.longest_round_trip > slow; }},
    {FaultKind::network_partition_primaries,
     [](FaultOptions& f) { f.network_partition_primaries = often; },
     [](const Observations& seen) { return seen.longest_round_trip > slow; }},
    {FaultKind::network_partition_zone, [](FaultOptions& f) { f.network_partition_zone = often; },
     [](const Observations& seen) { return seen.longest_round_trip > slow; }},
    {FaultKind::network_clog, [](FaultOptions& f) { f.network_clog = often; },
     [](const Observations& seen) { return seen.longest_round_trip > slow; }},
    {FaultKind::network_swizzle, [](FaultOptions& f) { f.network_swizzle = often; },
     [](const Observations& seen) { return seen.longest_round_trip > slow; }},
    {FaultKind::network_slow_link,
     [](FaultOptions& f) {
         f.network_slow_link = {
             .on = true, .every = 1s, .shortest = 50ms, .longest = 2s, .most = 1500ms};
     },
     [](const Observations& seen) { return seen.longest_round_trip > slow; }},
    {FaultKind::network_bandwidth,
     [](FaultOptions& f) {
         f.network_bandwidth = {
             .on = true, .every = 1s, .shortest = 50ms, .longest = 2s, .most = 8s};
     },
     [](const Observations& seen) { return seen.longest_round_trip > slow; }},
    {FaultKind::network_reset, [](FaultOptions& f) { f.network_reset = often; },
     [](const Observations& seen) { return seen.resets > 0; }},
    {FaultKind::network_half_close, [](FaultOptions& f) { f.network_half_close = often; },
     [](const Observations& seen) { return seen.early_ends > 0; }},
    {FaultKind::network_in_flight_loss,
     // Slow packets, so that some are under way whenever the power goes. That what was lost never
     // arrives, and what was not does: PowerLossTest of the network.
     [](FaultOptions& f) {
         f.machine_power_loss = often;
         f.network_latency = {.on = true, .per_million = 500'000, .tail = 200ms};
         f.network_in_flight_loss = always;
     },
     [](const Observations& seen) { return seen.lost_connections > 0; }},
    {FaultKind::network_connect_refused,
     [](FaultOptions& f) { f.network_connect_refused = {.on = true, .per_million = 500'000}; },
     [](const Observations& seen) { return seen.refused_connects > 0; }},
    {FaultKind::network_connect_hang,
     [](FaultOptions& f) { f.network_connect_hang = {.on = true, .per_million = 500'000}; },
     [](const Observations& seen) { return seen.unanswered_connects > 0; }},
    {FaultKind::network_name_failure,
     [](FaultOptions& f) { f.network_name_failure = {.on = true, .per_million = 500'000}; },
     [](const Observations& seen) { return seen.unresolved_names > 0; }},
    {FaultKind::network_name_stale,
     [](FaultOptions& f) { f.network_name_stale = {.on = true, .per_million = 500'000}; },
     [](const Observations& seen) { return seen.unanswered_connects > 0; }},
    {FaultKind::process_kill, [](FaultOptions& f) { f.process_kill = often; },
     [](const Observations& seen) { return seen.starts > 4 && seen.lost_connections > 0; }},
    {FaultKind::process_restart,
     [](FaultOptions& f) {
         f.process_restart = often;
         f.process_restart.longest = 50ms;
     },
     [](const Observations& seen) { return seen.starts > 4 && seen.lost_connections > 0; }},
    {FaultKind::process_restart_loop,
     [](FaultOptions& f) {
         f.process_restart_loop = {
             .on = true, .every = 2s, .shortest = 500ms, .longest = 2s, .most = 200ms};
     },
     [](const Observations& seen) { return seen.starts > 5 && seen.lost_connections > 0; }},
    {FaultKind::process_pause, [](FaultOptions& f) { f.process_pause = often; },
     [](const Observations& seen) { return seen.longest_standstill >= 50ms; }},
    {FaultKind::process_slow,
     [](FaultOptions& f) {
         f.process_slow = {
             .on = true, .every = 2s, .shortest = 500ms, .longest = 2s, .most = 500ms};
     },
     [](const Observations& seen) { return seen.longest_standstill >= 50ms; }},
    {FaultKind::process_fault_point,
     [](FaultOptions& f) { f.process_fault_point = {.on = true, .per_million = 20'000}; },
     [](const Observations& seen) { return seen.starts > 4 && seen.lost_connections > 0; }},
    {FaultKind::process_computation_refused,
     [](FaultOptions& f) { f.process_computation_refused = {.on = true, .per_million = 20'000}; },
     [](const Observations& seen) { return seen.refused_computations > 0; }},
    {FaultKind::machine_power_loss, [](FaultOptions& f) { f.machine_power_loss = often; },
     [](const Observations& seen) { return seen.starts > 4 && seen.lost_connections > 0; }},
    {FaultKind::machine_lost, [](FaultOptions& f) { f.machine_lost = often; },
     [](const Observations& seen) { return seen.empty_disks > 0; }},
    {FaultKind::zone_power_loss, [](FaultOptions& f) { f.zone_power_loss = often; },
     [](const Observations& seen) { return seen.starts > 4 && seen.lost_connections > 0; }},
    {FaultKind::clock_offset,
     [](FaultOptions& f) { f.clock_offset = {.on = true, .largest = 10s}; },
     [](const Observations& seen) { return seen.largest_clock_error > 0s; }},
    {FaultKind::clock_step,
     [](FaultOptions& f) { f.clock_step = {.on = true, .every = 2s, .largest = 10s}; },
     [](const Observations& seen) { return seen.clock_jumps > 0; }},
    {FaultKind::clock_drift, [](FaultOptions& f) { f.clock_drift = {.on = true, .largest = 10ms}; },
     [](const Observations& seen) { return seen.largest_clock_error > 0s; }},
    {FaultKind::clock_strobe,
     [](FaultOptions& f) {
         f.clock_strobe = {
             .on = true, .every = 2s, .shortest = 50ms, .longest = 2s, .largest = 10s};
     },
     [](const Observations& seen) { return seen.clock_jumps > 0; }},
    {FaultKind::disk_short_read,
     [](FaultOptions& f) { f.disk_short_read = {.on = true, .per_million = 50'000}; },
     [](const Observations& seen) { return seen.disk_partial_reads > 0; }},
    {FaultKind::disk_short_write,
     [](FaultOptions& f) { f.disk_short_write = {.on = true, .per_million = 50'000}; },
     [](const Observations& seen) { return seen.disk_partial_writes > 0; }},
    {FaultKind::disk_read_error,
     [](FaultOptions& f) { f.disk_read_error = {.on = true, .per_million = 20'000}; },
     [](const Observations& seen) { return seen.read_errors > 0; }},
    {FaultKind::disk_write_error,
     [](FaultOptions& f) { f.disk_write_error = {.on = true, .per_million = 5'000}; },
     [](const Observations& seen) { return seen.write_errors > 0; }},
    {FaultKind::disk_stall,
     [](FaultOptions& f) { f.disk_stall = {.on = true, .per_million = 5'000, .tail = 200ms}; },
     [](const Observations& seen) { return seen.longest_disk_wait > slow; }},
    {FaultKind::disk_no_space, [](FaultOptions& f) { f.disk_no_space = often; },
     [](const Observations& seen) { return seen.full_disks > 0; }},
    {FaultKind::disk_bit_rot,
     [](FaultOptions& f) {
         f.disk_bit_rot = {.on = true, .every = 200ms, .shortest = {}, .longest = {}};
     },
     [](const Observations& seen) { return seen.damaged_blocks > 0; }},
    {FaultKind::disk_misdirected_write,
     [](FaultOptions& f) {
         f.disk_misdirected_write = {.on = true, .every = 200ms, .shortest = {}, .longest = {}};
     },
     [](const Observations& seen) { return seen.damaged_blocks > 0; }},
    {FaultKind::disk_sync_failure,
     [](FaultOptions& f) { f.disk_sync_failure = {.on = true, .per_million = 5'000}; },
     [](const Observations& seen) { return seen.sync_errors > 0; }},
    {FaultKind::disk_unsynced_writes_lost,
     [](FaultOptions& f) {
         f.machine_power_loss = often;
         f.disk_unsynced_writes_lost = always;
     },
     [](const Observations& seen) { return seen.unsynced_blocks_lost > 0; }},
    {FaultKind::disk_torn_write,
     [](FaultOptions& f) {
         f.machine_power_loss = often;
         f.disk_torn_write = always;
     },
     [](const Observations& seen) { return seen.torn_blocks > 0; }},
    {FaultKind::disk_unsynced_names_lost,
     [](FaultOptions& f) {
         f.machine_power_loss = often;
         f.disk_unsynced_names_lost = always;
     },
     [](const Observations& seen) { return seen.names_lost > 0; }},
};

class FaultEffects : public testing::TestWithParam<Case> {};

TEST_P(FaultEffects, IsSeenByProgramsAndReachesItsFloor) {
    constexpr std::uint64_t seeds = 8;
    const Case& one = GetParam();
    SwarmOptions options = observed_options();
    one.switch_on(options.faults);
    FloorTally tally;
    std::uint64_t seen = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const ObservedRun run = run_observed(seed, options);
        tally.add(run.ledger);
        EXPECT_TRUE(run.healed) << "seed " << seed;
        EXPECT_EQ(run.seen.synced_bytes_missing, 0U) << "seed " << seed;
        const bool effective = run.ledger.entry(one.kind).effective > 0;
        if (one.kind != FaultKind::machine_lost) EXPECT_EQ(run.seen.empty_disks, 0U);
        if (one.was_seen(run.seen)) ++seen;
        if (effective) EXPECT_TRUE(one.was_seen(run.seen)) << "seed " << seed;
    }
    // A plan may draw no strike at all: at this rate nearly every seed has one.
    EXPECT_GE(tally.count(one.kind).armed, seeds - 2);
    EXPECT_THAT(tally.below_floor(1), testing::Not(testing::Contains(one.kind))) << tally.table();
    EXPECT_GT(seen, 0U);
}

TEST_P(FaultEffects, DoesNotComeAboutByItself) {
    const Case& one = GetParam();
    const ObservedRun run = run_observed(3, observed_options());
    EXPECT_FALSE(one.was_seen(run.seen));
    EXPECT_EQ(run.ledger.entry(one.kind).armed, 0U);
    EXPECT_EQ(run.ledger.entry(one.kind).fired, 0U);
}

INSTANTIATE_TEST_SUITE_P(EachKind, FaultEffects, testing::ValuesIn(cases), [](const auto& info) {
    std::string text{name(info.param.kind)};
    std::ranges::replace(text, '.', '_');
    return text;
});

TEST(FaultEffects, EveryKindHasACase) {
    ASSERT_EQ(std::size(cases), fault_kinds);
    for (std::size_t i = 0; i < fault_kinds; ++i)
        EXPECT_EQ(cases[i].kind, static_cast<FaultKind>(i));
}

TEST(FaultEffects, ARunOfOneSeedIsTheSameTwice) {
    const SwarmOptions options = [] {
        SwarmOptions all = observed_options();
        for (const Case& one : cases)
            one.switch_on(all.faults);
        all.faults.network_reset.every = 1s;
        return all;
    }();
    EXPECT_EQ(run_observed(5, options).trace, run_observed(5, options).trace);
    EXPECT_NE(run_observed(5, options).trace, run_observed(6, options).trace);
}

TEST(FaultEffects, AllKindsAtOnceHealAndLoseNothingThatWasSynced) {
    SwarmOptions options = observed_options();
    for (const Case& one : cases) {
        // But for those that damage what was synced, and do nothing else.
        if (one.kind == FaultKind::disk_bit_rot) continue;
        if (one.kind == FaultKind::disk_misdirected_write) continue;
        one.switch_on(options.faults);
    }
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const ObservedRun run = run_observed(seed, options);
        EXPECT_TRUE(run.healed) << "seed " << seed;
        EXPECT_EQ(run.seen.synced_bytes_missing, 0U) << "seed " << seed;
    }
}

TEST(FaultEffects, ASuppressedStrikeDoesNotHappenAndIsNotArmed) {
    SwarmOptions options = observed_options();
    options.faults.process_kill = often;
    const ObservedRun all = run_observed(1, options);
    ASSERT_GE(all.records.size(), 3U);
    SuppressedFaults suppressed;
    for (const StrikeRecord& record : all.records)
        suppressed.insert(record.strike.id);
    suppressed.erase(all.records[1].strike.id);
    const ObservedRun one = run_observed(1, options, suppressed);
    ASSERT_EQ(one.records.size(), 1U);
    EXPECT_EQ(one.records[0].strike, all.records[1].strike);
    EXPECT_EQ(one.ledger.entry(FaultKind::process_kill).armed, 1U);
    EXPECT_EQ(one.ledger.entry(FaultKind::process_kill).fired, 1U);
}

}  // namespace
}  // namespace atlas::sim::faults

// The registry of knobs: complete, consistent, and what it says when a name or a value is wrong.

#include "sim/faults/knobs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "sim/faults/fault_kind.hpp"

namespace atlas::sim::faults {
namespace {

using host::ErrorCode;
using testing::HasSubstr;

TEST(Knobs, HaveUniqueNamesASentenceAndADefaultInTheirRange) {
    std::set<std::string_view> names;
    for (const Knob& knob : all_knobs()) {
        EXPECT_TRUE(names.insert(knob.name).second) << knob.name;
        EXPECT_TRUE(knob.sentence.ends_with('.')) << knob.name;
        SwarmOptions options;
        EXPECT_TRUE(assign(options, knob.name, knob.read(options))) << knob.name;
    }
}

TEST(Knobs, EveryFaultKindHasASwitch) {
    for (const FaultKindInfo& each : all_fault_kinds()) {
        const std::string name = "faults." + std::string(each.name) + ".on";
        EXPECT_NE(find_knob(name), nullptr) << name;
    }
}

RC_GTEST_PROP(Knobs, WhatASeedDrawsIsInEveryRange, (std::uint64_t number)) {
    SwarmOptions options = draw(kernel::Seed{number});
    for (const Knob& knob : all_knobs()) {
        const auto set = assign(options, knob.name, knob.read(options));
        RC_ASSERT(set.has_value());
    }
    RC_ASSERT(options.postgres.fsync);
    RC_ASSERT(options.postgres.synchronous_commit == "on");
}

RC_GTEST_PROP(Knobs, SettingTheTextOfAValueSetsTheValue, (std::uint64_t number)) {
    const SwarmOptions drawn = draw(kernel::Seed{number});
    SwarmOptions copy;
    for (const Knob& knob : all_knobs()) {
        const auto done = set(copy, knob.name, text_of(knob.read(drawn)));
        RC_ASSERT(done.has_value());
    }
    RC_ASSERT(table(copy) == table(drawn));
    for (const Knob& knob : all_knobs())
        RC_ASSERT(knob.read(copy) == knob.read(drawn));
}

RC_GTEST_PROP(Knobs, ADurationIsItsText, ()) {
    const auto nanoseconds =
        *rc::gen::inRange<std::int64_t>(-1'000'000'000'000'000, 1'000'000'000'000'000);
    const auto scale = *rc::gen::element<std::int64_t>(1, 1'000, 1'000'000, 1'000'000'000);
    const host::Duration duration{nanoseconds / scale * scale};
    const auto parsed = parse_duration(text_of(duration));
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(*parsed == duration);
}

TEST(Knobs, SayWhatWouldBeRight) {
    SwarmOptions options;
    const auto unknown = set(options, "postgres.fsnyc", "off");
    EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
    EXPECT_THAT(unknown.error().detail, HasSubstr("did you mean 'postgres.fsync'?"));
    EXPECT_THAT(set(options, "xyzzyplugh", "1").error().detail, HasSubstr("`list knobs`"));
    EXPECT_EQ(set(options, "topology.api_nodes", "17").error().detail,
              "topology.api_nodes is '17', and must be a whole number in 1 .. 16");
    EXPECT_EQ(set(options, "run.safety", "5").error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(set(options, "run.safety", "500ms").error().detail, HasSubstr("1s .. 240h"));
    EXPECT_THAT(set(options, "postgres.fsync", "perhaps").error().detail,
                HasSubstr("must be true or false"));
    EXPECT_FALSE(set(options, "workload.rate", "-1"));
    EXPECT_FALSE(set(options, "workload.rate", "20x"));
    EXPECT_FALSE(set(options, "workload.rate", "99999999999999999999"));
    EXPECT_TRUE(set(options, "postgres.fsync", "off"));
    EXPECT_FALSE(options.postgres.fsync);
}

TEST(Knobs, TheTableShowsOnlyFaultsThatAreOn) {
    SwarmOptions options;
    EXPECT_THAT(table(options), HasSubstr("fsync=true"));
    EXPECT_THAT(table(options), testing::Not(HasSubstr("faults")));
    options.faults.process_kill = {.on = true, .every = 20s, .shortest = 1s, .longest = 2s};
    EXPECT_THAT(table(options), HasSubstr("faults.process.kill"));
    EXPECT_THAT(table(options), HasSubstr("every=20s shortest=1s longest=2s"));
}

TEST(Swarm, ThreeApiNodesAreTheMostFrequentDraw) {
    std::map<std::uint64_t, unsigned> runs;
    std::set<std::string> log_levels;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const SwarmOptions options = draw(kernel::Seed{seed});
        ++runs[options.topology.api_nodes];
        log_levels.insert(options.run.log_level);
        EXPECT_THAT(table(options), HasSubstr(" api_nodes="));
    }
    EXPECT_THAT(runs, testing::ElementsAre(testing::Pair(2, testing::Lt(runs[3])),
                                           testing::Pair(3, testing::Gt(70U)),
                                           testing::Pair(4, testing::Lt(runs[3])),
                                           testing::Pair(5, testing::Lt(runs[3]))));
    EXPECT_EQ(log_levels.size(), 4U);
}

TEST(Swarm, SeedsDifferInWhichKindsTheyHave) {
    std::set<std::string> tables;
    std::uint64_t with_kills = 0;
    std::uint64_t without_any = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const SwarmOptions options = draw(kernel::Seed{seed});
        tables.insert(table(options));
        if (options.faults.process_kill.on) ++with_kills;
        if (table(options).find("faults.") == std::string::npos) ++without_any;
    }
    EXPECT_EQ(tables.size(), 200U);
    EXPECT_GT(with_kills, 70U);
    EXPECT_LT(with_kills, 140U);
    EXPECT_GT(without_any, 1U);
    EXPECT_LT(without_any, 30U);
}

}  // namespace
}  // namespace atlas::sim::faults

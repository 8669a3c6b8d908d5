#include "sim/models/postgres/replication/synchronous_standbys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace atlas::sim::models::postgres {
namespace {

using ::testing::ElementsAre;

SynchronousStandbys parsed(std::string_view text) {
    auto standbys = parse_synchronous_standbys(text);
    EXPECT_TRUE(standbys.has_value()) << text;
    return standbys ? *standbys : SynchronousStandbys{};
}

std::string refusal(std::string_view text) {
    const auto standbys = parse_synchronous_standbys(text);
    return standbys ? "" : standbys.error()->sqlstate;
}

StandbyProgress at(std::string name, std::uint64_t position) {
    return {.application_name = std::move(name),
            .written = position,
            .flushed = position,
            .applied = position};
}

std::optional<std::uint64_t> reached(std::string_view names, std::vector<StandbyProgress> all) {
    const auto positions = synchronous_positions(parsed(names), all);
    if (!positions) return std::nullopt;
    return positions->flushed;
}

TEST(SynchronousStandbys, are_read_in_all_their_forms) {
    EXPECT_TRUE(parsed("").is_empty());
    EXPECT_TRUE(parsed("  ").is_empty());
    const SynchronousStandbys plain = parsed("a, b");
    EXPECT_EQ(plain.count, 1U);
    EXPECT_FALSE(plain.any);
    EXPECT_THAT(plain.names, ElementsAre("a", "b"));
    const SynchronousStandbys first = parsed("FIRST 2 (a, \"B c\", *)");
    EXPECT_EQ(first.count, 2U);
    EXPECT_THAT(first.names, ElementsAre("a", "B c", "*"));
    const SynchronousStandbys old_form = parsed("2(a,b)");
    EXPECT_EQ(old_form.count, 2U);
    EXPECT_FALSE(old_form.any);
    EXPECT_TRUE(parsed("any 1 (a)").any);
    EXPECT_EQ(refusal("FIRST 1 ("), "42601");
    EXPECT_EQ(refusal("FIRST 0 (a)"), "22023");
    EXPECT_EQ(refusal("a b"), "42601");
    EXPECT_EQ(refusal("a,"), "42601");
    EXPECT_EQ(refusal("FIRST x (a)"), "42601");
    EXPECT_EQ(refusal("\"a"), "42601");
}

TEST(SynchronousStandbys, first_waits_for_all_of_the_best_and_any_for_some) {
    EXPECT_EQ(reached("a", {at("b", 5)}), std::nullopt);
    EXPECT_EQ(reached("a, b", {at("b", 5)}), 5U);
    // The first in the list, whichever is further.
    EXPECT_EQ(reached("a, b", {at("b", 5), at("a", 3)}), 3U);
    EXPECT_EQ(reached("FIRST 2 (a, b, c)", {at("c", 9), at("b", 5), at("a", 7)}), 5U);
    EXPECT_EQ(reached("ANY 1 (a, b, c)", {at("c", 9), at("b", 5), at("a", 7)}), 9U);
    EXPECT_EQ(reached("ANY 2 (a, b, c)", {at("c", 9), at("b", 5), at("a", 7)}), 7U);
    EXPECT_EQ(reached("ANY 2 (a, b)", {at("c", 9), at("b", 5)}), std::nullopt);
    EXPECT_EQ(reached("*", {at("", 9)}), std::nullopt);
    // One that streams but has not said how far it is pushes nobody aside, nor does one that has
    // not caught up.
    EXPECT_EQ(reached("a, b", {at("b", 5), at("a", 0)}), 5U);
    StandbyProgress behind = at("a", 3);
    behind.streams = false;
    EXPECT_EQ(reached("a, b", {at("b", 5), behind}), 5U);
    EXPECT_EQ(reached("", {at("a", 9)}), std::nullopt);
}

TEST(SynchronousStandbys, their_state_shows_who_counts) {
    const std::vector<StandbyProgress> all{at("c", 9), at("b", 5), at("A", 7)};
    const SynchronousStandbys first = parsed("a, b");
    EXPECT_EQ(synchronous_state(first, all, 0), "async");
    EXPECT_EQ(synchronous_state(first, all, 1), "potential");
    EXPECT_EQ(synchronous_state(first, all, 2), "sync");
    EXPECT_EQ(synchronous_state(parsed("ANY 1 (a)"), all, 2), "quorum");
    EXPECT_EQ(first.priority("b"), 2U);
    EXPECT_EQ(synchronous_state(parsed("ANY 1 (a, b)"), std::vector{at("a", 0), at("b", 5)}, 0),
              "potential");
}

}  // namespace
}  // namespace atlas::sim::models::postgres

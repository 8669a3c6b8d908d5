#include "system/sql/server_look.hpp"

#include <gtest/gtest.h>

namespace atlas::sql {
namespace {

QueryResult row(std::vector<Value> values) {
    QueryResult result;
    result.rows.push_back(std::move(values));
    return result;
}

TEST(ServerLook, ReadsAPrimaryAndAFollower) {
    const auto primary = read_server_look(row({"f", "0000000200000000000000A1", "0/A1000028", {}}));
    ASSERT_TRUE(primary.has_value());
    EXPECT_EQ(*primary, (ServerLook{true, LogPosition{2, 0xA1000028}, LogPosition{2, 0xA1000028}}));
    const auto follower = read_server_look(row({"t", "12", "16/B374D848", "16/B4000000"}));
    ASSERT_TRUE(follower.has_value());
    EXPECT_EQ(*follower,
              (ServerLook{false, LogPosition{12, 0x16B374D848}, LogPosition{12, 0x16B4000000}}));
    const auto restarted = read_server_look(row({"t", "12", "16/B374D848", "16/B3000000"}));
    EXPECT_EQ(restarted.value().received, restarted.value().position);
}

TEST(ServerLook, HasNoPositionOfAFollowerThatReceivesNothing) {
    EXPECT_EQ(read_server_look(row({"t", {}, "0/1", "0/1"})).value(), (ServerLook{false, {}}));
    EXPECT_EQ(read_server_look(row({"t", "1", {}, {}})).value(), (ServerLook{false, {}}));
}

TEST(ServerLook, RefusesWhatIsNoAnswer) {
    EXPECT_FALSE(read_server_look(QueryResult{}));
    EXPECT_FALSE(read_server_look(row({"t", "one", "0/1", "0/1"})));
    EXPECT_FALSE(read_server_look(row({"f", "1", "0/1", {}})));
    EXPECT_FALSE(read_server_run(row({"2026-01-01 00:00:00+00", "2"})));
    EXPECT_FALSE(read_log_position(row({{}}), 1));
}

TEST(ServerLook, TellsRunsOfAServerApart) {
    const ServerRun first = read_server_run(row({"10:00", "000000010000000000000001"})).value();
    EXPECT_EQ(first, read_server_run(row({"10:00", "0000000100000000000000FF"})).value());
    EXPECT_NE(first, read_server_run(row({"10:01", "000000010000000000000001"})).value());
    EXPECT_NE(first, read_server_run(row({"10:00", "000000020000000000000001"})).value());
}

}  // namespace
}  // namespace atlas::sql

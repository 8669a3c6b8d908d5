#include "system/failover/server_status.hpp"

#include <gtest/gtest.h>

namespace atlas::failover {
namespace {

sql::QueryResult answer(std::vector<std::vector<sql::Value>> rows) {
    return {.columns = {}, .rows = std::move(rows), .command_tag = "SELECT 1"};
}

TEST(FailoverServerStatus, OfAPrimary) {
    const auto status = read_status(answer({{"f", "16/B374D848", std::nullopt, std::nullopt,
                                             "\"b\"", "", std::nullopt, "7", "b", "16/B374D800"},
                                            {"f", "16/B374D848", std::nullopt, std::nullopt,
                                             "\"b\"", "", std::nullopt, "7", "c", std::nullopt}}));
    ASSERT_TRUE(status);
    EXPECT_EQ(*status, (ServerStatus{.role = Role::primary,
                                     .database = "7",
                                     .position = 0x16'B374'D848,
                                     .synchronous_names = "\"b\"",
                                     .standbys = {{"b", 0x16'B374'D800}, {"c", 0}}}));
}

TEST(FailoverServerStatus, OfAFollower) {
    const auto status =
        read_status(answer({{"t", std::nullopt, "0/3000000", "0/3000148", "*", "host=a port=1",
                             "4711", "7", std::nullopt, std::nullopt}}));
    ASSERT_TRUE(status);
    EXPECT_EQ(*status, (ServerStatus{.role = Role::follower,
                                     .database = "7",
                                     .position = 0x300'0148,
                                     .synchronous_names = "*",
                                     .conninfo = "host=a port=1",
                                     .receiver = "4711"}));
}

TEST(FailoverServerStatus, IsNotGuessedAt) {
    EXPECT_FALSE(read_status(answer({})));
    EXPECT_FALSE(read_status(answer({{"t"}})));
    for (const char* position : {"", "16", "16/", "16/G", "1/100000000"}) {
        EXPECT_FALSE(read_status(answer({{"f", position, std::nullopt, std::nullopt, "", "",
                                          std::nullopt, "7", std::nullopt, std::nullopt}})))
            << position;
    }
}

TEST(FailoverServerStatus, NamesAreQuoted) {
    EXPECT_EQ(synchronous_names({}), "");
    EXPECT_EQ(synchronous_names({"*"}), "*");
    EXPECT_EQ(synchronous_names({"node-1"}), "\"node-1\"");
    EXPECT_EQ(synchronous_names({"a", "b"}), "\"a\", \"b\"");
}

}  // namespace
}  // namespace atlas::failover

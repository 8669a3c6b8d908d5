#include "system/sql/log_position.hpp"

#include <gtest/gtest.h>

namespace atlas::sql {
namespace {

TEST(LogPosition, IsReadAsPostgresqlWritesIt) {
    EXPECT_EQ(parse_log_byte("0/0"), 0U);
    EXPECT_EQ(parse_log_byte("16/B374D848"), 0x16B374D848U);
    EXPECT_EQ(parse_log_byte("FFFFFFFF/FFFFFFFF"), beyond_all.byte);
    for (const char* const wrong : {"", "/", "16", "16/", "/1", "16/G", "-1/0", "100000000/0"})
        EXPECT_EQ(parse_log_byte(wrong), std::nullopt) << wrong;
}

TEST(LogPosition, HasItsTimelineFromTheNameOfAFile) {
    EXPECT_EQ(timeline_of_log_file("000000020000000A000000FF"), 2U);
    for (const char* const wrong : {"", "00000002", "0000000X0000000A000000FF"})
        EXPECT_EQ(timeline_of_log_file(wrong), std::nullopt) << wrong;
}

TEST(LogPosition, CoversWhatIsNotAheadInEither) {
    EXPECT_TRUE(covers({1, 100}, {1, 100}));
    EXPECT_TRUE(covers({2, 100}, {1, 90})) << "what was confirmed is on the new timeline too";
    EXPECT_FALSE(covers({1, 99}, {1, 100}));
    EXPECT_FALSE(covers({1, 200}, {2, 100})) << "on the old one there may be what was lost";
    EXPECT_FALSE(covers({7, 1'000'000}, beyond_all));
    EXPECT_TRUE(is_further({2, 10}, {1, 100}));
    EXPECT_FALSE(is_further({1, 100}, {2, 10}));
    EXPECT_TRUE(is_further({2, 11}, {2, 10}));
    EXPECT_FALSE(is_further({2, 10}, {2, 10}));
    EXPECT_EQ(later_of({2, 95}, {1, 100}), (LogPosition{2, 100}));
}

}  // namespace
}  // namespace atlas::sql

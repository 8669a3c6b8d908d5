#include "system/store/migrations.hpp"

#include <gtest/gtest.h>

namespace atlas::store {
namespace {

TEST(Migrations, AreNumberedWithoutGaps) {
    const std::vector<Migration> migrations = built_in_migrations();
    ASSERT_FALSE(migrations.empty());
    for (std::size_t i = 0; i < migrations.size(); ++i) {
        EXPECT_EQ(migrations[i].version, static_cast<int>(i + 1));
        EXPECT_FALSE(split_statements(migrations[i].text).empty()) << migrations[i].name;
    }
}

TEST(Migrations, AreSplitAtSemicolonsThatEndALine) {
    EXPECT_EQ(split_statements("-- a; comment;\nCREATE TABLE a (\n    b text -- c\n);\n\nDROP x;"),
              (std::vector<std::string>{"CREATE TABLE a (\n    b text -- c\n)", "DROP x"}));
}

TEST(MigrationsDeathTest, AStatementWithoutItsEndFailsACheck) {
    EXPECT_DEATH(split_statements("DROP x;\nDROP y"), "semicolon");
}

}  // namespace
}  // namespace atlas::store

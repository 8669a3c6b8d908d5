#include "adapters/descriptor_limit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace atlas::adapters {
namespace {

TEST(DescriptorLimit, IsRaisedAndMustBeEnough) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit low = before;
    low.rlim_cur = 64;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    EXPECT_EQ(raise_descriptor_limit(65), std::nullopt);
    rlimit raised{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &raised), 0);
    EXPECT_EQ(raised.rlim_cur, before.rlim_max);
    if (before.rlim_max != RLIM_INFINITY) {
        const auto wrong = raise_descriptor_limit(before.rlim_max + 1);
        ASSERT_TRUE(wrong);
        EXPECT_THAT(*wrong, testing::HasSubstr(std::to_string(before.rlim_max + 1)));
    }
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(DescriptorLimit, AnEmbeddedDatabaseNeedsItsOwn) {
    const DescriptorUse alone{.clients = 1000, .database_connections = 8};
    const DescriptorUse embedded{
        .clients = 1000, .database_connections = 8, .embedded_database = 400};
    EXPECT_GE(descriptors_needed(alone), 1016u);
    EXPECT_EQ(descriptors_needed(embedded), descriptors_needed(alone) + 400);
}

}  // namespace
}  // namespace atlas::adapters

#include "system/failover/cluster_keys.hpp"

#include <gtest/gtest.h>

namespace atlas::failover {
namespace {

const ClusterKeys keys("atlas");

TEST(FailoverClusterKeys, SayWhatWasWritten) {
    const Synchronous synchronous{
        .primary = "a", .followers = {"b"}, .created = true, .database = "7"};
    const Member a{.name = "a",
                   .endpoint = {"10.0.0.1", 5432},
                   .role = Role::primary,
                   .received = {3, 1ULL << 40}};
    const Member b{.name = "b", .endpoint = {"10.0.0.2", 5433}, .received = {3, 17}};
    lease_store::Entries entries;
    ASSERT_TRUE(entries.put({.key = keys.member("b"), .value = value_of(b)}));
    ASSERT_TRUE(entries.put({.key = keys.synchronous, .value = value_of(synchronous)}));
    ASSERT_TRUE(entries.put({.key = keys.leader, .value = leader_value("a")}));
    ASSERT_TRUE(entries.put({.key = keys.member("a"), .value = value_of(a)}));
    ASSERT_TRUE(entries.put({.key = "failover/other/leader", .value = leader_value("z")}));

    const host::Result<StoreView> view = read_view(keys, entries);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->leadership, (Leadership{"a", 3}));
    Synchronous expected = synchronous;
    expected.revision = 2;
    EXPECT_EQ(view->synchronous, expected);
    EXPECT_EQ(view->members, (std::vector<Member>{a, b}));
}

TEST(FailoverClusterKeys, AreNotGuessedAt) {
    for (const char* value : {"", "{}", "{\"primary\": \"a\"}",
                              "{\"primary\": \"a\", \"followers\": [1], \"created\": true}",
                              "{\"primary\": \"a\", \"followers\": [], \"created\": 1}"}) {
        lease_store::Entries entries;
        ASSERT_TRUE(entries.put({.key = keys.synchronous, .value = value}));
        const host::Result<StoreView> view = read_view(keys, entries);
        ASSERT_FALSE(view) << value;
        EXPECT_EQ(view.error().code, host::ErrorCode::protocol_error);
    }
    lease_store::Entries entries;
    ASSERT_TRUE(entries.put({.key = keys.member("a"),
                             .value = "{\"address\": \"x\", \"port\": 70000, \"role\": "
                                      "\"primary\", \"timeline\": 1, \"position\": 2}"}));
    EXPECT_FALSE(read_view(keys, entries));
}

}  // namespace
}  // namespace atlas::failover

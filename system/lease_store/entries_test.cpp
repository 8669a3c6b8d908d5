// The content as a value, and its bytes.

#include "system/lease_store/entries.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "system/lease_store/entries_file.hpp"

namespace atlas::lease_store {
namespace {

using host::ErrorCode;
using testing::HasSubstr;
using namespace std::chrono_literals;

TEST(LeaseEntries, AConditionNamesTheRevisionOfTheKey) {
    Entries entries;
    const auto made = entries.put({.key = "leader", .value = "a", .if_revision = 0});
    ASSERT_TRUE(made);
    EXPECT_EQ(made->revision, 1U);
    const auto again = entries.put({.key = "leader", .value = "b", .if_revision = 0});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::conflict);
    EXPECT_EQ(again.error().certainty, host::Certainty::definite);
    EXPECT_THAT(again.error().detail, HasSubstr("\"leader\" is at revision 1, not 0"));
    ASSERT_TRUE(entries.put({.key = "other", .value = "x"}));
    const auto changed = entries.put({.key = "leader", .value = "b", .if_revision = 1});
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->revision, 3U);
    EXPECT_EQ(changed->created, 1U) << "the token stays while the key is there";
}

TEST(LeaseEntries, WhoComesLaterHasAGreaterToken) {
    Entries entries;
    const auto first = entries.put({.key = "leader", .value = "a"});
    ASSERT_TRUE(entries.remove({.key = "leader"}));
    const auto second = entries.put({.key = "leader", .value = "b"});
    EXPECT_GT(second->created, first->created);
    EXPECT_GT(second->created, first->revision);
}

TEST(LeaseEntries, NamesWhatIsNotAllowed) {
    Entries entries;
    const auto refused = [&](const Put& put) { return entries.put(put).error(); };
    EXPECT_EQ(refused({.key = "a key"}).code, ErrorCode::invalid_argument);
    EXPECT_EQ(refused({.key = ""}).code, ErrorCode::invalid_argument);
    EXPECT_EQ(refused({.key = std::string(201, 'k')}).code, ErrorCode::invalid_argument);
    EXPECT_THAT(refused({.key = "k", .value = "\n"}).detail, HasSubstr("printable ASCII"));
    EXPECT_THAT(refused({.key = "k", .value = std::string(17000, 'v')}).detail,
                HasSubstr("17000 bytes; at most 16384"));
    EXPECT_THAT(refused({.key = "k", .time_to_live = 99ms}).detail, HasSubstr("from 100"));
    EXPECT_THAT(refused({.key = "k", .time_to_live = 25h}).detail, HasSubstr("to 86400000"));
    for (std::size_t i = 0; i < Limits::entries; ++i)
        ASSERT_TRUE(entries.put({.key = std::to_string(i)}));
    EXPECT_EQ(refused({.key = "k"}).code, ErrorCode::resource_exhausted);
    EXPECT_TRUE(entries.put({.key = "7", .value = "there is room for what is there"}));
    EXPECT_EQ(entries.remove({.key = "k"}).error().code, ErrorCode::not_found);
    EXPECT_EQ(entries.revision(), Limits::entries + 1) << "what is refused changes nothing";
}

Entries some_entries() {
    Entries entries;
    for (int i = *rc::gen::inRange(0, 20); i > 0; --i) {
        const std::string key(1, static_cast<char>('a' + *rc::gen::inRange(0, 6)));
        if (*rc::gen::inRange(0, 4) == 0) {
            (void)entries.remove({.key = key});
            continue;
        }
        Put put{.key = key,
                .value = *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'))};
        if (*rc::gen::arbitrary<bool>()) put.time_to_live = *rc::gen::inRange(100, 5000) * 1ms;
        RC_ASSERT(entries.put(put).has_value());
    }
    return entries;
}

RC_GTEST_PROP(LeaseEntries, AreTheSameWhenReadAgain, ()) {
    const Entries entries = some_entries();
    RC_ASSERT(decode_file(encode_file(entries)) == entries);
}

RC_GTEST_PROP(LeaseEntries, ADamagedFileIsNoFile, ()) {
    std::string bytes = encode_file(some_entries());
    const auto place = *rc::gen::inRange<std::size_t>(0, bytes.size());
    if (*rc::gen::arbitrary<bool>()) {
        bytes.resize(place);
    } else {
        bytes[place] = static_cast<char>(bytes[place] ^ *rc::gen::inRange(1, 256));
    }
    RC_ASSERT(!decode_file(bytes));
}

}  // namespace
}  // namespace atlas::lease_store

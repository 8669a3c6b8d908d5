// The content as a value, and its bytes.

#include "system/lease_store/entries.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "system/lease_store/entries_file.hpp"
#include "system/lease_store/store_mark.hpp"

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

TEST(LeaseEntries, ALeaseThatChangesHandsHasANewToken) {
    Entries entries;
    const auto taken = entries.put({.key = "lease", .value = "a", .time_to_live = 1s});
    const auto renewed = entries.put(
        {.key = "lease", .value = "a", .if_revision = taken->revision, .time_to_live = 1s});
    EXPECT_EQ(renewed->created, taken->created);
    const auto taken_over = entries.put(
        {.key = "lease", .value = "b", .if_revision = renewed->revision, .time_to_live = 1s});
    EXPECT_EQ(taken_over->created, taken_over->revision);
    const auto kept_for_ever = entries.put({.key = "lease", .value = "c"});
    EXPECT_EQ(kept_for_ever->created, kept_for_ever->revision);
    const auto no_lease = entries.put({.key = "lease", .value = "d"});
    EXPECT_EQ(no_lease->created, kept_for_ever->created) << "it is nobody's";
}

TEST(LeaseEntries, HaveRoomForSoManyBytes) {
    Entries entries;
    const std::string value(Limits::value_bytes, 'v');
    int count = 0;
    while (entries.put({.key = std::to_string(count), .value = value}))
        ++count;
    EXPECT_EQ(count, 63) << "with their keys, 64 are too many";
    EXPECT_EQ(entries.put({.key = "x", .value = value}).error().code,
              ErrorCode::resource_exhausted);
    EXPECT_TRUE(entries.put({.key = "0", .value = "less"}));
    EXPECT_TRUE(entries.put({.key = "x", .value = std::string(16000, 'v')}));
    ASSERT_TRUE(entries.remove({.key = "x"}));
    EXPECT_TRUE(entries.put({.key = "y", .value = std::string(16000, 'v')}));
    const Entries again(entries.revision(), entries.all());
    EXPECT_EQ(again, entries) << "and as many bytes of them";
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

constexpr const char* identity = "3f0c9a515e2b7d84";

RC_GTEST_PROP(LeaseEntries, AreTheSameWhenReadAgain, ()) {
    const StoredEntries stored{identity, some_entries()};
    RC_ASSERT(decode_file(encode_file(identity, stored.entries)) == stored);
}

RC_GTEST_PROP(LeaseEntries, ADamagedFileIsNoFile, ()) {
    std::string bytes = encode_file(identity, some_entries());
    const std::string whole = bytes;
    const auto place = *rc::gen::inRange<std::size_t>(0, bytes.size());
    const int kind = *rc::gen::inRange(0, 3);
    if (kind == 0) {
        bytes.resize(place);
    } else if (kind == 1) {
        bytes[place] = static_cast<char>(bytes[place] ^ *rc::gen::inRange(1, 256));
    } else {
        // Two parts of a file in each other's place, as of a write that went astray.
        std::ranges::rotate(bytes, bytes.begin() + static_cast<std::ptrdiff_t>(place));
        RC_PRE(bytes != whole);
    }
    RC_ASSERT(!decode_file(bytes));
}

TEST(LeaseEntries, WhatNoStoreMakesIsNoContent) {
    const Entry whole{.key = "k", .value = "v", .revision = 3, .created = 2};
    EXPECT_TRUE(is_whole(whole));
    const auto broken = [&](auto change) {
        Entry entry = whole;
        change(entry);
        return !is_whole(entry);
    };
    EXPECT_TRUE(broken([](Entry& entry) { entry.key = "a key"; }));
    EXPECT_TRUE(broken([](Entry& entry) { entry.value = "\n"; }));
    EXPECT_TRUE(broken([](Entry& entry) { entry.created = 0; }));
    EXPECT_TRUE(broken([](Entry& entry) { entry.created = 4; }));
    EXPECT_TRUE(broken([](Entry& entry) { entry.time_to_live = 99ms; }));
    Entry twin = whole;
    twin.key = "l";
    EXPECT_TRUE(decode_file(encode_file(identity, Entries(3, {{"k", whole}}))));
    EXPECT_FALSE(decode_file(encode_file(identity, Entries(3, {{"k", whole}, {"l", twin}}))));
    EXPECT_FALSE(decode_file(encode_file(identity, Entries(2, {{"k", whole}}))));
    EXPECT_FALSE(decode_file(encode_file("no identity", Entries{})));
}

TEST(LeaseEntries, AMarkIsReadAsItWasWritten) {
    const StoreMark mark{identity, 12};
    EXPECT_EQ(read_mark(to_string(mark)), mark);
    for (const char* text : {"", "3f0c9a515e2b7d84", "3f0c9a515e2b7d84 ", "3f0c9a515e2b7d84 x",
                             "3F0C9A515E2B7D84 1", "3f0c9a515e2b7d84 -1"})
        EXPECT_FALSE(read_mark(text)) << text;
    EXPECT_TRUE((StoreMark{identity, 13}.continues(mark)));
    EXPECT_FALSE((StoreMark{identity, 11}.continues(mark)));
    EXPECT_FALSE((StoreMark{identity_of(1), 13}.continues(mark)));
}

}  // namespace
}  // namespace atlas::lease_store

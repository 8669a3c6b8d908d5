// Entries about users as typed operations.

#include "properties/history/user_operations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace atlas::properties {
namespace {

using ::testing::HasSubstr;

Entry entry(std::uint64_t process, EntryType type, std::string function, std::string value) {
    return {process, type, host::Duration{0}, std::move(function), std::move(value), {}};
}

TEST(UserOperations, FieldsAreReadAsTheyAreWritten) {
    const UserFields fields{.id = "i",
                            .email = "A@b.example",
                            .display_name = "\"Ann\"\n",
                            .version = 3,
                            .if_match = 2,
                            .status = 412,
                            .problem = "urn:x",
                            .failure = "rejected",
                            .absent = true,
                            .key = "k",
                            .cursor = "c",
                            .next_cursor = "n",
                            .limit = 7,
                            .users = {{{"i", "A@b.example", "Ann", 3}}}};
    EXPECT_EQ(user_fields_from_json(to_json(fields)), fields);
    EXPECT_EQ(user_fields_from_json(to_json(UserFields{})), UserFields{});
    EXPECT_EQ(user_fields_from_json("null"), UserFields{});
}

TEST(UserOperations, PairEntries) {
    const History history = {
        entry(1, EntryType::invoke, "get_user", R"({"id":"a"})"),
        entry(2, EntryType::invoke, "patch_user", R"({"id":"a","display_name":"N","if_match":1})"),
        entry(1, EntryType::ok, "get_user", R"({"display_name":"M","version":1})")};
    const auto operations = user_operations(history);
    ASSERT_TRUE(operations.has_value());
    ASSERT_EQ(operations->size(), 2U);
    EXPECT_EQ((*operations)[0].outcome, EntryType::ok);
    EXPECT_EQ((*operations)[0].end_line, 3U);
    EXPECT_EQ((*operations)[0].response.version, 1U);
    EXPECT_EQ((*operations)[1].outcome, EntryType::info);
    EXPECT_EQ((*operations)[1].end_line, 0U);
}

std::string why_refused(const History& history) {
    const auto operations = user_operations(history);
    return operations ? "" : describe(operations.error());
}

TEST(UserOperations, RefuseWhatTheyCannotUse) {
    EXPECT_THAT(why_refused({entry(1, EntryType::invoke, "fly", "null")}),
                HasSubstr("\"fly\" is no known function"));
    EXPECT_THAT(why_refused({entry(1, EntryType::invoke, "get_user", "null")}),
                HasSubstr("with \"id\""));
    EXPECT_THAT(why_refused({entry(1, EntryType::invoke, "get_user", R"({"id":7})")}),
                HasSubstr("\"id\" is no text"));
    EXPECT_THAT(why_refused({entry(1, EntryType::invoke, "get_user", R"({"id":"a","x":1})")}),
                HasSubstr("unknown member \"x\""));
    const Entry page = entry(1, EntryType::invoke, "list_users", R"({"limit":2})");
    for (const char* users : {"7", "[7]", R"([{"id":"a"}])"}) {
        EXPECT_THAT(why_refused({page, entry(1, EntryType::ok, "list_users",
                                             R"({"users":)" + std::string(users) + "}")}),
                    HasSubstr("\"users\" is no list of users"));
    }
    EXPECT_THAT(why_refused({page, entry(1, EntryType::ok, "list_users", "{}")}),
                HasSubstr("with \"users\""));
    EXPECT_THAT(why_refused({entry(1, EntryType::invoke, "get_user", R"({"id":"a"})"),
                             entry(1, EntryType::ok, "get_user", R"({"version":-1})")}),
                HasSubstr("line 2: in \"value\", \"version\" is no whole number"));
    EXPECT_THAT(why_refused({entry(1, EntryType::invoke, "get_user", R"({"id":"a"})"),
                             entry(1, EntryType::ok, "get_user", R"({"version":1})")}),
                HasSubstr("\"display_name\" and \"version\""));
}

}  // namespace
}  // namespace atlas::properties

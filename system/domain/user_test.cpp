#include "system/domain/user.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace atlas::domain {
namespace {

TEST(Email, HasAShape) {
    for (const char* good :
         {"a@b.c", "Ada.Lovelace+x@Example.co.uk", "\xc3\xa9@d\xc3\xa9j\xc3\xa0.fr"}) {
        EXPECT_FALSE(find_fault_in_email(good)) << good;
    }
    for (const char* bad : {"", "a", "@b.c", "a@", "a@b", "a@b..c", "a@-b.c", "a@b.c-", "a b@c.d",
                            "a@b.c\n", "a@b@c.d", "a\x7f@b.c", "a@b_c.d", "<a@b.c>"}) {
        EXPECT_TRUE(find_fault_in_email(bad)) << bad;
    }
    EXPECT_TRUE(find_fault_in_email(std::string(65, 'a') + "@b.c"));
    EXPECT_TRUE(find_fault_in_email("a@" + std::string(64, 'b') + ".c"));
    EXPECT_TRUE(find_fault_in_email("a@" + std::string(300, 'b')));
}

TEST(Email, FoldsAsciiAlone) {
    EXPECT_EQ(fold_email("ADA@Example.COM"), "ada@example.com");
    EXPECT_EQ(fold_email("\xc3\x89@b.c"), "\xc3\x89@b.c");  // U+00C9
}

RC_GTEST_PROP(Email, FoldingTwiceIsFoldingOnce, (const std::string& text)) {
    const std::string once = fold_email(text);
    RC_ASSERT(fold_email(once) == once);
    RC_ASSERT(once.size() == text.size());
}

TEST(DisplayName, IsCountedInCodePoints) {
    std::string hundred;
    for (int i = 0; i < 100; ++i)
        hundred += "\xe2\x82\xac";
    EXPECT_FALSE(find_fault_in_display_name(hundred));
    EXPECT_TRUE(find_fault_in_display_name(hundred + "x"));
    EXPECT_TRUE(find_fault_in_display_name(""));
    EXPECT_TRUE(find_fault_in_display_name("   "));
    EXPECT_TRUE(find_fault_in_display_name("a\tb"));
    EXPECT_TRUE(find_fault_in_display_name(std::string_view{"a\0b", 3}));
    EXPECT_TRUE(
        find_fault_in_display_name("a\xc2\x85"
                                   "b"));  // U+0085
    EXPECT_FALSE(
        find_fault_in_display_name("\xc2\xa0"
                                   "b"));
}

TEST(Password, HasALengthAndNoOtherRule) {
    EXPECT_TRUE(find_fault_in_password("1234567"));
    EXPECT_FALSE(find_fault_in_password("        "));
    EXPECT_FALSE(find_fault_in_password(std::string(128, 'x')));
    EXPECT_TRUE(find_fault_in_password(std::string(129, 'x')));
}

TEST(Timestamp, IsReadInBothForms) {
    const Timestamp moment{std::chrono::microseconds{1795345185000123}};
    EXPECT_EQ(to_rfc3339(moment), "2026-11-22T10:59:45.000123Z");
    EXPECT_EQ(parse_timestamp("2026-11-22T10:59:45.000123Z"), moment);
    EXPECT_EQ(parse_timestamp("2026-11-22 10:59:45.000123+00"), moment);
    EXPECT_EQ(parse_timestamp("2026-11-22 10:59:45.1+00"),
              moment + std::chrono::microseconds{99877});
    for (const char* bad :
         {"", "2026-11-22", "2026-02-30T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T10:59:45",
          "2026-11-22T10:59:45.Z", "2026-11-22T10:59:45.1234567Z", "2026-11-22 10:59:45+01"}) {
        EXPECT_FALSE(parse_timestamp(bad)) << bad;
    }
}

RC_GTEST_PROP(Timestamp, TextComesBack, ()) {
    const Timestamp moment{std::chrono::microseconds{
        *rc::gen::inRange<std::int64_t>(-62167219200000000, 253402300800000000)}};
    RC_ASSERT(parse_timestamp(to_rfc3339(moment)) == moment);
}

}  // namespace
}  // namespace atlas::domain

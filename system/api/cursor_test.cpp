#include "system/api/cursor.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace atlas::api {
namespace {

RC_GTEST_PROP(Cursor, ComesBackAsItWas, ()) {
    domain::Uuid id;
    for (std::uint8_t& byte : id.bytes)
        byte = *rc::gen::arbitrary<std::uint8_t>();
    const std::string cursor = format_cursor(id);
    RC_ASSERT(cursor.size() == 24u);
    RC_ASSERT(parse_cursor(cursor) == id);
}

RC_GTEST_PROP(Cursor, AnyTextIsReadOrRefused, (const std::string& text)) {
    const auto id = parse_cursor(text);
    if (id) RC_ASSERT(format_cursor(*id) == text);
}

TEST(Cursor, ASlipOfOneCharacterIsRefused) {
    const std::string cursor = format_cursor({});
    for (std::size_t i = 0; i < cursor.size(); ++i) {
        std::string slip = cursor;
        slip[i] = slip[i] == 'Q' ? 'R' : 'Q';
        EXPECT_FALSE(parse_cursor(slip)) << i;
    }
    EXPECT_FALSE(parse_cursor(""));
    EXPECT_FALSE(parse_cursor(cursor + "A"));
}

}  // namespace
}  // namespace atlas::api

#include "system/api/idempotency_key.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace atlas::api {
namespace {

TEST(IdempotencyKey, IsTheSameQuotedOrBare) {
    EXPECT_EQ(parse_idempotency_key("\"8e03978e-40d5\""), "8e03978e-40d5");
    EXPECT_EQ(parse_idempotency_key("8e03978e-40d5"), "8e03978e-40d5");
    EXPECT_EQ(parse_idempotency_key(R"("a \"b\" \\")"), R"(a "b" \)");
}

TEST(IdempotencyKey, WhatIsMalformedIsRefused) {
    const std::string long_key(256, 'k');
    for (const std::string& field :
         {std::string{}, std::string{"\""}, std::string{"\"\""}, std::string{"a b"},
          std::string{"\"a"}, std::string{"a\""}, std::string{"\"a\"b\""}, std::string{"\"a\\\""},
          std::string{"\"a\\b\""}, std::string{"\"a\";p=1"}, std::string{"\xc3\xa4"},
          std::string{"\"\t\""}, long_key, '"' + long_key + '"'}) {
        EXPECT_FALSE(parse_idempotency_key(field)) << field;
    }
    EXPECT_TRUE(parse_idempotency_key(long_key.substr(1)));
}

RC_GTEST_PROP(IdempotencyKey, AnyPrintableKeyCanBeQuoted, ()) {
    const auto key =
        *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange<char>(0x20, 0x7f)));
    RC_PRE(key.size() <= 255);
    std::string field = "\"";
    for (const char c : key) {
        if (c == '"' || c == '\\') field += '\\';
        field += c;
    }
    RC_ASSERT(parse_idempotency_key(field + '"') == key);
}

}  // namespace
}  // namespace atlas::api

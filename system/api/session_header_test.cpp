#include "system/api/session_header.hpp"

#include <gtest/gtest.h>

namespace atlas::api {
namespace {

using sql::Consistency;
using sql::LogPosition;

TEST(SessionHeader, ATokenIsWhatItWasMadeFrom) {
    for (const LogPosition seen : {LogPosition{}, LogPosition{3, 0x16B374D848}, sql::beyond_all})
        EXPECT_EQ(parse_session(format_session(seen)), seen);
}

TEST(SessionHeader, NoTokenHasASlipInIt) {
    const std::string token = format_session({3, 0x16B374D848});
    std::size_t refused = 0;
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string wrong = token;
        wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
        refused += parse_session(wrong).has_value() ? 0 : 1;
    }
    EXPECT_EQ(refused, token.size());
    EXPECT_EQ(parse_session(""), std::nullopt);
    EXPECT_EQ(parse_session(token + "A"), std::nullopt);
    EXPECT_EQ(parse_session(token.substr(0, 20) + "===="), std::nullopt);
}

TEST(SessionHeader, ARequestThatSaysNothingReadsStrongly) {
    const auto session = read_session({});
    ASSERT_TRUE(session);
    EXPECT_EQ(session->consistency, Consistency::strong);
    EXPECT_EQ(session->seen, LogPosition{});
}

TEST(SessionHeader, ARequestNamesItsLevelAndWhatItHasSeen) {
    http::Headers headers;
    headers.add("atlas-consistency", "session");
    headers.add("atlas-session", format_session({1, 77}));
    const auto session = read_session(headers);
    ASSERT_TRUE(session);
    EXPECT_EQ(session->consistency, Consistency::session);
    EXPECT_EQ(session->seen, (LogPosition{1, 77}));
}

TEST(SessionHeader, WhatIsWrongIsToldWithWhatWouldBeRight) {
    for (const char* const level : {"", "Strong", "weak", "strong, session"}) {
        const auto session = read_session({{"Atlas-Consistency", level}});
        ASSERT_FALSE(session) << level;
        EXPECT_EQ(session.error().type.status, 400);
        EXPECT_EQ(session.error().detail,
                  "Atlas-Consistency is \"strong\", \"session\" or \"eventual\".");
    }
    const auto session = read_session({{"Atlas-Session", "token"}});
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().detail,
              "Atlas-Session is that of the last response, unchanged; leave it out to begin a "
              "session.");
    const std::string token = format_session({1, 1});
    EXPECT_FALSE(read_session({{"Atlas-Session", token}, {"Atlas-Session", token}}));
}

}  // namespace
}  // namespace atlas::api

#include "system/api/routes.hpp"

#include <gtest/gtest.h>

namespace atlas::api {
namespace {

TEST(Routes, FindsByMethodAndPath) {
    EXPECT_EQ(find_route("POST", "/v1/users").route->summary, "Registers a user.");
    const RouteMatch match = find_route("GET", "/v1/users/abc?x=y");
    ASSERT_NE(match.route, nullptr);
    EXPECT_EQ(match.path_parameter, "abc");
    EXPECT_EQ(match.query, "x=y");
    EXPECT_EQ(find_route("GET", "/v1/users?limit=1").route->query.size(), 2u);
    EXPECT_NE(find_route("GET", "http://host:80/livez").route, nullptr);
    EXPECT_NE(find_route("GET", "HTTPS://host/livez?a=/b").route, nullptr);
}

TEST(Routes, TellsAWrongMethodFromAWrongPath) {
    const RouteMatch wrong_method = find_route("PUT", "/v1/users/abc");
    EXPECT_EQ(wrong_method.route, nullptr);
    EXPECT_EQ(wrong_method.allowed, (std::vector<std::string_view>{"GET", "PATCH", "DELETE"}));
    for (const char* path : {"/", "", "*", "/v1/users/", "/v1/users/a/b", "/v1", "/livez/",
                             "http://host", "livez", "http://host?/livez", "ftp://host/livez"}) {
        EXPECT_TRUE(find_route("GET", path).allowed.empty()) << path;
    }
}

TEST(EntityTag, IfMatchIsReadAsTheStandardSays) {
    const auto versions = [](std::string_view field) {
        return parse_if_match(field).value().versions;
    };
    using Versions = std::vector<std::int64_t>;
    EXPECT_EQ(versions("\"1\""), (Versions{1}));
    EXPECT_EQ(versions(" \"1\" ,\t\"22\""), (Versions{1, 22}));
    EXPECT_EQ(versions("*"), std::nullopt);
    // Well-formed, and never equal to a strong tag of ours.
    EXPECT_EQ(versions("W/\"1\""), (Versions{}));
    EXPECT_EQ(versions("\"01\", \"one\", \"+1\", \"99999999999999999999\", \"\""), (Versions{}));
    std::string many = "\"1\"";
    for (int i = 0; i < 16; ++i)
        many += ",\"1\"";
    for (const std::string& bad :
         {std::string{}, std::string{"1"}, std::string{"\"1"}, std::string{"\"1\","},
          std::string{"\"1\" \"2\""}, std::string{"*,\"1\""}, std::string{"w/\"1\""}, many}) {
        EXPECT_FALSE(parse_if_match(bad)) << bad;
    }
}

}  // namespace
}  // namespace atlas::api

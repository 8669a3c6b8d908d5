#include "system/api/schema.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

#include "system/api/user_routes.hpp"

namespace atlas::api {
namespace {

using Pointers = std::vector<std::string>;

Pointers faults_of(std::string_view body, const ObjectSchema& schema = registration_schema) {
    const std::expected<Members, http::Problem> members = read_object(body, schema);
    Pointers pointers;
    if (members) return pointers;
    EXPECT_EQ(members.error().type.status, 400);
    for (const http::ProblemItem& item : members.error().errors)
        pointers.push_back(item.pointer);
    return pointers;
}

TEST(Schema, GivesTheMembersInItsOrder) {
    const auto members = read_object(
        R"({"password":"12345678","email":"a@b.c","display_name":"A\u00e9"})", registration_schema);
    ASSERT_TRUE(members);
    EXPECT_EQ(*members, (Members{"a@b.c", "A\xc3\xa9", "12345678"}));
}

TEST(Schema, PointsAtEveryOffendingMember) {
    const std::string good = R"("email":"a@b.c","display_name":"A","password":"12345678")";
    EXPECT_EQ(faults_of("{}"), (Pointers{"/email", "/display_name", "/password"}));
    EXPECT_EQ(faults_of(R"({"email":"x","display_name":"","password":"1"})"),
              (Pointers{"/email", "/display_name", "/password"}));
    EXPECT_EQ(faults_of("{" + good + R"(,"a/b~c":{"email":[1]}})"), (Pointers{"/a~1b~0c"}));
    EXPECT_EQ(faults_of("{" + good + R"(,"email":"d@e.f"})"), (Pointers{"/email"}));
    EXPECT_EQ(faults_of(R"({"email":1,"display_name":null,"password":{"a":["b"]}})"),
              (Pointers{"/email", "/display_name", "/password"}));
    EXPECT_EQ(faults_of(R"({"display_name":null})", user_patch_schema),
              (Pointers{"/display_name"}));
    EXPECT_EQ(faults_of("{}", user_patch_schema), (Pointers{}));
    EXPECT_EQ(faults_of(R"({"e-mail":"a@b.c","display_name":"","password":1})"),
              (Pointers{"/e-mail", "/password", "/email", "/display_name"}));
}

TEST(Schema, CutsALongNameBetweenCharacters) {
    for (const std::string character : {"\u00e9", "\u20ac", "\U0001f600"}) {
        std::string name = "x";
        while (name.size() < 100)
            name += character;
        const Pointers pointers = faults_of("{\"" + name + "\":1}", user_patch_schema);
        ASSERT_EQ(pointers.size(), 1u);
        const std::string cut = pointers[0].substr(1);
        EXPECT_TRUE(name.starts_with(cut));
        EXPECT_LE(cut.size(), 64u);
        EXPECT_GT(cut.size(), 60u);
        EXPECT_EQ((cut.size() - 1) % character.size(), 0u) << character;
    }
}

TEST(Schema, RefusesWhatIsNotAnObject) {
    for (const char* body :
         {"", "[]", "1", "null", "\"a\"", "{", "{}{}", "{\"display_name\":\"\xff\"}",
          "{\"display_name\":\"\\ud800\"}", "[{\"display_name\":1}]", "{email:1}"}) {
        const Pointers pointers = faults_of(body, user_patch_schema);
        ASSERT_FALSE(pointers.empty()) << body;
        EXPECT_EQ(pointers.back(), "") << body;
    }
}

TEST(Schema, DepthIsLimitedAndCostsNothing) {
    const std::string deep = R"({"x":)" + std::string(60000, '[');
    const auto members = read_object(deep, user_patch_schema);
    ASSERT_FALSE(members);
    EXPECT_EQ(members.error().errors.back().detail, "The body is nested too deeply.");
}

TEST(Schema, ReportsABoundedNumberOfFaults) {
    std::string body = "{";
    for (int i = 0; i < 1000; ++i)
        body += "\"u" + std::to_string(i) + "\":1,";
    body.back() = '}';
    EXPECT_EQ(faults_of(body).size(), 16u);
}

RC_GTEST_PROP(Schema, AnyBytesAreReadOrRefused, (const std::string& noise)) {
    const std::string body = R"({"display_name":")" + noise + R"("})";
    const auto members = read_object(body, user_patch_schema);
    RC_ASSERT(members || !members.error().errors.empty());
}

}  // namespace
}  // namespace atlas::api

// Responses against the description that the API gives of itself.

#include "properties/checkers/described_response.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/checkers/json_schema.hpp"
#include "system/api/openapi.hpp"

namespace atlas::properties {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

constexpr std::string_view ann =
    R"({"id":"0193f5a0-0000-7000-8000-000000000001","email":"ann@x.example",)"
    R"("display_name":"Ann","version":1,"created_at":"2026-01-02T03:04:05Z",)"
    R"("updated_at":"2026-01-02T03:04:05.678Z"})";
constexpr std::string_view user_target = "/v1/users/0193f5a0-0000-7000-8000-000000000001";

http::Response shows(std::string body) {
    return {200, {{"Content-Type", "application/json"}, {"ETag", "\"1\""}}, std::move(body)};
}

const ApiDescription& description() {
    static const ApiDescription of_api(api::describe_api(api::routes()));
    return of_api;
}

/// With the session that every answer of these routes has.
std::vector<std::string> faults_in(std::string_view method, std::string_view target,
                                   http::Response response) {
    response.headers.set("Atlas-Session", "AQ");
    return description().faults_in(method, target, response);
}

TEST(DescribedResponse, HasASession) {
    EXPECT_THAT(description().faults_in("GET", user_target, shows(std::string(ann))),
                ElementsAre("the header Atlas-Session is missing"));
}

TEST(DescribedResponse, IsFoundToBeInOrder) {
    EXPECT_THAT(faults_in("GET", user_target, shows(std::string(ann))), IsEmpty());
    EXPECT_THAT(faults_in("DELETE", user_target, {204, {}, {}}), IsEmpty());
    const std::string page = R"({"users":[)" + std::string(ann) + R"(],"next_cursor":null})";
    EXPECT_THAT(faults_in("GET", "/v1/users?limit=1", shows(page)), IsEmpty());
    const http::Response problem{
        404,
        {{"Content-Type", "application/problem+json"}},
        R"({"type":"urn:atlas:problem:not-found","title":"There is no such resource","status":404})"};
    EXPECT_THAT(faults_in("GET", user_target, problem), IsEmpty());
}

TEST(DescribedResponse, IsFoundNotToBe) {
    EXPECT_THAT(faults_in("GET", user_target, {418, {}, {}}),
                ElementsAre("the status 418 is not described"));
    EXPECT_THAT(faults_in("GET", "/v2/users", {200, {}, {}}),
                ElementsAre("there is no such path with that method"));
    EXPECT_THAT(faults_in("PUT", user_target, {200, {}, {}}),
                ElementsAre("there is no such path with that method"));
    EXPECT_THAT(faults_in("DELETE", user_target, {204, {}, "x"}), ElementsAre("it has a body"));
    http::Response response = shows(std::string(ann));
    response.headers.remove("ETag");
    EXPECT_THAT(faults_in("GET", user_target, response), ElementsAre("the header ETag is missing"));
    response = shows(std::string(ann));
    response.headers.set("Content-Type", "text/html");
    EXPECT_THAT(faults_in("GET", user_target, response),
                ElementsAre("its media type is \"text/html\""));
    EXPECT_THAT(faults_in("GET", user_target, shows("{")), ElementsAre("its body is no JSON"));
    EXPECT_THAT(faults_in("GET", user_target, shows("{}")),
                Contains("in its body at \"\": \"id\" is missing"));
    http::Response created = shows(std::string(ann));
    created.status = 201;
    EXPECT_THAT(faults_in("POST", "/v1/users", created),
                ElementsAre("the header Location is missing"));
}

TEST(DescribedResponse, HasHeadersAsDescribed) {
    http::Response response = shows(std::string(ann));
    for (const char* wrong : {"1", "W/\"1\"", "\"", "\"1\"\""}) {
        response.headers.set("ETag", wrong);
        EXPECT_THAT(faults_in("GET", user_target, response),
                    ElementsAre(HasSubstr("in its header ETag")))
            << wrong;
    }
    response = shows(std::string(ann));
    response.status = 201;
    response.headers.set("Location", "/v1/users/1");
    EXPECT_THAT(faults_in("POST", "/v1/users", response), IsEmpty());
    response.headers.set("Location", "\"there\"");
    EXPECT_THAT(faults_in("POST", "/v1/users", response),
                ElementsAre(HasSubstr("in its header Location")));
}

TEST(DescribedResponse, SaysWhenToTryAgain) {
    http::Response problem{
        503,
        {{"Content-Type", "application/problem+json"}, {"Retry-After", "1"}},
        R"({"type":"urn:atlas:problem:not-started","title":"Not started","status":503})"};
    EXPECT_THAT(faults_in("GET", user_target, problem), IsEmpty());
    for (const char* wrong : {"soon", "-1", "1.5", ""}) {
        problem.headers.set("Retry-After", wrong);
        EXPECT_THAT(faults_in("GET", user_target, problem),
                    ElementsAre(HasSubstr("in its header Retry-After")))
            << wrong;
    }
    problem.headers.remove("Retry-After");
    EXPECT_THAT(faults_in("GET", user_target, problem),
                ElementsAre("the header Retry-After is missing"));
    problem.body = R"({"type":"urn:atlas:problem:outcome-unknown","title":"Unknown","status":503})";
    EXPECT_THAT(faults_in("GET", user_target, problem), IsEmpty());
}

TEST(JsonSchema, FindsWhatIsWrong) {
    const auto faults = [](const char* schema, const char* value) {
        return faults_by_schema(Json::object(), Json::parse(schema), Json::parse(value));
    };
    EXPECT_THAT(faults(R"({"type":["string","null"]})", "null"), IsEmpty());
    EXPECT_THAT(faults(R"({"type":["string","null"]})", "1"), Contains(HasSubstr("is no")));
    EXPECT_THAT(faults(R"({"type":"integer"})", "1.5"), Contains(HasSubstr("is no")));
    EXPECT_THAT(faults(R"({"minimum":1})", "0"), Contains(HasSubstr("less than")));
    EXPECT_THAT(faults(R"({"enum":["a"]})", "\"b\""), Contains(HasSubstr("none of")));
    EXPECT_THAT(faults(R"({"minLength":2})", "\"\u00e4\""), Contains(HasSubstr("too short")));
    EXPECT_THAT(faults(R"({"maxLength":1})", "\"\u00e4\""), IsEmpty());
    EXPECT_THAT(faults(R"({"maxLength":1})", "\"ab\""), Contains(HasSubstr("too long")));
    EXPECT_THAT(faults(R"({"items":{"type":"null"}})", "[null,1]"),
                Contains(HasSubstr("\"/1\": 1 is no")));
    const char* const closed =
        R"({"properties":{"a":{"type":"null"}},"additionalProperties":false})";
    EXPECT_THAT(faults(closed, R"({"b":1})"), Contains(HasSubstr("unknown member \"b\"")));
    EXPECT_THAT(faults(closed, R"({"a":1})"), Contains(HasSubstr("\"/a\"")));
    EXPECT_THAT(faults(R"({"additionalProperties":false})", R"({"b":1})"),
                Contains(HasSubstr("unknown member \"b\"")));
    EXPECT_THAT(faults(R"({"additionalProperties":false})", "{}"), IsEmpty());
    EXPECT_THAT(faults(R"({"additionalProperties":{"type":"null"}})", "{}"),
                Contains(HasSubstr("not understood")));
    for (const char* wrong : {R"("2026-01-02")", R"("2026-01-02T03:04:05")",
                              R"("2026-01-02T03:04:05.Z")", R"("2026-01-02T03:04:05.xZ")"}) {
        EXPECT_THAT(faults(R"({"format":"date-time"})", wrong), Contains(HasSubstr("date-time")));
    }
    EXPECT_THAT(faults(R"({"format":"uuid"})", R"("0193F5A0-0000-7000-8000-000000000001")"),
                Contains(HasSubstr("uuid")));
    EXPECT_THAT(faults(R"({"pattern":"a"})", "1"), Contains(HasSubstr("not understood")));
}

}  // namespace
}  // namespace atlas::properties

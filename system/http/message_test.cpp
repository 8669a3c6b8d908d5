#include "system/http/message.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "system/http/date.hpp"
#include "system/http/json_string.hpp"
#include "system/http/problem.hpp"
#include "system/http/serializer.hpp"

namespace atlas::http {
namespace {

TEST(Headers, CompareNamesWithoutCase) {
    Headers headers{{"Content-Type", "a"}, {"X", "1"}, {"x", "2"}};
    EXPECT_EQ(headers.get("content-TYPE"), "a");
    EXPECT_EQ(headers.count("X"), 2u);
    headers.set("x", "3");
    EXPECT_EQ(headers.count("X"), 1u);
    EXPECT_EQ(headers.get("X"), "3");
    EXPECT_EQ(headers.remove("CONTENT-type"), 1u);
    EXPECT_FALSE(headers.contains("Content-Type"));
}

TEST(Serializer, FramesTheMessageItself) {
    std::string output;
    serialize(Response{200, {{"Content-Length", "99"}, {"ETag", "\"1\""}}, "ok"},
              {.keep_alive = false, .date = "today"}, output);
    EXPECT_EQ(output,
              "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nDate: today\r\nContent-Length: 2\r\n"
              "Connection: close\r\n\r\nok");
}

TEST(Serializer, HeadHasTheLengthButNotTheBody) {
    std::string output;
    serialize(Response{200, {}, "body"}, {.without_body = true}, output);
    EXPECT_EQ(output, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
}

TEST(SerializerDeathTest, LineBreaksInFieldsFailACheck) {
    std::string output;
    EXPECT_DEATH(serialize(Response{200, {{"A", "b\r\nC: d"}}, {}}, {}, output), "validated");
    EXPECT_DEATH(serialize(Request{"GET", "/ HTTP/1.1\r\n", {}, {}}, true, output), "validated");
}

TEST(Date, IsImfFixdate) {
    EXPECT_EQ(format_date({std::chrono::seconds{784111777}}), "Sun, 06 Nov 1994 08:49:37 GMT");
    DateCache cache;
    EXPECT_EQ(cache.at({std::chrono::seconds{0}}), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(cache.at({std::chrono::milliseconds{-1}}), "Wed, 31 Dec 1969 23:59:59 GMT");
}

RC_GTEST_PROP(JsonString, AnyBytesGiveValidJson, (const std::string& bytes)) {
    std::string json;
    append_json_string(json, bytes);
    const auto parsed = nlohmann::json::parse(json, nullptr, false);
    RC_ASSERT(parsed.is_string());
}

RC_GTEST_PROP(JsonString, WellFormedTextComesBack, ()) {
    const auto points = *rc::gen::container<std::u32string>(
        rc::gen::distinctFrom(rc::gen::oneOf(rc::gen::inRange<char32_t>(0, 0xd800),
                                             rc::gen::inRange<char32_t>(0xe000, 0x110000)),
                              0));
    // nlohmann writes UTF-8 for us from escapes.
    std::string escaped = "\"";
    for (const char32_t point : points) {
        char text[16];
        if (point >= 0x10000) {
            std::snprintf(text, sizeof text, "\\u%04x\\u%04x",
                          static_cast<unsigned>(0xd800 + ((point - 0x10000) >> 10)),
                          static_cast<unsigned>(0xdc00 + ((point - 0x10000) & 0x3ff)));
        } else {
            std::snprintf(text, sizeof text, "\\u%04x", static_cast<unsigned>(point));
        }
        escaped += text;
    }
    const std::string utf8 = nlohmann::json::parse(escaped + '"').get<std::string>();
    std::string json;
    append_json_string(json, utf8);
    RC_ASSERT(nlohmann::json::parse(json).get<std::string>() == utf8);
}

TEST(Problem, RendersAllItsMembers) {
    host::TraceId trace{};
    trace[15] = 0xab;
    const Response response = to_response({.type = problems::invalid_request,
                                           .detail = "a \"quote\"",
                                           .errors = {{"/email", "no"}},
                                           .retry_after = std::chrono::seconds{3},
                                           .headers = {{"Allow", "GET"}}},
                                          trace);
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
    EXPECT_EQ(response.headers.get("Retry-After"), "3");
    EXPECT_EQ(response.headers.get("Allow"), "GET");
    EXPECT_EQ(nlohmann::json::parse(response.body),
              nlohmann::json::parse(R"({"type":"urn:atlas:problem:invalid-request",
                "title":"The request is not valid","status":400,"detail":"a \"quote\"",
                "errors":[{"pointer":"/email","detail":"no"}],
                "trace_id":"000000000000000000000000000000ab"})"));
}

}  // namespace
}  // namespace atlas::http

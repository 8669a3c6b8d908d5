#include "system/http/parser.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <optional>
#include <vector>

#include "system/http/serializer.hpp"

namespace atlas::http {
namespace {

template <typename Message>
struct Parsed {
    std::vector<Message> messages;
    std::optional<int> failure;

    bool operator==(const Parsed&) const = default;
};

template <typename Message>
void feed(Parser<Message>& parser, std::string_view bytes) {
    while (!bytes.empty()) {
        const std::span<std::byte> room = parser.room();
        const std::size_t count = std::min(room.size(), bytes.size());
        std::memcpy(room.data(), bytes.data(), count);
        parser.added(count);
        bytes.remove_prefix(count);
    }
}

template <typename Message>
Progress drain(Parser<Message>& parser, Parsed<Message>& result) {
    Progress progress = parser.advance();
    for (; progress == Progress::complete; progress = parser.advance())
        result.messages.push_back(parser.take());
    return progress;
}

/// Parses bytes that arrive in pieces of these sizes, the last as large as it takes.
template <typename Message>
Parsed<Message> parse(std::string_view bytes, const std::vector<std::size_t>& pieces = {},
                      MessageLimits limits = {}, bool ends = true) {
    Parser<Message> parser(limits);
    Parsed<Message> result;
    std::size_t next = 0;
    while (!bytes.empty()) {
        const std::size_t piece =
            next < pieces.size() ? std::min(pieces[next++], bytes.size()) : bytes.size();
        feed(parser, bytes.substr(0, piece));
        bytes.remove_prefix(piece);
        if (drain(parser, result) == Progress::failed) break;
    }
    if (ends && !parser.is_between_messages()) {
        parser.end_of_stream();
        drain(parser, result);
    }
    if (parser.advance() == Progress::failed) result.failure = parser.failure().status;
    return result;
}

Parsed<Request> parse_request(std::string_view bytes, MessageLimits limits = {}) {
    return parse<Request>(bytes, {}, limits);
}

rc::Gen<std::string> any_token() {
    return rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(
        std::string{"abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_!#$%&'*+.^`|~"})));
}

rc::Gen<std::string> any_field_value() {
    return rc::gen::map(rc::gen::container<std::string>(rc::gen::inRange<char>(0x21, 0x7e)),
                        [](std::string text) { return text; });
}

Request any_request() {
    Request request;
    request.method = *rc::gen::element<std::string>("GET", "POST", "PATCH", "PURGE");
    request.target = "/" + *any_token();
    request.headers.add("Host", "h");
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
        request.headers.add("X-" + *any_token(), *any_field_value());
    }
    if (request.method != "GET") request.body = *rc::gen::arbitrary<std::string>();
    return request;
}

/// As the wire shows it: with the field that the serializer adds.
Request with_length(Request request) {
    if (request.method != "GET") {
        request.headers.add("Content-Length", std::to_string(request.body.size()));
    }
    return request;
}

RC_GTEST_PROP(HttpParser, ReadsWhatTheSerializerWroteHoweverItIsSplit, ()) {
    std::vector<Request> expected;
    std::string bytes;
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
        const Request request = any_request();
        serialize(request, true, bytes);
        expected.push_back(with_length(request));
    }
    const auto pieces =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 40));
    const Parsed<Request> parsed = parse<Request>(bytes, pieces);
    RC_ASSERT(parsed.messages == expected);
    RC_ASSERT(!parsed.failure);
}

RC_GTEST_PROP(HttpParser, ReadsResponsesHoweverTheyAreSplit, ()) {
    Response response;
    response.status = *rc::gen::element(200, 201, 404, 412, 503);
    response.headers.add("X-" + *any_token(), *any_field_value());
    response.body = *rc::gen::arbitrary<std::string>();
    std::string bytes;
    serialize(response, {}, bytes);
    const auto pieces =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 40));
    const Parsed<Response> parsed = parse<Response>(bytes, pieces);
    response.headers.add("Content-Length", std::to_string(response.body.size()));
    RC_ASSERT(parsed.messages == std::vector{response});
}

RC_GTEST_PROP(HttpParser, AnyBytesEndInMessagesOrAFailure, ()) {
    // Random bytes alone die at the first one; so they are put into the middle of real ones.
    std::string bytes;
    serialize(any_request(), true, bytes);
    const std::size_t place = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes.insert(place, *rc::gen::arbitrary<std::string>());
    const Parsed<Request> whole = parse<Request>(bytes);
    const auto pieces =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 10));
    const Parsed<Request> split = parse<Request>(bytes, pieces);
    RC_ASSERT(whole.messages == split.messages);
    RC_ASSERT(whole.failure.has_value() == split.failure.has_value());
}

RC_GTEST_PROP(HttpParser, NoResponseBytesCrashIt, ()) {
    std::string bytes = "HTTP/1.1 200 OK\r\n" + *rc::gen::arbitrary<std::string>() + "\r\n\r\n" +
                        *rc::gen::arbitrary<std::string>();
    const Parsed<Response> whole = parse<Response>(bytes);
    RC_ASSERT(whole.messages.size() <= 1u || !whole.failure || *whole.failure >= 400);
}

RC_GTEST_PROP(HttpParser, HeaderLimitDoesNotDependOnTheSplit, ()) {
    const std::size_t length = *rc::gen::inRange<std::size_t>(150, 250);
    const std::string bytes =
        "GET / HTTP/1.1\r\nHost: h\r\nX-Long:" + std::string(length, ' ') + "x\r\n\r\n";
    const auto pieces =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 300));
    const Parsed<Request> parsed = parse<Request>(bytes, pieces, {.header_bytes = 240});
    RC_ASSERT(parsed.failure.has_value() == (bytes.size() > 240));
    RC_ASSERT(parsed.failure.value_or(431) == 431);
}

RC_GTEST_PROP(HttpParser, TrailerLimitDoesNotDependOnTheSplit, ()) {
    const std::size_t length = *rc::gen::inRange<std::size_t>(150, 300);
    const std::string start =
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n";
    const std::string trailer = "0\r\nX-Long:" + std::string(length, ' ') + "x\r\n\r\n";
    const auto pieces =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 300));
    const Parsed<Request> parsed = parse<Request>(start + trailer, pieces, {.header_bytes = 240});
    // Beast counts the line end of the chunk before.
    RC_ASSERT(parsed.failure.has_value() == (trailer.size() + 2 > 240));
}

TEST(HttpParser, ReadsChunkedBodiesAndIgnoresTrailers) {
    const Parsed<Request> parsed = parse_request(
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "4;name=value\r\nWiki\r\n5\r\npedia\r\n0\r\nIf-Match: \"1\"\r\n\r\n");
    ASSERT_EQ(parsed.messages.size(), 1u);
    EXPECT_EQ(parsed.messages[0].body, "Wikipedia");
    EXPECT_FALSE(parsed.messages[0].headers.contains("If-Match"));
}

TEST(HttpParser, RefusesWhatCouldBeReadInTwoWays) {
    // Request smuggling: two lengths, or a length and chunks (RFC 9112 section 6.3).
    const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
    EXPECT_EQ(parse_request(start + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd").failure,
              400);
    EXPECT_EQ(parse_request(start + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    "0\r\n\r\n")
                  .failure,
              400);
    EXPECT_EQ(parse_request(start + "Transfer-Encoding: chunked, identity\r\n\r\n").failure, 501);
    EXPECT_EQ(parse_request(start + "Content-Length: +3\r\n\r\nabc").failure, 400);
    EXPECT_EQ(parse_request(start + "Content-Length : 3\r\n\r\nabc").failure, 400);
    EXPECT_EQ(parse_request(start + "Host: other\r\n\r\n").failure, 400);
    EXPECT_EQ(parse_request("GET / HTTP/1.1\r\n\r\n").failure, 400);
}

TEST(HttpParser, NamesTheLimitThatWasPassed) {
    const MessageLimits limits{
        .target_bytes = 20, .header_bytes = 200, .header_fields = 4, .body_bytes = 10};
    const auto failure = [&](const std::string& bytes) {
        return parse_request(bytes, limits).failure;
    };
    EXPECT_EQ(failure("GET /" + std::string(20, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"), 414);
    EXPECT_EQ(failure("GET /" + std::string(400, 'a')), 414);
    EXPECT_EQ(failure("GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(200, 'a') + "\r\n\r\n"),
              431);
    EXPECT_EQ(failure("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n\r\n"), 431);
    const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
    EXPECT_EQ(failure(post + "Content-Length: 11\r\n\r\n"), 413);
    EXPECT_EQ(failure(post + "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n"), 413);
    EXPECT_EQ(failure(post + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(400, 'x')), 400);
    EXPECT_EQ(failure(post + "Content-Length: 10\r\n\r\n0123456789"), std::nullopt);
}

TEST(HttpParser, RefusesOtherVersionsAndExpectations) {
    EXPECT_EQ(parse_request("GET / HTTP/2.0\r\nHost: h\r\n\r\n").failure, 505);
    EXPECT_EQ(parse_request("GET / HTTP/1.1\r\nHost: h\r\nExpect: a-miracle\r\n\r\n").failure, 417);
    EXPECT_EQ(parse_request("\x16\x03\x01 TLS\r\n\r\n").failure, 400);
}

TEST(HttpParser, SaysWhenTheBodyWaitsForContinue) {
    RequestParser parser({});
    feed(parser, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(parser.advance(), Progress::need_more);
    EXPECT_TRUE(parser.take_expects_continue());
    EXPECT_FALSE(parser.take_expects_continue());
    feed(parser, "ok");
    EXPECT_EQ(parser.advance(), Progress::complete);
}

TEST(HttpParser, ResponseWithoutLengthEndsWithTheStream) {
    const Parsed<Response> parsed = parse<Response>("HTTP/1.1 200 OK\r\n\r\nall of it");
    ASSERT_EQ(parsed.messages.size(), 1u);
    EXPECT_EQ(parsed.messages[0].body, "all of it");
    EXPECT_EQ(parse<Response>("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall").failure, 400);
}

TEST(HttpParser, KnowsWhichMessageIsTheLast) {
    RequestParser parser({});
    feed(parser,
         "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    ASSERT_EQ(parser.advance(), Progress::complete);
    parser.take();
    EXPECT_TRUE(parser.keeps_alive());
    ASSERT_EQ(parser.advance(), Progress::complete);
    parser.take();
    EXPECT_FALSE(parser.keeps_alive());

    RequestParser old({});
    feed(old, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    ASSERT_EQ(old.advance(), Progress::complete);
    old.take();
    EXPECT_FALSE(old.keeps_alive());
}

}  // namespace
}  // namespace atlas::http

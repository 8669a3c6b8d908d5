// One record is one line, whatever it holds.

#include "adapters/log_sink.hpp"

#include <gtest/gtest.h>

#include <rapidcheck.h>
#include <nlohmann/json.hpp>

namespace atlas::adapters {
namespace {

using host::LogLevel;
using host::LogRecord;
using host::UtcTime;
using namespace std::chrono_literals;

constexpr UtcTime some_time{1'767'225'600s + 1ns};

TEST(LogLine, JsonHoldsWhatWasLoggedInOrder) {
    LogRecord record{
        LogLevel::warning,
        "the disk is slow",
        {{"path", std::string("a\"b\n")}, {"count", std::int64_t{-3}}, {"retry", true}}};
    EXPECT_EQ(to_json_line(record, some_time, "api-1"),
              R"({"time":"2026-01-01T00:00:00.000000001Z","level":"warning",)"
              R"("message":"the disk is slow","machine":"api-1","path":"a\"b\n","count":-3,)"
              R"("retry":true})");
    record.trace_id[15] = 0xab;
    const auto line = nlohmann::json::parse(to_json_line(record, some_time, "api-1"));
    EXPECT_EQ(line["trace_id"], "000000000000000000000000000000ab");
}

TEST(LogLine, TextIsForPeople) {
    const LogRecord record{
        LogLevel::info, "listening", {{"address", std::string("127.0.0.1:80")}, {"port", 80}}};
    EXPECT_EQ(to_text_line(record, some_time),
              "2026-01-01T00:00:00.000000001Z info    listening address=\"127.0.0.1:80\" port=80");
}

TEST(LogLine, AnyBytesMakeOneLineThatParses) {
    EXPECT_TRUE(rc::check([](const std::string& value, std::int64_t number) {
        const LogRecord record{LogLevel::error, "m", {{"value", value}, {"number", number}}};
        const std::string json = to_json_line(record, some_time, "machine");
        const std::string text = to_text_line(record, some_time);
        for (const std::string& line : {json, text}) {
            // No control character: nothing can end the line early or repaint a terminal.
            for (const char c : line)
                RC_ASSERT(static_cast<unsigned char>(c) >= 0x20);
        }
        const auto parsed = nlohmann::json::parse(json);
        RC_ASSERT(parsed["number"] == number);
        RC_ASSERT(parsed["value"].is_string());
    }));
}

TEST(Rfc3339, HasNanosecondsAndRoundsDownBeforeTheEpoch) {
    EXPECT_EQ(to_rfc3339(UtcTime{}), "1970-01-01T00:00:00.000000000Z");
    EXPECT_EQ(to_rfc3339(UtcTime{-1ns}), "1969-12-31T23:59:59.999999999Z");
    EXPECT_EQ(to_rfc3339(UtcTime{951'782'400s + 500ms}), "2000-02-29T00:00:00.500000000Z");
}

}  // namespace
}  // namespace atlas::adapters

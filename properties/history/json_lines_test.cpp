// Histories as lines: what is written is read again, and what cannot be read is named by its line.

#include "properties/history/json_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace atlas::properties {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view two_lines =
    R"({"time":1,"process":0,"type":"invoke","f":"get_user","value":{"id":"a"}}
{"time":2,"process":0,"type":"ok","f":"get_user","value":{"absent":true}}
)";

Unreadable refused(std::string text) {
    const auto history = read_history(text);
    EXPECT_FALSE(history.has_value()) << text;
    return history ? Unreadable{} : history.error();
}

std::string after_two_lines(std::string_view line) {
    return std::string(two_lines) + std::string(line) + "\n";
}

/// Entries of a few clients that keep the rules.
History any_history() {
    History history;
    std::set<std::uint64_t> busy;
    host::Duration time{0};
    const auto steps = *rc::gen::inRange(0, 30);
    for (int i = 0; i < steps; ++i) {
        time += host::Duration(*rc::gen::inRange(0, 1000));
        Entry entry;
        entry.time = time;
        entry.process = *rc::gen::inRange<std::uint64_t>(0, 4);
        entry.function = "get \"user\"";
        if (busy.insert(entry.process).second) {
            entry.value = R"({"id":"\u0000x"})";
            entry.operation = *rc::gen::element<std::string>("", "operation/0/7");
        } else {
            busy.erase(entry.process);
            entry.type = *rc::gen::element(EntryType::ok, EntryType::fail, EntryType::info);
            entry.error = *rc::gen::element<std::string>("", "lost \"it\"\n");
        }
        history.push_back(entry);
    }
    return history;
}

RC_GTEST_PROP(JsonLines, ReadWhatWasWritten, ()) {
    const History history = any_history();
    const auto read = read_history(write_history(history));
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == history);
}

RC_GTEST_PROP(JsonLines, NeverFailOnDamagedText, ()) {
    std::string text(two_lines);
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
    const auto read = read_history(text);
    if (!read) {
        RC_ASSERT(read.error().line >= 1U && read.error().line <= 3U);
        RC_ASSERT(!read.error().reason.empty() && !read.error().expected.empty());
    }
}

TEST(JsonLines, NameTheLineTheReasonAndWhatIsRight) {
    const Unreadable wrong = refused(after_two_lines("{\"time\":3}"));
    EXPECT_EQ(wrong.line, 3U);
    EXPECT_THAT(describe(wrong), HasSubstr("line 3: \"process\" is missing"));
    EXPECT_THAT(describe(wrong), HasSubstr("Right would be: the client's number"));
}

TEST(JsonLines, RefuseWhatIsNoEntry) {
    EXPECT_THAT(refused("[1]").reason, HasSubstr("not a JSON object"));
    EXPECT_THAT(refused("{\"time\":1").reason, HasSubstr("not a JSON object"));
    EXPECT_THAT(refused(std::string(100'000, '[')).reason, HasSubstr("nested too deep"));
    EXPECT_THAT(refused(R"({"time":-1,"process":0,"type":"invoke","f":"x"})").reason,
                HasSubstr("\"time\""));
    EXPECT_THAT(refused(R"({"time":1,"process":0,"type":"begin","f":"x"})").reason,
                HasSubstr("\"type\""));
    EXPECT_THAT(refused(R"({"time":1,"process":0,"type":"invoke","f":7})").reason,
                HasSubstr("\"f\""));
    EXPECT_THAT(refused(R"({"time":1,"process":0,"type":"invoke","f":"x","node":1})").reason,
                HasSubstr("unknown member \"node\""));
    EXPECT_EQ(refused("\n" + std::string(two_lines)).line, 1U);
}

TEST(JsonLines, RefuseWhatIsNoHistory) {
    EXPECT_THAT(
        refused(after_two_lines(R"({"time":1,"process":0,"type":"invoke","f":"get_user"})")).reason,
        HasSubstr("before 2"));
    EXPECT_THAT(
        refused(after_two_lines(R"({"time":3,"process":1,"type":"ok","f":"get_user"})")).reason,
        HasSubstr("never invoked"));
    const std::string invoke = R"({"time":3,"process":1,"type":"invoke","f":"get_user"})";
    EXPECT_THAT(refused(after_two_lines(invoke + "\n" + invoke)).reason,
                HasSubstr("of line 3 has not ended"));
    EXPECT_THAT(
        refused(after_two_lines(invoke + "\n" + R"({"time":3,"process":1,"type":"ok","f":"x"})"))
            .reason,
        HasSubstr("line 3 invoked \"get_user\""));
}

}  // namespace
}  // namespace atlas::properties

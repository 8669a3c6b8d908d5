// The report as JSON and back, and what its text shows of a failure.

#include "reports/run_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace atlas::reports {
namespace {

using properties::Verdict;
using testing::HasSubstr;
using testing::Not;

RunReport every_member_set() {
    RunReport report;
    report.seed = "7";
    report.scenario = "s.json";
    report.configuration_hash = "0123456789abcdef";
    report.build = "abc+changes";
    report.options = {{"workload.rate", "25"}};
    report.trace_hash = "00ff";
    report.events = 12;
    report.virtual_milliseconds = 3456;
    report.operations = {{"get_user", 1, 2, 3}};
    report.faults = {{"process.kill", true, 4, 5}};
    report.sabotages = {{"cached-get", "6"}};
    report.properties = {{"user-records", Verdict::invalid, "why\nand how"},
                         {"not-vacuous", Verdict::unknown, "nothing"},
                         {"unique-emails", Verdict::valid, ""}};
    report.timeline = {"   1.000s process.kill/api-1/0"};
    report.expected_deaths = {"At 5 ms postgres-0/postgres#1 ended itself: PANIC"};
    report.no_progress = "deadlock";
    report.unmet_expectation = "expected a violation of x; there was none";
    report.exit_code = 1;
    report.replay = "atlas-sim --seed 7";
    return report;
}

TEST(RunReport, SurvivesJson) {
    const std::string text = to_json(every_member_set(), std::nullopt);
    const auto read = from_json(text);
    ASSERT_TRUE(read);
    EXPECT_EQ(to_json(*read, std::nullopt), text);
    EXPECT_EQ(read->properties[1].verdict, Verdict::unknown);
    EXPECT_EQ(read->timeline, every_member_set().timeline);
    // Another member for each line of the report that is not its default.
    for (const char* word : {"s.json", "0123456789abcdef", "abc+changes", "workload.rate", "00ff",
                             "3456", "process.kill", "cached-get", "and how", "1.000s", "PANIC",
                             "deadlock", "there was none", "--seed 7"}) {
        EXPECT_THAT(text, HasSubstr(word));
    }
}

TEST(RunReport, IsNotReadFromAnythingElse) {
    const std::string text = to_json(every_member_set(), std::nullopt);
    for (const std::string& other :
         {std::string(), std::string("{}"), std::string("[]"), text.substr(0, text.size() / 2)}) {
        EXPECT_FALSE(from_json(other)) << other;
    }
}

TEST(RunReport, ItsTextTellsWhatStruckWhenAPropertyDidNotHold) {
    RunReport report = every_member_set();
    const std::string failed = to_text(report, std::nullopt);
    EXPECT_THAT(failed, HasSubstr("process.kill/api-1/0"));
    EXPECT_THAT(failed, HasSubstr("expected a violation of x; there was none"));
    EXPECT_THAT(failed, HasSubstr("replay: atlas-sim --seed 7"));
    report.exit_code = 0;
    report.properties.clear();
    EXPECT_THAT(to_text(report, std::nullopt), Not(HasSubstr("process.kill/api-1/0")));
    EXPECT_THAT(to_text(report, std::nullopt), HasSubstr("ended itself: PANIC"));
}

}  // namespace
}  // namespace atlas::reports

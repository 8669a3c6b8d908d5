// What --expect accepts as caught, and what it says when nothing was.

#include "sim/atlas_sim/expectation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/atlas_sim/exit_code.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using properties::Verdict;
using testing::HasSubstr;

reports::RunReport report_with(int exit_code, std::string invalid = "") {
    reports::RunReport report;
    report.exit_code = exit_code;
    report.properties = {{"not-vacuous", Verdict::valid, ""}};
    if (!invalid.empty()) report.properties.push_back({std::move(invalid), Verdict::invalid, ""});
    return report;
}

int exit_code_of(std::string_view expectation, reports::RunReport report) {
    apply_expectation(expectation, report);
    EXPECT_EQ(report.exit_code == 0, report.unmet_expectation.empty());
    return report.exit_code;
}

TEST(Expectation, NamesOfPropertiesAreChecked) {
    for (const char* right : {"", "valid", "detected", "invalid:any", "invalid:no-crash",
                              "invalid:unique-emails", "invalid:user-records"}) {
        EXPECT_FALSE(wrong_expectation(right)) << right;
    }
    EXPECT_THAT(*wrong_expectation("invalid:unique-email"),
                HasSubstr("did you mean 'unique-emails'?"));
    EXPECT_THAT(*wrong_expectation("invalid:zzzzzzzzzzzz"), HasSubstr("`list properties`"));
    EXPECT_THAT(*wrong_expectation("bad"), HasSubstr("neither 'valid' nor 'detected' nor"));
    EXPECT_TRUE(wrong_expectation("invalid:"));
}

TEST(Expectation, AViolationThatWasAskedForIsSuccess) {
    EXPECT_EQ(exit_code_of("invalid:user-records", report_with(1, "user-records")), 0);
    EXPECT_EQ(exit_code_of("invalid:any", report_with(1, "user-records")), 0);
    EXPECT_EQ(exit_code_of("invalid:no-crash", report_with(5, "no-crash")), 0);
}

TEST(Expectation, DetectedIsAnEndOverDamagedDataThatNobodyWasToldOf) {
    EXPECT_EQ(exit_code_of("detected", report_with(5, "no-crash")), 0);
    reports::RunReport report = report_with(5, "no-crash");
    report.properties.push_back({"service-recovers", Verdict::invalid, ""});
    EXPECT_EQ(exit_code_of("detected", report), 0);
    report.properties.push_back({"user-records", Verdict::invalid, ""});
    EXPECT_EQ(exit_code_of("detected", report), 5);
    EXPECT_EQ(exit_code_of("detected", report_with(0)), 1);
    EXPECT_EQ(exit_code_of("detected", report_with(1, "service-recovers")), 1);
}

TEST(Expectation, NothingElseIs) {
    EXPECT_EQ(exit_code_of("invalid:unique-emails", report_with(1, "user-records")), 1);
    EXPECT_EQ(exit_code_of("invalid:any", report_with(0)), 1);
    EXPECT_EQ(exit_code_of("invalid:any", report_with(2)), 2);
    EXPECT_EQ(exit_code_of("invalid:user-records", report_with(3, "user-records")), 3);
    EXPECT_EQ(exit_code_of("invalid:user-records", report_with(5, "user-records")), 5);
    EXPECT_EQ(exit_code_of("invalid:any", report_with(5, "no-crash")), 5);
}

TEST(Expectation, SaysWhatThereWasNot) {
    reports::RunReport report = report_with(0);
    apply_expectation("invalid:user-records", report);
    EXPECT_EQ(report.unmet_expectation, "expected a violation of user-records; there was none");
    report = report_with(1, "user-records");
    apply_expectation("valid", report);
    EXPECT_EQ(report.exit_code, 1);
    EXPECT_EQ(report.unmet_expectation, "");
}

}  // namespace
}  // namespace atlas::sim::atlas_sim

// A worker's report counts only if its end says the same.

#include "sim/atlas_sim/worker_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/atlas_sim/exit_code.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

WorkerResult reporting(int exit_code) {
    reports::RunReport report;
    report.seed = "3";
    report.exit_code = exit_code;
    report.trace_hash = "its own";
    WorkerResult worker;
    worker.exit_code = exit_code;
    worker.output = reports::to_json(report, std::nullopt) + "\n";
    return worker;
}

reports::RunReport seen(const WorkerResult& worker) {
    return report_of({}, "3", worker);
}

TEST(WorkerReport, IsTheWorkersOwnWhenItEndedInOrder) {
    for (const int exit_code : {0, 1, 2, 3, 5}) {
        EXPECT_EQ(seen(reporting(exit_code)).exit_code, exit_code);
        EXPECT_EQ(seen(reporting(exit_code)).trace_hash, "its own");
    }
}

TEST(WorkerReport, IsACrashWhenTheEndSaysOtherwise) {
    WorkerResult leaked = reporting(0);
    leaked.exit_code = 23;
    EXPECT_EQ(seen(leaked).exit_code, to_int(ExitCode::crashed));
    EXPECT_THAT(seen(leaked).no_progress, HasSubstr("exited with 23"));
    WorkerResult killed = reporting(0);
    killed.exit_code = -1;
    killed.signal = 11;
    EXPECT_EQ(seen(killed).exit_code, to_int(ExitCode::crashed));
    EXPECT_THAT(seen(killed).no_progress, HasSubstr("signal 11"));
}

TEST(WorkerReport, WithoutOneMostExitCodesAreACrash) {
    const auto exit_code_of = [](int exit_code) {
        WorkerResult worker;
        worker.exit_code = exit_code;
        worker.errors = "first line\nlast line\n";
        const reports::RunReport report = seen(worker);
        EXPECT_THAT(report.no_progress, HasSubstr("last line"));
        EXPECT_EQ(report.replay, "atlas-sim --seed 3");
        return report.exit_code;
    };
    for (const int exit_code : {0, 1, 2, 3, 4, 5, 23, 127})
        EXPECT_EQ(exit_code_of(exit_code), 5);
    for (const int exit_code : {64, 65, 73})
        EXPECT_EQ(exit_code_of(exit_code), exit_code);
}

TEST(WorkerReport, OneThatNeverEndedMadeNoProgress) {
    WorkerResult worker = reporting(0);
    worker.timed_out = true;
    worker.signal = 9;
    EXPECT_EQ(seen(worker).exit_code, to_int(ExitCode::no_progress));
}

TEST(WorkerReport, TheExpectationIsPassedOn) {
    RunOptions options;
    options.sabotage = "cached-get";
    EXPECT_THAT(worker_arguments(options, "3"),
                ElementsAre("--seed", "3", "--sabotage", "cached-get", "--json", "-"));
    EXPECT_THAT(worker_arguments({}, "3", "valid"),
                ElementsAre("--seed", "3", "--expect", "valid", "--json", "-"));
}

}  // namespace
}  // namespace atlas::sim::atlas_sim

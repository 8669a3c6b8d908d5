#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/invariants/invariants.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Reads by ten clients in turn, evenly over a stretch of time.
void add_reads(RunRecord& run, int count, host::Duration from, host::Duration until) {
    for (int i = 0; i < count; ++i) {
        const host::Duration at = from + (until - from) * i / count;
        run.operations.push_back({.function = UserFunction::get_user,
                                  .process = static_cast<std::uint64_t>(i % 10),
                                  .outcome = EntryType::ok,
                                  .invoke_line = 1,
                                  .end_line = 2,
                                  .invoked_at = at,
                                  .ended_at = at + 1ms});
    }
}

void turn_away(UserOperation& operation) {
    operation.outcome = EntryType::fail;
    operation.response = {.status = 503, .failure = "not_started"};
}

/// Twenty a second before faults strike, as many as said from ten seconds after they stopped.
RunRecord run_with(int afterwards) {
    RunRecord run;
    run.facts.calm_until = 5s;
    run.facts.faults_ended_at = 300s;
    run.facts.clients_end_at = 320s;
    add_reads(run, 100, 0s, 5s);
    add_reads(run, afterwards, 310s, 320s);
    return run;
}

void expect_invalid(const RunRecord& run, const char* why) {
    const Judgement judgement = check_goodput_returns(run);
    EXPECT_EQ(judgement.verdict, Verdict::invalid);
    EXPECT_THAT(judgement.prose, HasSubstr(why));
}

TEST(GoodputReturns, IsFoundViolatedByHalfTheLevel) {
    EXPECT_EQ(check_goodput_returns(run_with(200)).verdict, Verdict::valid);
    EXPECT_EQ(check_goodput_returns(run_with(100)).verdict, Verdict::valid);
    expect_invalid(run_with(99), "99 operations were answered in 10.000000 s well after");
}

TEST(GoodputReturns, IsFoundViolatedByOperationsThatAreTurnedAway) {
    RunRecord run = run_with(200);
    for (int i = 0; i < 20; ++i)
        turn_away(run.operations[100 + 3 * i]);
    EXPECT_EQ(check_goodput_returns(run).verdict, Verdict::valid);
    turn_away(run.operations[100 + 60]);
    expect_invalid(run, "Of 200 operations that began well after faults had stopped, 179 were");
}

TEST(GoodputReturns, IsFoundViolatedByOneClientWhomNobodyServes) {
    RunRecord run = run_with(200);
    // A client that waits for answers that do not come begins little.
    std::erase_if(run.operations, [](const UserOperation& each) {
        return each.process == 3 && each.invoked_at > 311s;
    });
    for (UserOperation& each : run.operations) {
        if (each.process == 3 && each.invoked_at >= 310s) turn_away(each);
    }
    expect_invalid(run, "Client 3 began 2 operations well after faults had stopped, and none");
}

TEST(GoodputReturns, ARefusalIsAnAnswerAndAnOpenEndIsNone) {
    RunRecord run = run_with(200);
    for (std::size_t i = 100; i < 300; ++i) {
        run.operations[i].outcome = EntryType::fail;
        run.operations[i].response = {.status = 409, .failure = "email_taken"};
    }
    EXPECT_EQ(check_goodput_returns(run).verdict, Verdict::valid);
    for (std::size_t i = 100; i < 200; ++i)
        run.operations[i].end_line = 0;
    expect_invalid(run, "100 were answered");
}

TEST(GoodputReturns, LeavesTheSystemTimeToFindOutWhatItHasLost) {
    RunRecord run = run_with(200);
    add_reads(run, 200, 300s, 310s);
    for (std::size_t i = 300; i < 500; ++i)
        turn_away(run.operations[i]);
    EXPECT_EQ(check_goodput_returns(run).verdict, Verdict::valid);
    run.facts.clients_end_at = 300s;
    EXPECT_EQ(check_goodput_returns(run).verdict, Verdict::valid) << "no clients went on";
    run.facts.clients_end_at = 320s;
    run.facts.faults_ended_at.reset();
    EXPECT_EQ(check_goodput_returns(run).verdict, Verdict::valid) << "faults never stopped";
}

}  // namespace
}  // namespace atlas::properties

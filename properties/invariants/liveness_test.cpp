// Operations end, and service comes back.

#include "properties/invariants/story_fixture.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(OperationsEnd, IsFoundViolated) {
    Story story = good_story();
    story.run.facts.ended_at = 200s;
    story.run.operations[0].ended_at = 9s + 60s;
    EXPECT_EQ(check_operations_end(story.run).verdict, Verdict::valid);
    story.run.operations[0].ended_at = 9s + 61s;
    expect_invalid(check_operations_end(story.run), "had not ended 60.000000 s after");
    story = good_story();
    UserOperation& open = story.gets(ann, "Anna", 2);
    open.end_line = 0;
    expect_invalid(check_operations_end(story.run), "had not ended when the run did");
    story.run.facts.faults_ended_at.reset();
    EXPECT_EQ(check_operations_end(story.run).verdict, Verdict::valid);
}

TEST(OperationsEnd, IsFoundViolatedByACallThatItsClientGaveUp) {
    Story story = good_story();
    UserOperation& hanging = story.gets(ann, "Anna", 2);
    hanging.outcome = EntryType::fail;
    hanging.response = {.failure = "deadline_exceeded"};
    story.run.facts.ended_at = 69s;
    hanging.invoked_at = 9s + 29s;
    hanging.ended_at = 9s + 34s;
    EXPECT_EQ(check_operations_end(story.run).verdict, Verdict::valid);
    hanging.invoked_at = 9s + 30s;
    expect_invalid(check_operations_end(story.run),
                   "began 30.000000 s after faults had stopped, and its client gave up");
    hanging.response = {.failure = "not_started"};
    const Judgement ended = check_operations_end(story.run);
    EXPECT_EQ(ended.verdict, Verdict::valid);
    EXPECT_THAT(ended.prose, HasSubstr("within 60.000000 s"));
}

TEST(ServiceRecovers, IsFoundViolated) {
    Story story = good_story();
    story.run.facts.faults_ended_at = 22s;
    expect_invalid(check_service_recovers(story.run),
                   "No register_user that began after faults had stopped");
    story = good_story();
    story.run.facts.final_phase_completed = false;
    expect_invalid(check_service_recovers(story.run), "final phase");
}

}  // namespace
}  // namespace atlas::properties

// Each user's operations are linearizable, the table at the end included.

#include "properties/invariants/story_fixture.hpp"

namespace atlas::properties {
namespace {

TEST(UserRecords, AreFoundStale) {
    Story story = good_story();
    story.gets(ann, "Ann", 1);
    expect_invalid(check_user_records(story.run), "that answer is impossible here");
}

TEST(UserRecords, IncludeTheTableAtTheEnd) {
    Story story = good_story();
    (*story.run.users)[0].version = 1;
    (*story.run.users)[0].display_name = "Ann";
    expect_invalid(check_user_records(story.run), "table of users at the end");
}

TEST(UserRecords, AreUnknownWithoutABudget) {
    Story story = good_story();
    for (std::uint64_t version = 2; version < 5000; ++version)
        story.patches(ann, "N", version);
    story.run.users.reset();
    story.run.budget.steps_per_partition = 10;
    EXPECT_EQ(check_user_records(story.run).verdict, Verdict::unknown);
}

}  // namespace
}  // namespace atlas::properties

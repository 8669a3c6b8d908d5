// What a walk over the pages of a listing shows, and does not.

#include "properties/invariants/story_fixture.hpp"

namespace atlas::properties {
namespace {

TEST(Listings, SkipNobodyWhoWasThereThroughout) {
    std::vector<ListedUser> some = everybody();
    some.erase(some.begin() + 1);
    Story story = good_story();
    UserOperation& page = story.lists({}, some, {});
    expect_invalid(check_listings(story.run), "skipped user " + bob);
    // Whoever is yet to come is not skipped.
    page.response.next_cursor = "next";
    page.response.users->pop_back();
    EXPECT_EQ(check_listings(story.run).verdict, Verdict::valid);
    page.response.users->clear();
    EXPECT_EQ(check_listings(story.run).verdict, Verdict::valid);
    // Whoever may have been deleted meanwhile may be missing; eve was, before.
    page.response.next_cursor.reset();
    page.response.users = some;
    UserOperation& deletion = story.deletes(bob, 3);
    expect_invalid(check_listings(story.run), "skipped user " + bob);
    Story::loses_answer(deletion);
    deletion.invoke_line = 1;
    EXPECT_EQ(check_listings(story.run).verdict, Verdict::valid);
}

TEST(Listings, ShowNobodyTwiceInAWalk) {
    Story story = good_story();
    story.lists({}, {everybody()[0], everybody()[1]}, "after bob");
    story.lists("after bob", {everybody()[2]}, {});
    EXPECT_EQ(check_listings(story.run).verdict, Verdict::valid);
    story.run.operations.back().response.users = {{everybody()[1], everybody()[2]}};
    expect_invalid(check_listings(story.run), "a second time");
    // In another walk everybody is shown again.
    story.run.operations.back().request.cursor.reset();
    story.run.operations.back().response.users = everybody();
    EXPECT_EQ(check_listings(story.run).verdict, Verdict::valid);
}

TEST(Listings, ShowNobodyWhoWasNeverRegistered) {
    Story story = good_story();
    std::vector<ListedUser> users = everybody();
    users.push_back({"x", "x@example.com", "X", 1});
    story.lists({}, users, {});
    expect_invalid(check_listings(story.run), "shows user x, who was never registered");
    UserOperation& attempt = story.registers("x", "x@example.com", "X");
    expect_invalid(check_listings(story.run), "never registered");
    Story::loses_answer(attempt);
    EXPECT_EQ(check_listings(story.run).verdict, Verdict::valid);
}

}  // namespace
}  // namespace atlas::properties

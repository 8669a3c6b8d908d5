// What was acknowledged is there at the end.

#include "properties/invariants/story_fixture.hpp"

namespace atlas::properties {
namespace {

TEST(AcknowledgedWrites, ADeletionIsOne) {
    Story story = good_story();
    story.run.users->back().is_live = true;
    expect_invalid(check_acknowledged_writes(story.run), "is there again");
    expect_invalid(check_user_records(story.run), "deleted");
    story.run.users->back().is_live = false;
    story.run.users->back().version = 3;
    expect_invalid(check_acknowledged_writes(story.run), "holds what nobody wrote");
}

TEST(AcknowledgedWrites, OfADeletedUserNoPersonalDataAreLeft) {
    for (std::string UserRow::* const left :
         {&UserRow::email, &UserRow::email_folded, &UserRow::display_name}) {
        Story story = good_story();
        story.run.users->back().*left = "Eve";
        expect_invalid(check_acknowledged_writes(story.run), "is still in the table");
    }
}

TEST(AcknowledgedWrites, ADeletionWithoutAnAnswerMayHaveHappened) {
    Story story = good_story();
    Story::loses_answer(story.run.operations.back());
    EXPECT_EQ(check_acknowledged_writes(story.run).verdict, Verdict::valid);
    EXPECT_EQ(check_user_records(story.run).verdict, Verdict::valid);
    story.run.users->back() = {eve, "eve@example.com", "eve@example.com", "Eve", 1, true};
    EXPECT_EQ(check_acknowledged_writes(story.run).verdict, Verdict::valid);
    story.run.users->front().is_live = false;
    expect_invalid(check_acknowledged_writes(story.run), "holds what nobody wrote");
}

TEST(AcknowledgedWrites, AreMissedWhenAUserIsLost) {
    Story story = good_story();
    story.run.users->erase(story.run.users->begin());
    expect_invalid(check_acknowledged_writes(story.run), "is lost");
}

TEST(AcknowledgedWrites, AreMissedWhenAChangeIsLost) {
    Story story = good_story();
    (*story.run.users)[0].version = 1;
    (*story.run.users)[0].display_name = "Ann";
    expect_invalid(check_acknowledged_writes(story.run), "has lost an acknowledged write");
}

TEST(AcknowledgedWrites, AreMissedWhenTheNameIsAnother) {
    Story story = good_story();
    (*story.run.users)[0].display_name = "Zoe";
    expect_invalid(check_acknowledged_writes(story.run), "holds what nobody wrote");
}

TEST(AcknowledgedWrites, MayBeFollowedByThoseWithoutAnAnswer) {
    Story story = good_story();
    Story::loses_answer(story.patches(ann, "Third", 2));
    Story::loses_answer(story.patches(ann, "Fourth", 3));
    UserRow& row = story.run.users->front();
    const auto ends_as = [&](std::uint64_t version, std::string name) {
        row.version = version;
        row.display_name = std::move(name);
        return check_acknowledged_writes(story.run).verdict;
    };
    EXPECT_EQ(ends_as(2, "Anna"), Verdict::valid);
    EXPECT_EQ(ends_as(3, "Third"), Verdict::valid);
    EXPECT_EQ(ends_as(4, "Fourth"), Verdict::valid);
    EXPECT_EQ(ends_as(3, "Fourth"), Verdict::invalid);
    EXPECT_EQ(ends_as(5, "Fourth"), Verdict::invalid);
}

TEST(AcknowledgedWrites, LookIntoTheOriginOfUsers) {
    Story story = good_story();
    story.run.users->push_back({"x", "New@example.com", "new@example.com", "New", 1, true});
    expect_invalid(check_acknowledged_writes(story.run), "no registration");
    UserOperation& attempt = story.registers("x", "new@EXAMPLE.com", "New");
    Story::loses_answer(attempt);
    EXPECT_EQ(check_acknowledged_writes(story.run).verdict, Verdict::valid);
    attempt.outcome = EntryType::fail;
    expect_invalid(check_acknowledged_writes(story.run), "no registration");
}

TEST(AcknowledgedWrites, AreUnknownWithoutATable) {
    Story story = good_story();
    story.run.users.reset();
    EXPECT_EQ(check_acknowledged_writes(story.run).verdict, Verdict::unknown);
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::unknown);
}

}  // namespace
}  // namespace atlas::properties

// An e-mail is one user's at a time: what the table shows, and what clients were told.

#include "properties/invariants/story_fixture.hpp"

namespace atlas::properties {
namespace {

TEST(UniqueEmails, AreFoundViolatedInTheTable) {
    Story story = good_story();
    story.run.users->push_back({"x", "ANN@example.com", "ann@example.com", "X", 1, true});
    expect_invalid(check_unique_emails(story.run), "have one e-mail in the table");
    story.run.users->back().is_live = false;
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
}

TEST(UniqueEmails, AreFreeAgainAfterADeletion) {
    Story story = good_story();
    const std::size_t after_all = story.run.operations.back().end_line + 3;
    story.registers("x", "EVE@example.com", "Next");
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
    story.run.operations[story.run.operations.size() - 2].invoke_line = after_all;
    expect_invalid(check_unique_emails(story.run), "two users were given it");
}

TEST(UniqueEmails, AreFoundWronglyFolded) {
    Story story = good_story();
    story.run.users->front().email_folded = "Ann@example.com";
    expect_invalid(check_unique_emails(story.run), "but the table folds it to");
}

TEST(UniqueEmails, AreFoundViolatedByWhatClientsWereTold) {
    Story story = good_story();
    story.registers("x", "aNN@example.com", "X");
    expect_invalid(check_unique_emails(story.run), "are one e-mail, and two users");
}

TEST(UniqueEmails, AreNotFoldedBeyondAscii) {
    Story story = good_story();
    story.registers("x", "\u00e4@example.com", "X");
    story.registers("y", "\u00c4@example.com", "Y");
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
}

TEST(UniqueEmails, AreHeldFromOneChangeToTheNext) {
    Story story = good_story();
    story.registers("x", "BOB@example.com", "X");
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
    story.moves(ann, "BOBBY@example.com", "Anna B", 2);
    expect_invalid(check_unique_emails(story.run), "two users were given it");
    // The one before may have lost it first, by a request that was made for the version it had.
    UserOperation& away = story.moves(bob, "robert@example.com", "Robert", 3);
    Story::loses_answer(away);
    away.invoke_line = 1;
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
    away.request.if_match = 2;
    expect_invalid(check_unique_emails(story.run), "two users were given it");
}

TEST(UniqueEmails, AreNotHeldByAnAcknowledgementThatComesAfterTheirEnd) {
    Story story = good_story();
    const std::size_t late = story.run.operations.size();
    story.moves(ann, "shared@example.com", "Anna B", 2);
    story.moves(ann, "ann@example.org", "Anna B", 3);
    story.registers("x", "SHARED@example.com", "X");
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
    story.run.operations[late].end_line = 1000;
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
    // Nobody had asked for its end by then.
    story.run.operations[late + 1].invoke_line = 1001;
    expect_invalid(check_unique_emails(story.run), "two users were given it");
}

}  // namespace
}  // namespace atlas::properties
